// SPDX-License-Identifier: Apache-2.0
// Requantization of four sums at a time, with the roundings of kernels/fixed_point.h.
#pragma once

#include <arm_neon.h>

#include "kernels/conv.h"

namespace pipit {
namespace {

// What a run of output channels needs that does not change from channel to channel.
struct RequantizeNeon {
  int16x8_t zero_point;
  int8x16_t min, max;
  // All shifts go to the right, by at least one bit: the usual case, and three instructions
  // shorter.
  bool right;
};

inline RequantizeNeon load_requantize(const Requantize& q, int32_t channels) {
  bool right = true;
  for (int32_t c = 0; c < channels; ++c) right &= q.shift[c] < 0;
  return {vdupq_n_s16(static_cast<int16_t>(q.zero_point)), vdupq_n_s8(static_cast<int8_t>(q.min)),
          vdupq_n_s8(static_cast<int8_t>(q.max)), right};
}

// sum * multiplier * 2^(shift - 31). `vrshlq` rounds halves up; subtracting one from a negative
// number first makes that "away from zero". The high product is never INT32_MIN, because the
// multiplier is below 2^31.
template <bool kRight>
inline int32x4_t scale(int32x4_t sum, int32x4_t multiplier, int32x4_t shift) {
  if (kRight) {
    const int32x4_t high = vqrdmulhq_s32(sum, multiplier);
    return vrshlq_s32(vsraq_n_s32(high, high, 31), shift);
  }
  const int32x4_t zero = vdupq_n_s32(0);
  const int32x4_t right = vminq_s32(shift, zero);
  const int32x4_t high = vqrdmulhq_s32(vshlq_s32(sum, vmaxq_s32(shift, zero)), multiplier);
  return vrshlq_s32(vaddq_s32(high, vshrq_n_s32(vandq_s32(high, right), 31)), right);
}

// Sixteen scaled sums to outputs.
inline int8x16_t narrow(const RequantizeNeon& q, int32x4_t a, int32x4_t b, int32x4_t c,
                        int32x4_t d) {
  const int16x8_t low = vqaddq_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)), q.zero_point);
  const int16x8_t high = vqaddq_s16(vcombine_s16(vqmovn_s32(c), vqmovn_s32(d)), q.zero_point);
  const int8x16_t x = vcombine_s8(vqmovn_s16(low), vqmovn_s16(high));
  return vminq_s8(vmaxq_s8(x, q.min), q.max);
}

}  // namespace
}  // namespace pipit
