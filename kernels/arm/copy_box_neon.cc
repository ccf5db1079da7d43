// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Boxes whose elements lie side by side along one dimension where they are read, and along another
// where they are written: transpositions, in square tiles. A load, two or three exchanges and a
// store for each row of a tile: 5/8 of an instruction for a byte. All other boxes are copied as
// ever.
#include <arm_neon.h>

#include <cstddef>

#include "kernels/arm/unroll.h"
#include "kernels/contracts/copy_box.h"

namespace pipit {
namespace {

// ---- tiles: rows in_step apart become columns; bytes, as elements need not be aligned

// The odd elements of a row change places with the even ones of another.
[[gnu::always_inline]] inline void exchange_8(uint8x8_t& a, uint8x8_t& b) {
  const uint8x8x2_t pair = vtrn_u8(a, b);
  a = pair.val[0];
  b = pair.val[1];
}
[[gnu::always_inline]] inline void exchange_16(uint8x8_t& a, uint8x8_t& b) {
  const uint16x4x2_t pair = vtrn_u16(vreinterpret_u16_u8(a), vreinterpret_u16_u8(b));
  a = vreinterpret_u8_u16(pair.val[0]);
  b = vreinterpret_u8_u16(pair.val[1]);
}
[[gnu::always_inline]] inline void exchange_32(uint8x8_t& a, uint8x8_t& b) {
  const uint32x2x2_t pair = vtrn_u32(vreinterpret_u32_u8(a), vreinterpret_u32_u8(b));
  a = vreinterpret_u8_u32(pair.val[0]);
  b = vreinterpret_u8_u32(pair.val[1]);
}
[[gnu::always_inline]] inline void exchange_32(uint8x16_t& a, uint8x16_t& b) {
  const uint32x4x2_t pair = vtrnq_u32(vreinterpretq_u32_u8(a), vreinterpretq_u32_u8(b));
  a = vreinterpretq_u8_u32(pair.val[0]);
  b = vreinterpretq_u8_u32(pair.val[1]);
}
[[gnu::always_inline]] inline void exchange_64(uint8x16_t& a, uint8x16_t& b) {
  const uint8x16_t low = vcombine_u8(vget_low_u8(a), vget_low_u8(b));
  b = vcombine_u8(vget_high_u8(a), vget_high_u8(b));
  a = low;
}

// A tile of 4 x 4 elements, as exchanges of ever larger units turn it:
//
//    a0 a1 a2 a3        a0 b0 a2 b2          a0 b0 c0 d0
//    b0 b1 b2 b3   1    a1 b1 a3 b3    2     a1 b1 c1 d1
//    c0 c1 c2 c3  -->   c0 d0 c2 d2   -->    a2 b2 c2 d2
//    d0 d1 d2 d3        c1 d1 c3 d3          a3 b3 c3 d3
//
// Rows 1 apart exchange single elements, rows 2 apart pairs; with eight rows, those 4 apart
// exchange fours.
template <int kElement>
struct Tile;

template <>
struct Tile<1> {
  static void transpose(const uint8_t* in, ptrdiff_t in_step, uint8_t* out, ptrdiff_t out_step) {
    uint8x8_t x[8];
    unroll<8>([&](auto i) [[gnu::always_inline]] { x[i] = vld1_u8(in + i * in_step); });
    unroll<4>([&](auto i) [[gnu::always_inline]] { exchange_8(x[2 * i], x[2 * i + 1]); });
    unroll<4>([&](auto i) [[gnu::always_inline]] {
      exchange_16(x[i / 2 * 4 + i % 2], x[i / 2 * 4 + i % 2 + 2]);
    });
    unroll<4>([&](auto i) [[gnu::always_inline]] { exchange_32(x[i], x[i + 4]); });
    unroll<8>([&](auto i) [[gnu::always_inline]] { vst1_u8(out + i * out_step, x[i]); });
  }
};

template <>
struct Tile<2> {
  static void transpose(const uint8_t* in, ptrdiff_t in_step, uint8_t* out, ptrdiff_t out_step) {
    uint8x8_t x[4];
    unroll<4>([&](auto i) [[gnu::always_inline]] { x[i] = vld1_u8(in + i * in_step); });
    unroll<2>([&](auto i) [[gnu::always_inline]] { exchange_16(x[2 * i], x[2 * i + 1]); });
    unroll<2>([&](auto i) [[gnu::always_inline]] { exchange_32(x[i], x[i + 2]); });
    unroll<4>([&](auto i) [[gnu::always_inline]] { vst1_u8(out + i * out_step, x[i]); });
  }
};

template <>
struct Tile<4> {
  static void transpose(const uint8_t* in, ptrdiff_t in_step, uint8_t* out, ptrdiff_t out_step) {
    uint8x16_t x[4];
    unroll<4>([&](auto i) [[gnu::always_inline]] { x[i] = vld1q_u8(in + i * in_step); });
    unroll<2>([&](auto i) [[gnu::always_inline]] { exchange_32(x[2 * i], x[2 * i + 1]); });
    unroll<2>([&](auto i) [[gnu::always_inline]] { exchange_64(x[i], x[i + 2]); });
    unroll<4>([&](auto i) [[gnu::always_inline]] { vst1q_u8(out + i * out_step, x[i]); });
  }
};

// ---- boxes

// A box of matrices.
struct Matrices {
  CopyDim row, column;  // along which one moves from element to element
  CopyDim rest[CopyDims::kMax];
  int32_t rest_rank = 0;

  Matrices(const CopyBox& a, const CopyMatrix& m) : row(a.dims[m.row]), column(a.dims[m.column]) {
    for (int32_t d = 0; d < a.rank; ++d) {
      if (d != m.row && d != m.column) rest[rest_rank++] = a.dims[d];
    }
  }
};

// at(i) for the first of `side` elements each that cover n; the last may overlap.
template <class At>
inline void each_tile(ptrdiff_t n, int side, const At& at) {
  for (ptrdiff_t i = 0; i + side < n; i += side) at(i);
  at(n - side);
}

template <int kElement>
void transpose(const Matrices& m, const uint8_t* in, uint8_t* out) {
  constexpr int kSide = tile_side(kElement);
  const ptrdiff_t in_step = m.column.in_step, out_step = m.row.out_step;
  each_tile(m.row.size, kSide, [&](ptrdiff_t r) {
    each_tile(m.column.size, kSide, [&](ptrdiff_t c) {
      Tile<kElement>::transpose(in + r * kElement + c * in_step, in_step,
                                out + r * out_step + c * kElement, out_step);
    });
  });
}

template <int kElement>
void walk(const Matrices& m, int32_t dim, const uint8_t* in, uint8_t* out) {
  if (dim == m.rest_rank) return transpose<kElement>(m, in, out);
  const CopyDim& d = m.rest[dim];
  for (ptrdiff_t i = 0; i < d.size; ++i) {
    walk<kElement>(m, dim + 1, in + i * d.in_step, out + i * d.out_step);
  }
}

}  // namespace

void copy_box_neon(const CopyBox& a) {
  const CopyMatrix matrix = find_matrix(a);
  if (!matrix.found()) return copy_box_portable(a);
  const Matrices m(a, matrix);
  switch (a.element) {
    case 1:
      return walk<1>(m, 0, a.in, a.out);
    case 2:
      return walk<2>(m, 0, a.in, a.out);
    default:
      return walk<4>(m, 0, a.in, a.out);
  }
}

}  // namespace pipit
