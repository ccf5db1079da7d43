// SPDX-License-Identifier: Apache-2.0
// What operators over the last dimension share (SOFTMAX, LOG_SOFTMAX, L2_NORMALIZATION).
#pragma once

#include "kernels/ops/common.h"

namespace pipit {

// Input 0 as a matrix.
struct Rows {
  int32_t count = 0;
  int32_t depth = 0;
};

// Fails for a scalar.
Status find_rows(const Prepare& p, Rows* rows);

// exp(-d * scale) for differences d of quantized numbers, in fixed point. TensorFlow Lite's
// fixed-point softmax has the differences as numbers with 5 bits before the point: below -32 an
// exponential is far less than a unit of any result.
struct ExpTable {
  int32_t multiplier = 0;  // to Q5, with the shift to the left
  int32_t shift = 0;
  int32_t largest = 0;  // differences above count as infinite
};

// `scale` as a number above 2^-26; false otherwise.
bool find_exp_table(double scale, ExpTable* t);
// The exponential for a difference d >= 0; Q0.
int32_t exp_entry(const ExpTable& t, int32_t d);

}  // namespace pipit
