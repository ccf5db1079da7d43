// SPDX-License-Identifier: Apache-2.0
// The walk of matrix products of bytes: one row of activations against several rows of weights,
// which are read where they lie.
#pragma once

#include <arm_neon.h>

#include <cstddef>

#include "kernels/arm/unroll.h"
#include "kernels/matmul.h"

namespace pipit {
namespace {

constexpr int32_t kShortestDepth = 16;

[[gnu::always_inline]] inline int8x16_t load_bytes(const int8_t* p) { return vld1q_s8(p); }
[[gnu::always_inline]] inline uint8x16_t load_bytes(const uint8_t* p) { return vld1q_u8(p); }

// A row of activations in whole vectors. What is left over is a vector, too: it ends where the row
// ends, and bytes that it has in common with the vector before are zero.
template <class T>
struct ByteRow {
  const T* x;
  ptrdiff_t whole;
  ptrdiff_t last_at;  // as long as `whole`: there is none
  T last[16] = {};

  ByteRow(const T* row, int32_t depth) : x(row), whole(depth & ~15), last_at(depth - 16) {
    for (int32_t k = depth & ~15; k < depth; ++k) last[k - last_at] = row[k];
  }
  bool ragged() const { return last_at + 16 != whole; }
};

// Adds up kColumns dot products. Dot has a type Sum of lanes, and add(sum, x, w).
template <class Dot, int kColumns, class T>
[[gnu::always_inline]] inline void dot_columns(const ByteRow<T>& row, const T* const* w,
                                               typename Dot::Sum (&sum)[kColumns]) {
  for (ptrdiff_t k = 0; k < row.whole; k += 16) {
    const auto x = load_bytes(row.x + k);
    unroll<kColumns>([&](auto n)
                         [[gnu::always_inline]] { Dot::add(sum[n], x, load_bytes(w[n] + k)); });
  }
  if (!row.ragged()) return;
  const auto x = load_bytes(row.last);
  unroll<kColumns>(
      [&](auto n) [[gnu::always_inline]] { Dot::add(sum[n], x, load_bytes(w[n] + row.last_at)); });
}

// Outputs [o, o + count) of row r; missing ones repeat the last.
template <class Dot, int kColumns, class M, class T>
[[gnu::noinline]] void matmul_columns(const M& a, const ByteRow<T>& row, int32_t r, int32_t o,
                                      int32_t count) {
  typename Dot::Sum sum[kColumns];
  const T* w[kColumns];
  unroll<kColumns>([&](auto n) [[gnu::always_inline]] {
    sum[n] = Dot::zero();
    w[n] = a.weights + static_cast<ptrdiff_t>(o + (n < count ? int{n} : count - 1)) * a.depth;
  });
  dot_columns<Dot>(row, w, sum);
  int32_t total[kColumns];
  unroll<kColumns / 4>([&](auto i) [[gnu::always_inline]] {
    vst1q_s32(total + 4 * i,
              Dot::reduce(sum[4 * i], sum[4 * i + 1], sum[4 * i + 2], sum[4 * i + 3]));
  });
  const int32_t* start = a.start == nullptr ? nullptr : a.start + r * a.start_stride + o;
  int32_t* out = a.out + r * a.out_stride + o;
  for (int32_t n = 0; n < count; ++n) {
    const auto from = static_cast<uint32_t>(start == nullptr ? 0 : start[n]);
    out[n] = static_cast<int32_t>(from + static_cast<uint32_t>(total[n]));
  }
}

template <class Dot, int kColumns, class M, class T>
inline void matmul_row(const M& a, const ByteRow<T>& row, int32_t r) {
  int32_t o = 0;
  for (; o + kColumns <= a.outputs; o += kColumns) {
    matmul_columns<Dot, kColumns>(a, row, r, o, kColumns);
  }
  for (; o < a.outputs; o += 4) {
    const int32_t left = a.outputs - o;
    matmul_columns<Dot, 4>(a, row, r, o, left < 4 ? left : 4);
  }
}

}  // namespace
}  // namespace pipit
