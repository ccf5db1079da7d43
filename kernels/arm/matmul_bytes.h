// SPDX-License-Identifier: Apache-2.0
// The walk of matrix products of bytes: one row of activations against several rows of weights,
// which are read where they lie.
#pragma once

#include <arm_neon.h>

#include <cstddef>

#include "kernels/arm/reduce_s32.h"
#include "kernels/arm/unroll.h"
#include "kernels/contracts/matmul.h"

namespace pipit {
namespace {

[[gnu::always_inline]] inline int8x16_t load_bytes(const int8_t* p) { return vld1q_s8(p); }
[[gnu::always_inline]] inline uint8x16_t load_bytes(const uint8_t* p) { return vld1q_u8(p); }

// A row of activations in whole vectors. What is left over is a vector, too: it ends where the row
// ends, and bytes that it has in common with the vector before are zero. Of a depth of 20 with
// vectors of 16 bytes:
//
//    x     0 1 2 ... 15 | 16 17 18 19
//    last        0 0 ... 0 16 17 18 19      last_at = 4
//
// The weights' bytes are read from the same place, and zeros take away those that were used before:
// zeros are made once for a row of activations, where they serve all rows of weights. The depth is
// at least kWidth.
template <class T, int kWidth>
struct ByteRow {
  const T* x;
  ptrdiff_t whole;
  ptrdiff_t last_at;  // kWidth before `whole`: there is none
  bool odd;           // more than pairs of vectors
  T last[kWidth] = {};

  ByteRow(const T* row, int32_t depth)
      : x(row),
        whole(depth & ~(kWidth - 1)),
        last_at(depth - kWidth),
        odd(depth % (2 * kWidth) != 0) {
    for (ptrdiff_t k = whole; k < depth; ++k) last[k - last_at] = row[k];
  }
  bool ragged() const { return last_at + kWidth != whole; }
};

// Up to four sums.
inline void store_some(int32_t* out, int32x4_t sums, int32_t count) {
  if (count >= 4) return vst1q_s32(out, sums);
  int32_t each[4];
  vst1q_s32(each, sums);
  for (int32_t n = 0; n < count; ++n) out[n] = each[n];
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

// *x and zeros.
[[gnu::always_inline]] inline int32x4_t first_lane(const int32_t* x) {
#if PIPIT_ARM64
  int32x4_t v;  // gcc would clear the upper lanes, as the load has done
  asm("ldr %s0, %1" : "=w"(v) : "m"(*x));
  return v;
#else
  return vcombine_s32(vset_lane_s32(*x, vdup_n_s32(0), 0), vdup_n_s32(0));
#endif
}
inline void set_first_lane(int32x4_t& v, const int32_t* x) { v = first_lane(x); }
inline void set_first_lane(uint32x4_t& v, const int32_t* x) {
  v = vreinterpretq_u32_s32(first_lane(x));
}

// kColumns rows of weights and their sums. Rows that are missing repeat the last one.
template <int kColumns, class T, class Sum>
[[gnu::always_inline]] inline void begin_columns(const T* (&w)[kColumns], Sum (&sum)[kColumns],
                                                 const T* weights, ptrdiff_t depth,
                                                 const int32_t* start, int32_t count) {
  unroll<kColumns>([&](auto n) [[gnu::always_inline]] {
    w[n] = n == 0 ? weights : w[n - 1] + (n < count ? depth : 0);
    set_first_lane(sum[n], start + (n < count ? int{n} : 0));
  });
}

// Dot has the types T of the factors and Sum of lanes; step(sums, x, w, k) adds the products of
// kWidth numbers from x and from each w + k on. kLong: a row has at least two such steps, else one.
template <class Dot, bool kLong, int kColumns, class T, class Sum>
[[gnu::always_inline]] inline void multiply_columns(const T* (&w)[kColumns], Sum (&sum)[kColumns],
                                                    const ByteRow<T, Dot::kWidth>& row) {
  constexpr ptrdiff_t kWidth = Dot::kWidth;
  const T* x = row.x;
  ptrdiff_t left = row.whole;
  if constexpr (kLong) {
    do {
      advance(x, w, 2 * kWidth);
      Dot::step(sum, x - 2 * kWidth, w, -2 * kWidth);
      Dot::step(sum, x - kWidth, w, -kWidth);
      left -= 2 * kWidth;
    } while (left >= 2 * kWidth);
    if (!row.odd) return;
  }
  if (left != 0) {
    advance(x, w, kWidth);
    Dot::step(sum, x - kWidth, w, -kWidth);
  }
  // Each w is `whole` bytes further by now.
  if (row.ragged()) Dot::step(sum, row.last, w, row.last_at - row.whole);
}

template <int kColumns, class Sum>
[[gnu::always_inline]] inline void reduce_columns(const Sum (&sum)[kColumns],
                                                  int32x4_t (&results)[kColumns / 4]) {
  unroll<kColumns / 4>([&](auto i) [[gnu::always_inline]] {
    constexpr int n = 4 * i;
    results[i] = reduce_s32(sum[n], sum[n + 1], sum[n + 2], sum[n + 3]);
  });
}

// What the columns of a row share: without `start` they begin with zeros.
template <class T>
struct MatmulRow {
  const T* weights;
  ptrdiff_t depth;
  const int32_t* start;
  ptrdiff_t start_step;  // 1, or 0 for zeros

  MatmulRow(const Matmul<T, T, int32_t>& a, int32_t r)
      : weights(a.weights), depth(a.depth), start(kZeros), start_step(0) {
    if (a.start == nullptr) return;
    start = a.start + r * a.start_stride;
    start_step = 1;
  }

 private:
  // As many as columns are ever begun at once; with start_step 0 they serve all columns.
  static constexpr int32_t kZeros[16] = {};
};

// then(results, column) for kColumns at a time: from the first to `last`, where the last ones
// begin. The next ones begin before it is known whether there are any, so that no branch comes in
// between; behind the last ones these begin again, and nothing beyond the weights is read.
template <class Dot, bool kLong, int kColumns, class T, class Then>
[[gnu::always_inline]] inline void for_each_columns(const MatmulRow<T>& m,
                                                    const ByteRow<T, Dot::kWidth>& row,
                                                    int32_t last, const Then& then) {
  const T* w[kColumns];
  typename Dot::Sum sum[kColumns];
  begin_columns(w, sum, m.weights, m.depth, m.start, kColumns);
  int32_t left = last + kColumns;
  ptrdiff_t column = 0;
  do {
    multiply_columns<Dot, kLong>(w, sum, row);
    int32x4_t results[kColumns / 4];
    reduce_columns(sum, results);
    then(results, column);
    left -= kColumns;
    column = column + kColumns < last ? column + kColumns : last;
    begin_columns(w, sum, m.weights + column * m.depth, m.depth, m.start + column * m.start_step,
                  kColumns);
  } while (left > 0);
}

// Row r of the results. No column is computed twice, since `start` may be `out`. What is left of
// kColumns goes by fours.
template <class Dot, bool kLong, int kColumns, class T>
[[gnu::noinline]] void matmul_row(const Matmul<T, T, int32_t>& a, int32_t r,
                                  const ByteRow<T, Dot::kWidth>& row) {
  MatmulRow<T> m(a, r);
  int32_t* out = a.out + r * a.out_stride;
  const int32_t whole = a.outputs / kColumns * kColumns;
  if (whole != 0) {
    for_each_columns<Dot, kLong, kColumns>(
        m, row, whole - kColumns,
        [&](const auto& results, ptrdiff_t column) [[gnu::always_inline]] {
          unroll<kColumns / 4>(
              [&](auto i) [[gnu::always_inline]] { vst1q_s32(out + column + 4 * i, results[i]); });
        });
  }
  for (int32_t n = whole, count = 0; n < a.outputs; n += count) {
    count = a.outputs - n < 4 ? a.outputs - n : 4;
    const T* w[4];
    typename Dot::Sum sum[4];
    int32x4_t results[1];
    begin_columns(w, sum, m.weights + n * m.depth, m.depth, m.start + n * m.start_step, count);
    multiply_columns<Dot, kLong>(w, sum, row);
    reduce_columns(sum, results);
    store_some(out + n, results[0], count);
  }
}
template <class Dot, int kColumns, class T>
void matmul_row(const Matmul<T, T, int32_t>& a, int32_t r, const ByteRow<T, Dot::kWidth>& row) {
  const bool is_long = a.depth >= 2 * Dot::kWidth;
  const auto run =
      is_long ? matmul_row<Dot, true, kColumns, T> : matmul_row<Dot, false, kColumns, T>;
  run(a, r, row);
}

// Eight products at a time, for rows that are shorter than sixteen. Each fits into 16
// bits, and they are added in 32: any numbers will do.
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
