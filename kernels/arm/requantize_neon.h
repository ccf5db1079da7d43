// SPDX-License-Identifier: Apache-2.0
// Requantization of four sums at a time, with the roundings of kernels/fixed_point.h.
#pragma once

#include <arm_neon.h>

#include <cstring>

#include "kernels/arm/unroll.h"
#include "kernels/conv.h"

namespace pipit {
namespace {

// What a run of output channels needs that does not change from channel to channel.
struct RequantizeNeon {
  int16x8_t zero_point;
  int8x16_t min, max;
};

inline RequantizeNeon load_requantize(const Requantize& q) {
  return {vdupq_n_s16(static_cast<int16_t>(q.zero_point)), vdupq_n_s8(static_cast<int8_t>(q.min)),
          vdupq_n_s8(static_cast<int8_t>(q.max))};
}

// Whether eight shifts all go to the right, by at least one bit: the usual case, and three
// instructions shorter.
inline bool all_right(int32x4_t low, int32x4_t high) {
  const int32x4_t most = vmaxq_s32(low, high);
  const int32x2_t two = vmax_s32(vget_low_s32(most), vget_high_s32(most));
  return vget_lane_s32(vpmax_s32(two, two), 0) < 0;
}

// The high product, plus `sign`, which is -1 for negative sums and else zero.
inline int32x4_t high_plus_sign(int32x4_t sum, int32x4_t multiplier, int32x4_t sign) {
#ifdef __ARM_FEATURE_QRDMX
  return vqrdmlahq_s32(sign, sum, multiplier);
#else
  return vaddq_s32(vqrdmulhq_s32(sum, multiplier), sign);
#endif
}

// A comparison, since it runs on either pipe of the larger cores, and a shift on one only.
inline int32x4_t sign_of(int32x4_t v) {
  return vreinterpretq_s32_u32(vcltq_s32(v, vdupq_n_s32(0)));
}

// sum * multiplier * 2^(shift - 31). `vrshlq` rounds halves up; subtracting one from a negative
// number first makes that "away from zero". (Where the high product of a negative sum is zero all
// the same, that one is lost in the shift.) The high product is never INT32_MIN, because the
// multiplier is below 2^31.
template <bool kRight>
[[gnu::always_inline]] inline int32x4_t scale(int32x4_t sum, int32x4_t multiplier,
                                              int32x4_t shift) {
  if (kRight) return vrshlq_s32(high_plus_sign(sum, multiplier, sign_of(sum)), shift);
  const int32x4_t zero = vdupq_n_s32(0);
  const int32x4_t right = vminq_s32(shift, zero), left = vmaxq_s32(shift, zero);
  const int32x4_t sign = sign_of(vandq_s32(sum, right));
  return vrshlq_s32(high_plus_sign(vqshlq_s32(sum, left), multiplier, sign), right);
}

// The upper eight bytes. The lane store saves a move, but 32-bit code would want it aligned.
inline void store_high(uint8_t* to, uint8x16_t v) {
#if PIPIT_ARM64
  vst1q_lane_u64(reinterpret_cast<uint64_t*>(to), vreinterpretq_u64_u8(v), 1);
#else
  vst1_u8(to, vget_high_u8(v));
#endif
}

// The first `channels` of eight results.
inline void store_some(uint8_t* to, const uint8_t* results, int32_t channels) {
  if (channels == 8) return vst1_u8(to, vld1_u8(results));
  std::memcpy(to, results, static_cast<size_t>(channels));
}

// Sixteen scaled sums to outputs.
inline int8x16_t narrow(const RequantizeNeon& q, int32x4_t a, int32x4_t b, int32x4_t c,
                        int32x4_t d) {
  const int16x8_t low = vqaddq_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)), q.zero_point);
  const int16x8_t high = vqaddq_s16(vcombine_s16(vqmovn_s32(c), vqmovn_s32(d)), q.zero_point);
  const int8x16_t x = vcombine_s8(vqmovn_s16(low), vqmovn_s16(high));
  return vminq_s8(vmaxq_s8(x, q.min), q.max);
}

// The same for n positions of eight channels, each kind of instruction many times in a row.
template <bool kRight, int n>
[[gnu::always_inline]] inline void scale_all(int32x4_t (&y)[n][2], const int32x4_t (&multiplier)[2],
                                             const int32x4_t (&shift)[2]) {
  const auto each = [&](auto f) [[gnu::always_inline]] {
    unroll<2 * n>([&](auto i) [[gnu::always_inline]] { f(y[i / 2][i % 2], i % 2); });
  };
#ifdef __ARM_FEATURE_QRDMX
  constexpr bool kAtOnce = true;
#else
  constexpr bool kAtOnce = !kRight;
#endif
  if constexpr (kAtOnce) {
    unroll<2 * n>([&](auto i) [[gnu::always_inline]] {
      y[i / 2][i % 2] = scale<kRight>(y[i / 2][i % 2], multiplier[i % 2], shift[i % 2]);
    });
    return;
  }
  each([&](int32x4_t& v, int h) [[gnu::always_inline]] { v = vqrdmulhq_s32(v, multiplier[h]); });
  each([&](int32x4_t& v, int) [[gnu::always_inline]] { v = vsraq_n_s32(v, v, 31); });
  each([&](int32x4_t& v, int h) [[gnu::always_inline]] { v = vrshlq_s32(v, shift[h]); });
}

// Two vectors to one of half the width. gcc would compute the upper half of a 32-bit vector
// elsewhere and move it.
[[gnu::always_inline]] inline int16x8_t narrow_pair(int32x4_t low, int32x4_t high) {
#if PIPIT_ARM64
  return vqmovn_high_s32(vqmovn_s32(low), high);
#else
  int16x8_t pair;
  asm("vqmovn.s32 %e0, %q1\n\tvqmovn.s32 %f0, %q2" : "=&w"(pair) : "w"(low), "w"(high));
  return pair;
#endif
}
[[gnu::always_inline]] inline int8x16_t narrow_pair(int16x8_t low, int16x8_t high) {
#if PIPIT_ARM64
  return vqmovn_high_s16(vqmovn_s16(low), high);
#else
  int8x16_t pair;
  asm("vqmovn.s16 %e0, %q1\n\tvqmovn.s16 %f0, %q2" : "=&w"(pair) : "w"(low), "w"(high));
  return pair;
#endif
}

// Two positions in each result.
template <int n>
[[gnu::always_inline]] inline void narrow_all(const RequantizeNeon& q, const int32x4_t (&y)[n][2],
                                              int8x16_t (&out)[n / 2]) {
  int16x8_t wide[n];
#if PIPIT_ARM64
  unroll<n>([&](auto m) [[gnu::always_inline]] {
    wide[m] = vcombine_s16(vqmovn_s32(y[m][0]), vdup_n_s16(0));
  });
  unroll<n>([&](auto m) [[gnu::always_inline]] {
    wide[m] = vcombine_s16(vget_low_s16(wide[m]), vqmovn_s32(y[m][1]));
  });
#else
  unroll<n>([&](auto m) [[gnu::always_inline]] { wide[m] = narrow_pair(y[m][0], y[m][1]); });
#endif
  unroll<n>([&](auto m) [[gnu::always_inline]] { wide[m] = vqaddq_s16(wide[m], q.zero_point); });
  unroll<n / 2>([&](auto m)
                    [[gnu::always_inline]] { out[m] = narrow_pair(wide[2 * m], wide[2 * m + 1]); });
  unroll<n / 2>([&](auto m) [[gnu::always_inline]] { out[m] = vmaxq_s8(out[m], q.min); });
  unroll<n / 2>([&](auto m) [[gnu::always_inline]] { out[m] = vminq_s8(out[m], q.max); });
}

}  // namespace
}  // namespace pipit
