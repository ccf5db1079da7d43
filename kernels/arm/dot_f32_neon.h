// SPDX-License-Identifier: Apache-2.0
// Dot products of float rows, kRows by kColumns at a time, read where they lie.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "kernels/arm/unroll.h"

namespace pipit {
namespace {

[[gnu::always_inline]] inline float32x4_t load_bytes(const float* p, ptrdiff_t bytes) {
  return vld1q_f32(reinterpret_cast<const float*>(reinterpret_cast<const char*>(p) + bytes));
}

// The last n < 4 elements, in an order that is the same for every row, and zeros.
[[gnu::always_inline]] inline float32x4_t load_last(const float* p, ptrdiff_t n) {
  const float32x2_t zero = vdup_n_f32(0);
  const float32x2_t pair = (n & 2) != 0 ? vld1_f32(p) : zero;
  const float32x2_t one = (n & 1) != 0 ? vld1_lane_f32(p + (n & 2), zero, 0) : zero;
  return vcombine_f32(pair, one);
}

// Moves n addresses on by 32 bytes. In C, gcc would rather add one offset to all of them in each
// load, which costs a Cortex-A72 a quarter of its time where there is a load to each product.
#if PIPIT_ARM64
constexpr bool kAdvances = true;
template <int n>
[[gnu::always_inline]] inline void advance(const float* (&at)[n]) {
  unroll<n>([&](auto i) [[gnu::always_inline]] { asm("add %0, %0, #32" : "+r"(at[i])); });
}
#else
constexpr bool kAdvances = false;  // sixteen registers only
template <int n>
void advance(const float* (&)[n]);
#endif

// sum[m][n] += the products of x[m] and w[n], n elements each, in four parts. All loads of a step
// come before its multiplications: an in-order core that has begun to multiply waits for all of
// them before the next load's result is due.
template <bool kLast, int kRows, int kColumns>
[[gnu::always_inline]] inline void add_products(float32x4_t (&sum)[kRows][kColumns],
                                                const float* const (&rows)[kRows],
                                                const float* const (&columns)[kColumns],
                                                ptrdiff_t n) {
  const float *x[kRows], *w[kColumns];
  unroll<kRows>([&](auto r) [[gnu::always_inline]] { x[r] = rows[r]; });
  unroll<kColumns>([&](auto c) [[gnu::always_inline]] { w[c] = columns[c]; });
  const auto step = [&](const auto& load) __attribute__((always_inline)) {
    float32x4_t u[kRows], v[kColumns];
    unroll<kRows>([&](auto r) [[gnu::always_inline]] { u[r] = load(x[r]); });
    unroll<kColumns>([&](auto c) [[gnu::always_inline]] { v[c] = load(w[c]); });
    unroll<kRows>([&](auto r) [[gnu::always_inline]] {
      unroll<kColumns>(
          [&](auto c) [[gnu::always_inline]] { sum[r][c] = vfmaq_f32(sum[r][c], u[r], v[c]); });
    });
  };
  ptrdiff_t left = n;
  if constexpr (kAdvances && kRows == 1) {
    for (; left >= 8; left -= 8) {
      step([](const float* p) __attribute__((always_inline)) { return vld1q_f32(p); });
      step([](const float* p) __attribute__((always_inline)) { return vld1q_f32(p + 4); });
      advance(x);
      advance(w);
    }
  }
  const ptrdiff_t whole = (left & ~ptrdiff_t{3}) * ptrdiff_t{sizeof(float)};
  for (ptrdiff_t at = 0; at != whole; at += 16) {
    step([=](const float* p) __attribute__((always_inline)) { return load_bytes(p, at); });
  }
  if (!kLast) return;
  const ptrdiff_t last = n & 3;
  step([=](const float* p)
           __attribute__((always_inline)) { return load_last(p + (left - last), last); });
}

// The four parts of each of four sums in one.
[[gnu::always_inline]] inline float32x4_t total(const float32x4_t* s) {
#if PIPIT_ARM64
  return vpaddq_f32(vpaddq_f32(s[0], s[1]), vpaddq_f32(s[2], s[3]));
#else
  const float32x2_t a = vadd_f32(vget_low_f32(s[0]), vget_high_f32(s[0]));
  const float32x2_t b = vadd_f32(vget_low_f32(s[1]), vget_high_f32(s[1]));
  const float32x2_t c = vadd_f32(vget_low_f32(s[2]), vget_high_f32(s[2]));
  const float32x2_t d = vadd_f32(vget_low_f32(s[3]), vget_high_f32(s[3]));
  return vcombine_f32(vpadd_f32(a, b), vpadd_f32(c, d));
#endif
}

// The first n of four.
[[gnu::always_inline]] inline void store_first(float* to, float32x4_t v, int32_t n) {
  if (n >= 4) return vst1q_f32(to, v);
  if ((n & 2) != 0) vst1_f32(to, vget_low_f32(v));
  if (n == 3) vst1q_lane_f32(to + 2, v, 2);
  if (n == 1) vst1q_lane_f32(to, v, 0);
}

// The first n of four, and zeros.
[[gnu::always_inline]] inline float32x4_t load_first(const float* from, int32_t n) {
  if (n >= 4) return vld1q_f32(from);
  float four[4] = {};
  for (int32_t i = 0; i < n; ++i) four[i] = from[i];
  return vld1q_f32(four);
}

}  // namespace
}  // namespace pipit
