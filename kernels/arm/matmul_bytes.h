// SPDX-License-Identifier: Apache-2.0
// The walk of matrix products of bytes: one row of activations against several rows of weights,
// which are read where they lie.
#pragma once

#include <arm_neon.h>

#include <cstddef>

#include "kernels/arm/reduce_s32.h"
#include "kernels/arm/unroll.h"
#include "kernels/matmul.h"

namespace pipit {
namespace {

[[gnu::always_inline]] inline int8x16_t load_bytes(const int8_t* p) { return vld1q_s8(p); }
[[gnu::always_inline]] inline uint8x16_t load_bytes(const uint8_t* p) { return vld1q_u8(p); }

// A row of activations in whole vectors. What is left over is a vector, too: it ends where the row
// ends, and bytes that it has in common with the vector before are zero.
template <class T, int kWidth>
struct ByteRow {
  const T* x;
  ptrdiff_t whole;
  ptrdiff_t last_at;  // kWidth before `whole`: there is none
  T last[kWidth] = {};

  ByteRow(const T* row, int32_t depth)
      : x(row), whole(depth & ~(kWidth - 1)), last_at(depth - kWidth) {
    for (ptrdiff_t k = whole; k < depth; ++k) last[k - last_at] = row[k];
  }
  bool ragged() const { return last_at + kWidth != whole; }
};

inline void store_some(int32_t* out, int32x4_t sums, int32_t count) {
  if (count >= 4) return vst1q_s32(out, sums);
  int32_t each[4];
  vst1q_s32(each, sums);
  for (int32_t n = 0; n < count; ++n) out[n] = each[n];
}

inline int32x4_t load_some(const int32_t* in, int32_t count) {
  if (count >= 4) return vld1q_s32(in);
  int32_t each[4] = {};
  for (int32_t n = 0; n < count; ++n) each[n] = in[n];
  return vld1q_s32(each);
}

// Moves all pointers on. The compiler would rather add one index to each of them in every load,
// which costs the CPUs a cycle.
template <int n, class T>
[[gnu::always_inline]] inline void advance(const T*& x, const T* (&w)[n], ptrdiff_t by) {
  x += by;
  asm("" : "+r"(x));
  unroll<n>([&](auto i) [[gnu::always_inline]] {
    w[i] += by;
    asm("" : "+r"(w[i]));
  });
}

// Dot has the types T of the factors and Sum of lanes; step(sums, x, w, k) adds the products of
// kWidth numbers from x and from each w + k on.
//
// The results from `out` on, `count` of them: rows of weights that are missing repeat the last.
template <class Dot, int kColumns, class T = typename Dot::T>
[[gnu::always_inline]] inline void matmul_columns(const ByteRow<T, Dot::kWidth>& row,
                                                  const T* weights, ptrdiff_t depth,
                                                  const int32_t* start, int32_t* out,
                                                  int32_t count) {
  constexpr ptrdiff_t kWidth = Dot::kWidth;
  const T* w[kColumns];
  typename Dot::Sum sum[kColumns];
  unroll<kColumns>([&](auto n) [[gnu::always_inline]] {
    w[n] = n == 0 ? weights : w[n - 1] + (n < count ? depth : 0);
    sum[n] = typename Dot::Sum{};
  });
  const T* x = row.x;
  ptrdiff_t left = row.whole;
  for (; left >= 2 * kWidth; left -= 2 * kWidth) {
    advance(x, w, 2 * kWidth);
    Dot::step(sum, x - 2 * kWidth, w, -2 * kWidth);
    Dot::step(sum, x - kWidth, w, -kWidth);
  }
  if (left != 0) {
    advance(x, w, kWidth);
    Dot::step(sum, x - kWidth, w, -kWidth);
  }
  if (row.ragged()) Dot::step(sum, row.last, w, row.last_at - row.whole);
  unroll<kColumns / 4>([&](auto i) [[gnu::always_inline]] {
    constexpr int kFirst = 4 * i;
    int32x4_t four = reduce_s32(sum[kFirst], sum[kFirst + 1], sum[kFirst + 2], sum[kFirst + 3]);
    if (start != nullptr) four = vaddq_s32(four, load_some(start + kFirst, count - kFirst));
    store_some(out + kFirst, four, count - kFirst);
  });
}

// Row r of the results.
template <class Dot, int kColumns, class T>
[[gnu::noinline]] void matmul_row(const Matmul<T, T, int32_t>& a, int32_t r,
                                  const ByteRow<T, Dot::kWidth>& row) {
  const ptrdiff_t depth = a.depth;
  const T* weights = a.weights;
  const int32_t* start = a.start == nullptr ? nullptr : a.start + r * a.start_stride;
  int32_t* out = a.out + r * a.out_stride;
  const auto next = [&](ptrdiff_t columns) [[gnu::always_inline]] {
    weights += columns * depth;
    out += columns;
    if (start != nullptr) start += columns;
  };
  int32_t left = a.outputs;
  for (; left >= kColumns; left -= kColumns, next(kColumns)) {
    matmul_columns<Dot, kColumns>(row, weights, depth, start, out, kColumns);
  }
  for (; left > 4; left -= 4, next(4)) {
    matmul_columns<Dot, 4>(row, weights, depth, start, out, 4);
  }
  if (left > 0) matmul_columns<Dot, 4>(row, weights, depth, start, out, left);
}

// Eight products at a time, for rows that are shorter than sixteen.
struct ShortDotS8 {
  using T = int8_t;
  using Sum = int32x4_t;
  static constexpr int kWidth = 8;
  template <int n>
  [[gnu::always_inline]] static void step(Sum (&sum)[n], const T* x, const T* const (&w)[n],
                                          ptrdiff_t k) {
    const int8x8_t in = vld1_s8(x);
    int16x8_t p[n];
    unroll<n>([&](auto i) [[gnu::always_inline]] { p[i] = vmull_s8(in, vld1_s8(w[i] + k)); });
    unroll<n>([&](auto i) [[gnu::always_inline]] { sum[i] = vpadalq_s16(sum[i], p[i]); });
  }
};
struct ShortDotU8 {
  using T = uint8_t;
  using Sum = uint32x4_t;
  static constexpr int kWidth = 8;
  template <int n>
  [[gnu::always_inline]] static void step(Sum (&sum)[n], const T* x, const T* const (&w)[n],
                                          ptrdiff_t k) {
    const uint8x8_t in = vld1_u8(x);
    uint16x8_t p[n];
    unroll<n>([&](auto i) [[gnu::always_inline]] { p[i] = vmull_u8(in, vld1_u8(w[i] + k)); });
    unroll<n>([&](auto i) [[gnu::always_inline]] { sum[i] = vpadalq_u16(sum[i], p[i]); });
  }
};

// All rows of the results.
template <class Dot, int kColumns, class T>
void matmul_rows(const Matmul<T, T, int32_t>& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    matmul_row<Dot, kColumns>(a, r, ByteRow<T, Dot::kWidth>(a.in + r * a.in_stride, a.depth));
  }
}

}  // namespace
}  // namespace pipit
