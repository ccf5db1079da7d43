// SPDX-License-Identifier: Apache-2.0
// The reciprocal square root of an integer as a fixed-point multiplier.
#pragma once

#include <cstdint>

#include "kernels/fixed_exp.h"

namespace pipit {

// 1 / sqrt(x) = *multiplier * 2^(*shift - 31), for TensorFlow Lite's own five steps of Newton's
// iteration. Numbers below 2 give the largest multiplier.
static inline void inverse_sqrt(int32_t x, int32_t* multiplier, int32_t* shift) {
  *multiplier = INT32_MAX;
  *shift = 0;
  if (x <= 1) return;
  int32_t right = 11;
  for (; x >= 1 << 29; x /= 4) ++right;
  const int pairs = (__builtin_clz(static_cast<unsigned>(x)) - 1) / 2 - 1;
  right -= pairs;
  x <<= 2 * pairs;
  // Three integer bits.
  const int32_t half = fixed::shift_right(x >> 1, 1);
  const int32_t three_halves = (1 << 28) + (1 << 27);
  int32_t y = 1 << 28;
  for (int i = 0; i < 5; ++i) {
    const int32_t cube = fixed::shift_left(fixed::multiply(fixed::multiply(y, y), y), 6);
    y = fixed::shift_left(
        fixed::add(fixed::multiply(three_halves, y), fixed::negate(fixed::multiply(half, cube))),
        3);
  }
  y = fixed::multiply(y, int32_t{1518500250});  // sqrt(1/2)
  if (right < 0) {
    y <<= -right;
    right = 0;
  }
  *multiplier = y;
  *shift = -right;
}

}  // namespace pipit
