// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/contracts/activation_f32.h"
#include "kernels/math/real.h"

namespace pipit {

void clamp_f32_portable(const Unary& r) {
  each<float, float>(r, *static_cast<const Clamp<float>*>(r.constants));
}

void leaky_relu_f32_portable(const Unary& r) {
  const float slope = *static_cast<const float*>(r.constants);
  each<float, float>(r, [&](float x) { return x > 0 ? x : x * slope; });
}

void hard_swish_f32_portable(const Unary& r) {
  each<float, float>(r, [](float x) {
    // A comparison with a NaN is false, which makes the gate 0 here; times x, the result is one
    // again.
    const float gate = 0.0f < x + 3 ? x + 3 : 0.0f;
    return x * (gate < 6.0f ? gate : 6.0f) / 6;
  });
}

void logistic_f32_portable(const Unary& r) {
  each<float, float>(r, [](float x) { return real::logistic(x); });
}

void tanh_f32_portable(const Unary& r) {
  each<float, float>(r, [](float x) { return real::tanh(x); });
}

void elu_f32_portable(const Unary& r) {
  each<float, float>(r, [](float x) { return x < 0 ? real::expm1(x) : x; });
}

// By the complement, which keeps its digits where x is far below zero.
void gelu_f32_portable(const Unary& r) {
  constexpr float kRootOfHalf = 0.70710678118654752440f;
  each<float, float>(r, [](float x) { return 0.5f * x * real::erfc(x * -kRootOfHalf); });
}

void gelu_by_tanh_f32_portable(const Unary& r) {
  constexpr float kRootOf2OverPi = 0.79788456080286535588f, kCubicPart = 0.044715f;
  each<float, float>(r, [](float x) {
    return 0.5f * x * (1.0f + real::tanh(kRootOf2OverPi * (x + kCubicPart * x * x * x)));
  });
}

}  // namespace pipit
