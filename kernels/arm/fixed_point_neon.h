// SPDX-License-Identifier: Apache-2.0
// The fixed-point arithmetic of kernels/math/fixed_point.h on four numbers at a time, by one
// multiplier for all.
#pragma once

#include <arm_neon.h>

#include <cstdint>

namespace pipit {
namespace {

// x / 2^-shift for shifts of -31 to 0, halves away from zero. `vrshlq` rounds halves up; one less
// for negative numbers corrects that, unless nothing is shifted.
inline int32x4_t shift_right_away(int32x4_t x, int32x4_t shift) {
  return vrshlq_s32(vqaddq_s32(x, vshrq_n_s32(vandq_s32(x, shift), 31)), shift);
}

// A real multiplier of which all lanes are the same.
class MultiplierNeon {
 public:
  MultiplierNeon(int32_t multiplier, int32_t shift)
      : multiplier_(vdupq_n_s32(multiplier)),
        left_(vdupq_n_s32(shift > 0 ? shift : 0)),
        right_(vdupq_n_s32(shift > 0 ? 0 : shift)) {}

  int32x4_t operator()(int32x4_t x) const {
    return shift_right_away(vqrdmulhq_s32(vqshlq_s32(x, left_), multiplier_), right_);
  }

  // The same for negative shifts, in half of the instructions. A product by a multiplier above
  // -2^31 is never INT32_MIN, so that the correction cannot overflow.
  int32x4_t to_the_right(int32x4_t x) const {
    const int32x4_t high = vqrdmulhq_s32(x, multiplier_);
    return vrshlq_s32(vsraq_n_s32(high, high, 31), right_);
  }

  template <bool kRight>
  int32x4_t multiply(int32x4_t x) const {
    return kRight ? to_the_right(x) : (*this)(x);
  }

 private:
  int32x4_t multiplier_, left_, right_;
};

inline int16x8_t narrow(int32x4_t low, int32x4_t high) {
  return vcombine_s16(vqmovn_s32(low), vqmovn_s32(high));
}

// To sixteen outputs, with a zero point and limits that fit int8.
class OutputS8Neon {
 public:
  OutputS8Neon(int32_t zero_point, int32_t min, int32_t max)
      : zero_point_(vdupq_n_s16(static_cast<int16_t>(zero_point))),
        min_(vdupq_n_s8(static_cast<int8_t>(min))),
        max_(vdupq_n_s8(static_cast<int8_t>(max))) {}

  int8x16_t operator()(int16x8_t low, int16x8_t high) const {
    const int8x8_t a = vqmovn_s16(vqaddq_s16(low, zero_point_));
    const int8x8_t b = vqmovn_s16(vqaddq_s16(high, zero_point_));
    return vminq_s8(vmaxq_s8(vcombine_s8(a, b), min_), max_);
  }

 private:
  int16x8_t zero_point_;
  int8x16_t min_, max_;
};

}  // namespace
}  // namespace pipit
