// SPDX-License-Identifier: Apache-2.0
// logistic and tanh of kernels/math/fixed_exp.h on eight int16 numbers at a time. About 60
// instructions each, in one long chain of dependent products: two of them should run side by side.
#pragma once

#include <arm_neon.h>

#include "kernels/arm/wrapping_neon.h"
#include "kernels/math/fixed_exp.h"

namespace pipit {
namespace {

inline int16x8_t constant_neon(int32_t raw32) {
  return vdupq_n_s16(fixed::constant<int16_t>(raw32));
}

// x / 2^by for x >= 0, which needs no other rounding than the instruction's own.
template <int by>
[[gnu::always_inline]] inline int16x8_t shift_right_positive(int16x8_t x) {
  return vrshrq_n_s16(x, by);
}

// exp(a), -1/4 <= a < 0, no integer bits. The sum of the tail is positive, as x^2 outweighs x^3
// / 3.
[[gnu::always_inline]] inline int16x8_t exp_on_last_quarter_neon(int16x8_t a) {
  const int16x8_t middle = constant_neon(1895147668);  // exp(-1/8)
  const int16x8_t third = constant_neon(715827883);
  const int16x8_t x = wrapping_add(a, vdupq_n_s16(1 << 12));
  const int16x8_t x2 = vqrdmulhq_s16(x, x);
  const int16x8_t x3 = vqrdmulhq_s16(x2, x);
  const int16x8_t x4 = vqrdmulhq_s16(x2, x2);
  const int16x8_t higher = vqrdmulhq_s16(wrapping_add(shift_right_positive<2>(x4), x3), third);
  const int16x8_t tail = shift_right_positive<1>(wrapping_add(higher, x2));
  return vqaddq_s16(middle, vqrdmulhq_s16(middle, wrapping_add(x, tail)));
}

// exp(a) for a < 0 (for 0 the result is of no use), which has `integer_bits` up to 7.
class ExpOfNegativeNeon {
 public:
  explicit ExpOfNegativeNeon(int integer_bits)
      : up_(vdupq_n_s16(static_cast<int16_t>(integer_bits))),
        to_quarters_(vdupq_n_s16(static_cast<int16_t>(integer_bits - 13))),
        quarter_(vdupq_n_s16(static_cast<int16_t>(1 << (13 - integer_bits)))),
        lowest_(vdupq_n_s16(
            static_cast<int16_t>(integer_bits > 5 ? -(32 << (15 - integer_bits)) : INT16_MIN))) {}

  // With fewer integer bits the bits of the larger factors are never set.
  [[gnu::always_inline]] int16x8_t operator()(int16x8_t a) const {
    const int16x8_t low = vandq_s16(a, wrapping_subtract(quarter_, vdupq_n_s16(1)));
    const int16x8_t rest = wrapping_subtract(low, quarter_);
    const int16x8_t quarters = vshlq_s16(wrapping_subtract(rest, a), to_quarters_);
    // The factors of the bits are exp(-1/4), exp(-1/2), exp(-1), ... exp(-16).
    int16x8_t result = exp_on_last_quarter_neon(vshlq_s16(rest, up_));
    result = times<0>(result, quarters, 1672461947);
    result = times<1>(result, quarters, 1302514674);
    result = times<2>(result, quarters, 790015084);
    result = times<3>(result, quarters, 290630308);
    result = times<4>(result, quarters, 39332535);
    result = times<5>(result, quarters, 720401);
    result = times<6>(result, quarters, 242);
    return vandq_s16(result, vreinterpretq_s16_u16(vcgeq_s16(a, lowest_)));
  }

 private:
  // result * factor where the bit is set.
  template <int bit>
  [[gnu::always_inline]] static int16x8_t times(int16x8_t result, int16x8_t quarters,
                                                int32_t factor) {
    const uint16x8_t set = vtstq_s16(quarters, vdupq_n_s16(1 << bit));
    return vbslq_s16(set, vqrdmulhq_s16(result, constant_neon(factor)), result);
  }

  int16x8_t up_, to_quarters_, quarter_, lowest_;
};

// 2 / (1 + a) with two integer bits, 0 <= a <= 1 without.
[[gnu::always_inline]] inline int16x8_t two_over_one_plus_neon(int16x8_t a) {
  const int16x8_t half = vrhaddq_s16(a, vdupq_n_s16(INT16_MAX));
  const int16x8_t one = vdupq_n_s16(1 << 13);
  int16x8_t x =
      wrapping_add(constant_neon(1515870810), vqrdmulhq_s16(half, constant_neon(-1010580540)));
  for (int i = 0; i < 3; ++i) {
    const int16x8_t error = wrapping_subtract(one, vqrdmulhq_s16(half, x));
    x = wrapping_add(x, vqshlq_n_s16(vqrdmulhq_s16(x, error), 2));
  }
  return x;
}

[[gnu::always_inline]] inline int16x8_t logistic_neon(const ExpOfNegativeNeon& exp, int16x8_t a) {
  const int16x8_t zero = vdupq_n_s16(0);
  const int16x8_t below = vminq_s16(a, wrapping_negate(a));
  const int16x8_t positive = vqshlq_n_s16(two_over_one_plus_neon(exp(below)), 1);
  const int16x8_t negative = wrapping_subtract(vdupq_n_s16(INT16_MAX), positive);
  const int16x8_t result = vbslq_s16(vcgtq_s16(a, zero), positive, negative);
  return vbslq_s16(vceqq_s16(a, zero), vdupq_n_s16(1 << 14), result);
}

// `exp` has one integer bit more than `a`.
[[gnu::always_inline]] inline int16x8_t tanh_neon(const ExpOfNegativeNeon& exp, int16x8_t a) {
  const int16x8_t zero = vdupq_n_s16(0);
  const int16x8_t x = two_over_one_plus_neon(exp(vminq_s16(a, wrapping_negate(a))));
  const int16x8_t magnitude = vqshlq_n_s16(wrapping_subtract(x, vdupq_n_s16(1 << 13)), 2);
  const int16x8_t result = vbslq_s16(vcltq_s16(a, zero), wrapping_negate(magnitude), magnitude);
  return vbicq_s16(result, vreinterpretq_s16_u16(vceqq_s16(a, zero)));
}

}  // namespace
}  // namespace pipit
