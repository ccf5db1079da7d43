// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/activate.h"

namespace pipit {
namespace {

void limit(float* values, size_t n, float min, float max) {
  for (size_t i = 0; i < n; ++i) {
    const float low = values[i] > min ? values[i] : min;
    values[i] = low < max ? low : max;
  }
}

}  // namespace

void activate(Activation activation, float* values, size_t n) {
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
      for (size_t i = 0; i < n; ++i) values[i] = std::tanh(values[i]);
      return;
    case Activation::kSignBit:
      for (size_t i = 0; i < n; ++i) values[i] = std::signbit(values[i]) ? 1 : 0;
      return;
  }
}

void logistic(float* values, size_t n) {
  for (size_t i = 0; i < n; ++i) values[i] = 1 / (1 + std::exp(-values[i]));
}

}  // namespace pipit
