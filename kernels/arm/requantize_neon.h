// SPDX-License-Identifier: Apache-2.0
// Requantization of four sums at a time, with the roundings of kernels/math/fixed_point.h.
#pragma once

#include <arm_neon.h>

#include <cstring>

#include "kernels/arm/unroll.h"
#include "kernels/arm/wrapping_neon.h"
#include "kernels/contracts/conv.h"

namespace pipit {
namespace {

// The limits of results, which are those of int8 or within.
struct RequantizeNeon {
  int16x8_t zero_point;
  int8x16_t min, max;
  int32_t zero;
  bool full;  // the limits are those of int8: saturation is all that clamps
};

// The same for results as int8, whose top bit is flipped later: by `flip`, which is 128 or 0.
inline Requantize flipped(Requantize q, int32_t flip) {
  q.zero_point -= flip;
  q.min -= flip;
  q.max -= flip;
  return q;
}

inline RequantizeNeon load_requantize(const Requantize& q) {
  return {vdupq_n_s16(static_cast<int16_t>(q.zero_point)), vdupq_n_s8(static_cast<int8_t>(q.min)),
          vdupq_n_s8(static_cast<int8_t>(q.max)), q.zero_point,
          q.min == INT8_MIN && q.max == INT8_MAX};
}

// What can be known of a group of eight channels, and saves instructions. With h for the high
// product, the portable result of a shift to the right is, before it is clamped,
//   zero_point + floor((h + 2^(right - 1)) / 2^right)            where h >= 0
//   zero_point + floor((h - 1 + 2^(right - 1)) / 2^right)        where h < 0: halves go away from 0
// Instructions round halves up, the first line. So each form takes one from negative numbers, but
// kRelu: there a negative h gives the zero point or less by either line, and less is clamped to it.
enum class Form : uint8_t {
  kAny,
  kFar,    // all shifts go to the right, by at least one bit
  kRight,  // and by at most kMostRight, and RequantizeNeon::full
  kRelu,   // besides, nothing is below the zero point
};

// Of eight channels. For Form::kRight and Form::kRelu, a result is the top byte of
//   saturate((addend + sum * multiplier * 2^-31) * 2^left)
// where 64-bit code computes it. With h for the product, right = 24 - left and addend =
// (zero_point + 1/2) * 2^right, that byte is the floor of the whole over 2^24:
//   floor((h + 2^(right - 1)) / 2^right) + zero_point
// The shift saturates where that is outside of int8, so the limits have to be those. A sum that
// saturates before has a result of 2^31 / 2^24 = 128 or more, up or down, which saturates, too.
struct Scaling {
  int32x4_t multiplier[2], shift[2];
#if PIPIT_ARM64
  int32x4_t addend[2], left[2];
#endif
  Form form;
};

#if PIPIT_ARM64
constexpr int32_t kMostRight = 24;  // addends are at most 255 * 2^23, and `left` is not negative
#else
constexpr int32_t kMostRight = 31;
#endif

// Of eight shifts, in the bytes of a number.
inline Form form_of(uint64_t shifts, const RequantizeNeon& q) {
  constexpr uint64_t kEach = 0x0101010101010101, kTop = kEach * 0x80;
  if ((~shifts & kTop) != 0) return Form::kAny;
  // ~shift is the number of bits to the right less one: no sum carries.
  const bool far = ((~shifts + kEach * (0x80 - kMostRight)) & kTop) != 0;
  if (far || !q.full) return Form::kFar;
  return q.zero == INT8_MIN ? Form::kRelu : Form::kRight;
}

inline Scaling load_whole_scaling(const int32_t* multiplier, const int8_t* shift,
                                  const RequantizeNeon& q) {
  uint64_t shifts;
  std::memcpy(&shifts, shift, sizeof(shifts));
  const int16x8_t wide = vmovl_s8(vld1_s8(shift));
  Scaling s;
  s.multiplier[0] = vld1q_s32(multiplier);
  s.multiplier[1] = vld1q_s32(multiplier + 4);
  s.shift[0] = vmovl_s16(vget_low_s16(wide));
  s.shift[1] = vmovl_s16(vget_high_s16(wide));
  s.form = form_of(shifts, q);
#if PIPIT_ARM64
  for (int half = 0; half < 2; ++half) {
    // (zero point + 1/2) * 2^right
    const int32x4_t right = wrapping_negate(s.shift[half]), one = vdupq_n_s32(1);
    s.addend[half] = vshlq_s32(vdupq_n_s32(2 * q.zero + 1), wrapping_subtract(right, one));
    s.left[half] = wrapping_subtract(vdupq_n_s32(24), right);
  }
#endif
  return s;
}

[[gnu::noinline]] inline Scaling load_part_of_scaling(const int32_t* multiplier,
                                                      const int8_t* shift, int32_t n,
                                                      const RequantizeNeon& q) {
  int32_t some[8] = {};
  int8_t some_shifts[8] = {};
  std::memcpy(some, multiplier, static_cast<size_t>(n) * sizeof(int32_t));
  std::memcpy(some_shifts, shift, static_cast<size_t>(n));
  return load_whole_scaling(some, some_shifts, q);
}

// The first n of eight channels exist; the others get zeros, which are no shifts to the right: then
// the form is kAny, with which code for any number of channels goes on.
inline Scaling load_scaling(const int32_t* multiplier, const int8_t* shift, int32_t n,
                            const RequantizeNeon& q) {
  return n < 8 ? load_part_of_scaling(multiplier, shift, n, q)
               : load_whole_scaling(multiplier, shift, q);
}

// The high product, plus `sign`, which is -1 for negative sums and else zero.
inline int32x4_t high_plus_sign(int32x4_t sum, int32x4_t multiplier, int32x4_t sign) {
#ifdef __ARM_FEATURE_QRDMX
  return vqrdmlahq_s32(sign, sum, multiplier);
#else
  return wrapping_add(vqrdmulhq_s32(sum, multiplier), sign);
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
  // Both negative: without a shift to the right nothing is rounded a second time.
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

// Sixteen scaled sums to outputs. What saturates at 16 bits is outside of int8 with
// any zero point, which is an int8 itself.
inline int8x16_t narrow(const RequantizeNeon& q, int32x4_t a, int32x4_t b, int32x4_t c,
                        int32x4_t d) {
  const int16x8_t low = vqaddq_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)), q.zero_point);
  const int16x8_t high = vqaddq_s16(vcombine_s16(vqmovn_s32(c), vqmovn_s32(d)), q.zero_point);
  const int8x16_t x = vcombine_s8(vqmovn_s16(low), vqmovn_s16(high));
  return vminq_s8(vmaxq_s8(x, q.min), q.max);
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

// ---- n positions of eight channels; two positions in each result
//
//   y[0]  | channels 0 to 3 | channels 4 to 7 |  32 bits each
//   y[1]  | channels 0 to 3 | channels 4 to 7 |
//   out[0]  | position 0: 8 bytes | position 1: 8 bytes |

// Sums by their scales, of any form or, in 32-bit code, by any shifts to the right. Each kind of
// instruction many times in a row.
template <Form kForm, int n>
[[gnu::always_inline]] inline void scale_all(const Scaling& s, int32x4_t (&y)[n][2]) {
  const auto each = [&](auto f) PIPIT_INLINE {
    unroll<2 * n>([&](auto i) PIPIT_INLINE { f(y[i / 2][i % 2], i % 2); });
  };
#ifdef __ARM_FEATURE_QRDMX
  constexpr bool kAtOnce = true;
#else
  constexpr bool kAtOnce = kForm == Form::kAny;
#endif
  if constexpr (kAtOnce) {
    constexpr bool kRight = kForm != Form::kAny;
    each([&](int32x4_t& v, int h)
             PIPIT_INLINE { v = scale<kRight>(v, s.multiplier[h], s.shift[h]); });
    return;
  }
  each([&](int32x4_t& v, int h) PIPIT_INLINE { v = vqrdmulhq_s32(v, s.multiplier[h]); });
  // Ties of negative numbers, which are clamped if there is a ReLU.
  if constexpr (kForm != Form::kRelu) {
    each([&](int32x4_t& v, int) PIPIT_INLINE { v = vsraq_n_s32(v, v, 31); });
  }
  each([&](int32x4_t& v, int h) PIPIT_INLINE { v = vrshlq_s32(v, s.shift[h]); });
}

template <int n>
[[gnu::always_inline]] inline void narrow_all(const RequantizeNeon& q, const int32x4_t (&y)[n][2],
                                              int8x16_t (&out)[n / 2]) {
  int16x8_t wide[n];
#if PIPIT_ARM64
  unroll<n>([&](auto m)
                PIPIT_INLINE { wide[m] = vcombine_s16(vqmovn_s32(y[m][0]), vdup_n_s16(0)); });
  unroll<n>([&](auto m) PIPIT_INLINE {
    wide[m] = vcombine_s16(vget_low_s16(wide[m]), vqmovn_s32(y[m][1]));
  });
#else
  unroll<n>([&](auto m) PIPIT_INLINE { wide[m] = narrow_pair(y[m][0], y[m][1]); });
#endif
  unroll<n>([&](auto m) PIPIT_INLINE { wide[m] = vqaddq_s16(wide[m], q.zero_point); });
  unroll<n / 2>([&](auto m) PIPIT_INLINE { out[m] = narrow_pair(wide[2 * m], wide[2 * m + 1]); });
}

#if PIPIT_ARM64
// The sums' top bytes are the results, see Scaling.
template <Form kForm, int n>
[[gnu::always_inline]] inline void add_and_shift(const Scaling& s, int32x4_t (&y)[n][2]) {
  const auto each = [&](auto f) PIPIT_INLINE {
    unroll<2 * n>([&](auto i) PIPIT_INLINE { f(y[i / 2][i % 2], i % 2); });
  };
#ifdef __ARM_FEATURE_QRDMX
  // The addend is whole, so that adding it before the product is rounded changes no bit.
  // A copy for each SQRDMLAH to add to: loaded, since a move would take the place of arithmetic.
  const int32x4_t* addends = s.addend;
  each([&](int32x4_t& v, int h) PIPIT_INLINE {
    if (kForm == Form::kRelu) asm("" : "+r"(addends));
    const int32x4_t addend =
        kForm == Form::kRight ? wrapping_add(addends[h], sign_of(v)) : addends[h];
    v = vqrdmlahq_s32(addend, v, s.multiplier[h]);
  });
#else
  each([&](int32x4_t& v, int h) PIPIT_INLINE { v = vqrdmulhq_s32(v, s.multiplier[h]); });
  if constexpr (kForm == Form::kRight) {
    each([&](int32x4_t& v, int) PIPIT_INLINE { v = vsraq_n_s32(v, v, 31); });
  }
  each([&](int32x4_t& v, int h) PIPIT_INLINE { v = vqaddq_s32(v, s.addend[h]); });
#endif
  each([&](int32x4_t& v, int h) PIPIT_INLINE { v = vqshlq_s32(v, s.left[h]); });
}

// The upper 16 bits of each sum, then the upper 8 of these.
template <int n>
[[gnu::always_inline]] inline void top_bytes(const int32x4_t (&y)[n][2], int8x16_t (&out)[n / 2]) {
  int16x8_t wide[n];
  unroll<n>([&](auto m) PIPIT_INLINE {
    wide[m] = vuzp2q_s16(vreinterpretq_s16_s32(y[m][0]), vreinterpretq_s16_s32(y[m][1]));
  });
  unroll<n / 2>([&](auto m) PIPIT_INLINE {
    out[m] = vuzp2q_s8(vreinterpretq_s8_s16(wide[2 * m]), vreinterpretq_s8_s16(wide[2 * m + 1]));
  });
}
#endif

// Sums to results.
template <Form kForm, int n>
[[gnu::always_inline]] inline void requantize_all(const Scaling& s, const RequantizeNeon& q,
                                                  int32x4_t (&y)[n][2], int8x16_t (&out)[n / 2]) {
#if PIPIT_ARM64
  constexpr bool kTop = kForm == Form::kRight || kForm == Form::kRelu;
  if constexpr (kTop) {
    add_and_shift<kForm>(s, y);
    top_bytes(y, out);
  }
#else
  constexpr bool kTop = false;
#endif
  if constexpr (!kTop) {
    scale_all<kForm>(s, y);
    narrow_all(q, y, out);
  }
  if constexpr (kForm == Form::kRight || kForm == Form::kRelu) return;
  unroll<n / 2>([&](auto m) PIPIT_INLINE { out[m] = vmaxq_s8(out[m], q.min); });
  unroll<n / 2>([&](auto m) PIPIT_INLINE { out[m] = vminq_s8(out[m], q.max); });
}

}  // namespace
}  // namespace pipit
