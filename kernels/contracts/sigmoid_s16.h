// SPDX-License-Identifier: Apache-2.0
// Logistic function and hyperbolic tangent of int16 numbers, by one table with interpolation.
//
// The table holds the logistic function of i / 24 in units of 2^-16. Both functions are symmetric
// and tanh(x) = 2 * logistic(2x) - 1, so it serves both, and the argument's sign is taken away
// first.
#pragma once

#include <cstdint>

#include "kernels/contracts/unary.h"

namespace pipit {

struct SigmoidS16 {
  uint16_t table[256];
  // From the input to units of 2^-9 / 24 (logistic) or 2^-8 / 48 (tanh): round(x * multiplier
  // / 2^shift).
  int32_t multiplier;
  int32_t shift;
};

void fill_sigmoid_table(uint16_t* table);

// Kernels for Unary with SigmoidS16 constants; outputs are in units of 2^-15.
void logistic_s16(const Unary& r);
void tanh_s16(const Unary& r);

}  // namespace pipit
