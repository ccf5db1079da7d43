// SPDX-License-Identifier: Apache-2.0
// Fixed-point arithmetic with the roundings of TensorFlow Lite's reference kernels.
//
// A real multiplier is given as (multiplier, shift): multiplier * 2^(shift - 31).
#pragma once

#include <cstdint>

namespace pipit {

// round(a * b / 2^31), halves upwards; the one product that does not fit saturates.
static inline int32_t rounding_doubling_high_mul(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  const int64_t product = static_cast<int64_t>(a) * b;
  // Division truncates towards zero, so the nudge has the sign of the product.
  return static_cast<int32_t>((product + (product >= 0 ? 1 << 30 : 1 - (1 << 30))) /
                              (int64_t{1} << 31));
}

// round(a * b / 2^15) for numbers of 16 bits.
static inline int32_t rounding_doubling_high_mul_s16(int32_t a, int32_t b) {
  const int32_t product = a * b;
  const int32_t rounded = (product + (product >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15);
  return rounded > INT16_MAX ? INT16_MAX : rounded;
}

// round(x / 2^exponent), halves away from zero. 0 <= exponent <= 31.
static inline int32_t rounding_shift_right(int32_t x, int exponent) {
  const int32_t mask = static_cast<int32_t>((int64_t{1} << exponent) - 1);
  const int32_t remainder = x & mask;
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

// x * 2^left, saturated. 0 <= left <= 31.
static inline int32_t saturating_shift_left(int32_t x, int left) {
  const int64_t y = static_cast<int64_t>(x) * (int64_t{1} << left);
  return static_cast<int32_t>(y < INT32_MIN ? INT32_MIN : (y > INT32_MAX ? INT32_MAX : y));
}

// x * multiplier * 2^(shift - 31), rounded twice; a left shift saturates. -31 <= shift <= 31. One
// rounding would often give another last bit, and the reference has two: gemmlowp's product of the
// upper halves, and then its shift.
static inline int32_t multiply(int32_t x, int32_t multiplier, int32_t shift) {
  const int left = shift > 0 ? shift : 0;
  const int right = shift > 0 ? 0 : -shift;
  return rounding_shift_right(
      rounding_doubling_high_mul(saturating_shift_left(x, left), multiplier), right);
}

// The same for 64-bit sums of 16-bit activations: the multiplier is reduced to 16 bits and the
// result rounded once. -31 <= shift < 15; wraps unless |x| < 2^47.
static inline int32_t multiply(int64_t x, int32_t multiplier, int32_t shift) {
  const int32_t reduced = multiplier < 0x7FFF0000 ? (multiplier + (1 << 15)) >> 16 : 0x7FFF;
  const int total = 15 - shift;
  const uint64_t product = static_cast<uint64_t>(x) * static_cast<uint64_t>(int64_t{reduced});
  return static_cast<int32_t>(static_cast<int64_t>(product + (uint64_t{1} << (total - 1))) >>
                              total);
}

static inline int32_t clamp(int32_t x, int32_t low, int32_t high) {
  return x < low ? low : (x > high ? high : x);
}

// clamp(zero_point + x * multiplier * 2^(shift - 31), low, high), without overflow.
static inline int32_t requantize(int32_t x, int32_t multiplier, int32_t shift, int32_t zero_point,
                                 int32_t low, int32_t high) {
  const int64_t y = int64_t{multiply(x, multiplier, shift)} + zero_point;
  return static_cast<int32_t>(y < low ? low : (y > high ? high : y));
}

}  // namespace pipit
