// SPDX-License-Identifier: Apache-2.0
// The int8 dot products of several rows with four others, both read where they lie.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "kernels/arm/unroll.h"

namespace pipit {
namespace {

constexpr int kColumns = 4;
constexpr int32_t kShortestDepth = 8;

// Depth in vectors of sixteen bytes. What is left over is a vector, too: it ends where the rows
// end, and of what it has in common with the vector before, one factor is taken for zero. Of eight
// to fifteen bytes, the vector is the first eight and the last eight. Of a depth of 20, and one of
// 11:
//
//    whole  0 ... 15                         whole  none
//    last   4 ... 15 16 ... 19               last   0 ... 7 | 3 ... 7 8 9 10
//    keep   0 ...  0 -1 ... -1               keep  -1 ... -1  0 ... 0 -1 -1 -1
struct DepthCut {
  ptrdiff_t whole;  // bytes
  ptrdiff_t last;   // where the last sixteen or eight bytes begin
  bool ragged, is_short;
  int8x16_t keep;

  explicit DepthCut(int32_t depth)
      : whole(depth & ~15),
        last(depth < 16 ? depth - 8 : depth - 16),
        ragged(depth % 16 != 0),
        is_short(depth < 16) {
    int8_t bytes[16];
    const int32_t first = is_short ? 24 - depth : 16 - depth % 16;
    for (int32_t i = 0; i < 16; ++i) bytes[i] = i >= first || (is_short && i < 8) ? -1 : 0;
    keep = vld1q_s8(bytes);
  }
};

// The vectors at one offset of n rows.
template <int n>
PIPIT_INLINE inline void load(const int8_t* const (&from)[n], ptrdiff_t at, int8x16_t (&v)[n]) {
  unroll<n>([&](auto i) PIPIT_INLINE { v[i] = vld1q_s8(from[i] + at); });
}
template <int n>
PIPIT_INLINE inline void load_last(const int8_t* const (&from)[n], const DepthCut& cut,
                                   int8x16_t (&v)[n]) {
  if (!cut.is_short) return load(from, cut.last, v);
  unroll<n>([&](auto i) PIPIT_INLINE {
    v[i] = vcombine_s8(vld1_s8(from[i]), vld1_s8(from[i] + cut.last));
  });
}

// sum[n * kRows + m] += x[m] * w[n]. Dot::add() does four sums side by side: with four rows those
// of one column, with two rows of two columns, with one row of all four.
template <class Dot, int kRows>
PIPIT_INLINE inline void multiply(int32x4_t (&sum)[kRows * kColumns], const int8x16_t (&x)[kRows],
                                  const int8x16_t (&w)[kColumns]) {
  unroll<kRows * kColumns / 4>([&](auto group) PIPIT_INLINE {
    constexpr int kFirst = 4 * group;
    int32x4_t s[4];
    int8x16_t xs[4], ws[4];
    unroll<4>([&](auto i) PIPIT_INLINE {
      constexpr int kAt = kFirst + i;
      s[i] = sum[kAt];
      xs[i] = x[kAt % kRows];
      ws[i] = w[kAt / kRows];
    });
    Dot::add(s, xs, ws);
    unroll<4>([&](auto i) PIPIT_INLINE { sum[kFirst + i] = s[i]; });
  });
}

template <class Dot, int kRows>
PIPIT_INLINE inline void dot_tile(int32x4_t (&sum)[kRows * kColumns],
                                  const int8_t* const (&x)[kRows],
                                  const int8_t* const (&w)[kColumns], const DepthCut& cut) {
  int8x16_t xs[kRows], ws[kColumns];
  for (ptrdiff_t k = 0; k < cut.whole; k += 16) {
    load(x, k, xs);
    load(w, k, ws);
    multiply<Dot, kRows>(sum, xs, ws);
  }
  if (!cut.ragged) return;
  load_last(x, cut, xs);
  load_last(w, cut, ws);
  unroll<kRows>([&](auto m) PIPIT_INLINE { xs[m] = vandq_s8(xs[m], cut.keep); });
  multiply<Dot, kRows>(sum, xs, ws);
}

}  // namespace
}  // namespace pipit
