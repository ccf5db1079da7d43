// SPDX-License-Identifier: Apache-2.0
// Fused activation functions on real numbers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/contracts/unary.h"

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

// The functions that are worth a choice of kernels.
struct GateFunctions {
  UnaryFn logistic = nullptr;
  UnaryFn tanh = nullptr;
};
GateFunctions choose_gate_functions(CpuFeatures cpu);

// Replaces each of n values, which fit an int32.
void activate(Activation activation, float* values, size_t n, const GateFunctions& f);
// The same by the portable functions.
void activate(Activation activation, float* values, size_t n);

// values[i] = 1 / (1 + exp(-values[i]))
void logistic(float* values, size_t n, const GateFunctions& f);

}  // namespace pipit
