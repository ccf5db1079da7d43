// SPDX-License-Identifier: Apache-2.0
// Transcendental functions in 32-bit fixed point, bit for bit those of TensorFlow Lite's reference
// kernels.
//
// "Qn" is a number with n bits before the point: the raw integer times 2^(n - 31).
#pragma once

#include <cstdint>

#include "kernels/math/fixed_exp.h"
#include "kernels/math/fixed_point.h"

namespace pipit {

// exp(a) for a <= 0 in Q`integer_bits` (0 to 5); Q0.
static inline int32_t exp_on_negative_values(int32_t a, int integer_bits) {
  return fixed::exp_of_negative(a, integer_bits);
}

// 1 / (1 + a) for a in [0, 1] in Q0; Q0.
static inline int32_t one_over_one_plus(int32_t a) {
  return fixed::shift_left(fixed::two_over_one_plus(a), 1);
}

// 1 / x for x > 0 in Q`integer_bits`, as a Q0 number in [1/2, 1] times 2^-*bits_over_unit.
static inline int32_t reciprocal(uint32_t x, int integer_bits, int* bits_over_unit) {
  const int headroom = __builtin_clz(x);
  *bits_over_unit = integer_bits - headroom;
  return one_over_one_plus(static_cast<int32_t>((x << headroom) - (1u << 31)));
}

// 1 / sqrt(x) for x >= 0 (0 counts as 1), as a Q0 number times 2^-*shift. Five steps of Newton and
// Raphson's iteration. y becomes y * (3/2 - x / 2 * y^2), with y in Q3 and x brought to [1/4, 1):
// what that takes is in *shift. The last product is with sqrt(1/2).
static inline int32_t inverse_root(int32_t x, int* shift) {
  constexpr int32_t kRootOfHalf = 1518500250;             // Q0
  constexpr int32_t kOneAndHalf = (1 << 28) + (1 << 27);  // Q3
  *shift = 0;
  if (x <= 1) return INT32_MAX;
  // x in [2^27, 2^29) by powers of 4.
  for (*shift = 11; x >= 1 << 29; ++*shift) x /= 4;
  const int pairs = (__builtin_clz(static_cast<uint32_t>(x)) - 1) / 2 - 1;
  *shift -= pairs;
  x <<= 2 * pairs;
  const int32_t half = rounding_shift_right(x >> 1, 1);
  int32_t y = 1 << 28;
  for (int i = 0; i < 5; ++i) {
    const int32_t y3 =
        saturating_shift_left(rounding_doubling_high_mul(rounding_doubling_high_mul(y, y), y), 6);
    y = saturating_shift_left(
        rounding_doubling_high_mul(kOneAndHalf, y) - rounding_doubling_high_mul(half, y3), 3);
  }
  y = rounding_doubling_high_mul(y, kRootOfHalf);
  if (*shift >= 0) return y;
  y = static_cast<int32_t>(static_cast<uint32_t>(y) << -*shift);
  *shift = 0;
  return y;
}

// log(x) for x >= 1 in Q12; Q5.
static inline int32_t log_of_q12(int32_t x) {
  constexpr int32_t kLog2 = 1488522236, kRootOfHalf = 1518500250, kFourthRootOfHalf = 1805811301;
  constexpr int32_t kQuarter = 1 << 23;  // Q6, as are the powers of 2 below
  // x = r * 2^power, r close to the fourth root of 1/2: of two ways to split, the one with the
  // smaller r.
  const int headroom = __builtin_clz(static_cast<uint32_t>(x));
  const int32_t r_a = saturating_shift_left(
      rounding_doubling_high_mul(saturating_shift_left(x, headroom - 1), kRootOfHalf), 1);
  const int32_t power_a = saturating_shift_left(12 - headroom, 25) + kQuarter;
  const int headroom_b =
      __builtin_clz(static_cast<uint32_t>(rounding_doubling_high_mul(x, kRootOfHalf))) - 1;
  const int32_t r_b = saturating_shift_left(x, headroom_b);
  const int32_t power_b = saturating_shift_left(12 - headroom_b, 25) - kQuarter;
  const int32_t r = r_a < r_b ? r_a : r_b;
  const int32_t power = power_a > power_b ? power_a : power_b;
  // The logarithm of r as a rational function of q = 2 * (r - the root).
  constexpr int32_t kN = 117049297, kD = 127690142, kI = 1057819769, kF = 638450708;
  const auto mul = rounding_doubling_high_mul;
  const auto p = static_cast<int32_t>((int64_t{r} + kFourthRootOfHalf + 1) / 2);
  const int32_t q = 2 * (r - kFourthRootOfHalf);
  const int32_t q2 = mul(q, q);
  const int32_t numerator = mul(q, r) + mul(mul(q, q2), kN);
  const int32_t denominator = mul(p, kI + q + mul(kD, q2)) + mul(kF, q);
  const int32_t quotient = mul(rounding_shift_right(numerator, 6), one_over_one_plus(denominator));
  return saturating_shift_left(mul(power, kLog2) + quotient, 1);
}

}  // namespace pipit
