// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/contracts/activate.h"
#include "kernels/contracts/activation_f32.h"
#include "kernels/contracts/variant.h"

namespace pipit {
namespace {

// What is not a number becomes the lower limit: comparisons in this order are those of TensorFlow
// Lite.
void limit(float* values, size_t n, float min, float max) {
  for (size_t i = 0; i < n; ++i) {
    const float low = values[i] > min ? values[i] : min;
    values[i] = low < max ? low : max;
  }
}

void replace(float* values, size_t n, UnaryFn f) {
  f({.in = values, .out = values, .n = static_cast<int32_t>(n)});
}

}  // namespace

GateFunctions choose_gate_functions(CpuFeatures cpu) {
  return {choose(logistic_f32_variants(), cpu).run, choose(tanh_f32_variants(), cpu).run};
}

void activate(Activation activation, float* values, size_t n) {
  activate(activation, values, n, {logistic_f32_portable, tanh_f32_portable});
}

void activate(Activation activation, float* values, size_t n, const GateFunctions& f) {
  switch (activation) {
    case Activation::kNone:
      return;
    case Activation::kRelu:
      return limit(values, n, 0, INFINITY);
    case Activation::kReluN1To1:
      return limit(values, n, -1, 1);
    case Activation::kRelu6:
      return limit(values, n, 0, 6);
    case Activation::kTanh:
      return replace(values, n, f.tanh);
    case Activation::kSignBit:
      for (size_t i = 0; i < n; ++i) values[i] = std::signbit(values[i]) ? 1 : 0;
      return;
  }
}

void logistic(float* values, size_t n, const GateFunctions& f) { replace(values, n, f.logistic); }

}  // namespace pipit
