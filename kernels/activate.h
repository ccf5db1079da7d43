// SPDX-License-Identifier: Apache-2.0
// Fused activation functions on real numbers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pipit {

// The values are those of the file.
enum class Activation : uint8_t {
  kNone = 0,
  kRelu = 1,
  kReluN1To1 = 2,
  kRelu6 = 3,
  kTanh = 4,
  kSignBit = 5,
};

// Replaces each of n values.
void activate(Activation activation, float* values, size_t n);

// values[i] = 1 / (1 + exp(-values[i]))
void logistic(float* values, size_t n);

}  // namespace pipit
