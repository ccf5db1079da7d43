// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Sixteen products take SMULL, SMULL2 and two SADALP. Two products of int8 fit into 16 bits unless
// all four factors are -128, so a row of activations without that number takes SMULL, SMLAL2 and
// SADALP: five loads and twelve instructions for 64 multiply-adds.
#include "kernels/arm/matmul_bytes.h"
#include "kernels/arm/reduce_s32.h"

namespace pipit {
namespace {

struct DotS8 {
  using Sum = int32x4_t;
  static Sum zero() { return vdupq_n_s32(0); }
  [[gnu::always_inline]] static void add(Sum& sum, int8x16_t x, int8x16_t w) {
    const int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(w));
    sum = vpadalq_s16(sum, low);
    sum = vpadalq_s16(sum, vmull_s8(vget_high_s8(x), vget_high_s8(w)));
  }
  [[gnu::always_inline]] static int32x4_t reduce(Sum a, Sum b, Sum c, Sum d) {
    return reduce_s32(a, b, c, d);
  }
};

struct DotPairsS8 : DotS8 {
  [[gnu::always_inline]] static void add(Sum& sum, int8x16_t x, int8x16_t w) {
    const int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(w));
    sum = vpadalq_s16(sum, vmlal_s8(low, vget_high_s8(x), vget_high_s8(w)));
  }
};

struct DotU8 {
  using Sum = uint32x4_t;
  static Sum zero() { return vdupq_n_u32(0); }
  [[gnu::always_inline]] static void add(Sum& sum, uint8x16_t x, uint8x16_t w) {
    sum = vpadalq_u16(sum, vmull_u8(vget_low_u8(x), vget_low_u8(w)));
    sum = vpadalq_u16(sum, vmull_u8(vget_high_u8(x), vget_high_u8(w)));
  }
  [[gnu::always_inline]] static int32x4_t reduce(Sum a, Sum b, Sum c, Sum d) {
    return reduce_s32(vreinterpretq_s32_u32(a), vreinterpretq_s32_u32(b), vreinterpretq_s32_u32(c),
                      vreinterpretq_s32_u32(d));
  }
};

bool has_min(const ByteRow<int8_t>& row) {
  int8x16_t least = load_bytes(row.last);
  for (ptrdiff_t k = 0; k < row.whole; k += 16) least = vminq_s8(least, load_bytes(row.x + k));
  int8_t bytes[16];
  vst1q_s8(bytes, least);
  bool found = false;
  for (const int8_t x : bytes) found |= x == -128;
  return found;
}

}  // namespace

void matmul_s8_neon(const MatmulS8& a) {
  if (a.depth < kShortestDepth) return matmul_s8_portable(a);
  for (int32_t r = 0; r < a.rows; ++r) {
    const ByteRow<int8_t> row(a.in + r * a.in_stride, a.depth);
    if (has_min(row)) {
      matmul_row<DotS8, 4>(a, row, r);
    } else {
      matmul_row<DotPairsS8, 4>(a, row, r);
    }
  }
}

void matmul_u8_neon(const MatmulU8& a) {
  if (a.depth < kShortestDepth) return matmul_u8_portable(a);
  for (int32_t r = 0; r < a.rows; ++r) {
    matmul_row<DotU8, 4>(a, ByteRow<uint8_t>(a.in + r * a.in_stride, a.depth), r);
  }
}

}  // namespace pipit
