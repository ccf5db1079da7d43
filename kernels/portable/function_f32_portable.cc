// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/contracts/function_f32.h"
#include "kernels/math/real.h"

namespace pipit {

void abs_f32_portable(const Unary& r) {
  each<float, float>(r, [](float x) { return std::abs(x); });
}

void neg_f32_portable(const Unary& r) {
  each<float, float>(r, [](float x) { return -x; });
}

void square_f32_portable(const Unary& r) {
  each<float, float>(r, [](float x) { return x * x; });
}

void exp_f32_portable(const Unary& r) {
  each<float, float>(r, [](float x) { return real::exp(x); });
}

void sqrt_f32_portable(const Unary& r) {
  each<float, float>(r, [](float x) { return std::sqrt(x); });
}

void rsqrt_f32_portable(const Unary& r) {
  each<float, float>(r, [](float x) { return 1.0f / std::sqrt(x); });
}

void floor_f32_portable(const Unary& r) {
  each<float, float>(r, [](float x) { return real::floor(x); });
}

void ceil_f32_portable(const Unary& r) {
  each<float, float>(r, [](float x) { return real::ceil(x); });
}

void round_f32_portable(const Unary& r) {
  each<float, float>(r, [](float x) { return std::rint(x); });
}

}  // namespace pipit
