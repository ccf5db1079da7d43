// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Sixteen products take SMULL, SMULL2 and two SADALP. Two products of int8 fit into 16 bits unless
// all four factors are -128, so that weights or a row of activations without that number take
// SMULL, SMLAL2 and SADALP: 24 instructions and nine loads for 128 multiply-adds. For CPUs that
// execute in order each kind of instruction follows itself once for every column: none waits for
// the one before it.
#include "kernels/arm/matmul_bytes.h"

namespace pipit {
namespace {

// A column takes three registers, for its weights, products and sums; x takes one. 32-bit code has
// half as many.
#if PIPIT_ARM64
constexpr int kColumns = 8;
#else
constexpr int kColumns = 4;
#endif

inline int16x8_t low(int8x16_t x, int8x16_t w) { return vmull_s8(vget_low_s8(x), vget_low_s8(w)); }
inline uint16x8_t low(uint8x16_t x, uint8x16_t w) {
  return vmull_u8(vget_low_u8(x), vget_low_u8(w));
}
inline int16x8_t high(int8x16_t x, int8x16_t w) {
  return vmull_s8(vget_high_s8(x), vget_high_s8(w));
}
inline uint16x8_t high(uint8x16_t x, uint8x16_t w) {
  return vmull_u8(vget_high_u8(x), vget_high_u8(w));
}
inline int16x8_t add_high(int16x8_t p, int8x16_t x, int8x16_t w) {
  return vmlal_s8(p, vget_high_s8(x), vget_high_s8(w));
}
inline int32x4_t add_pairs(int32x4_t sum, int16x8_t p) { return vpadalq_s16(sum, p); }
inline uint32x4_t add_pairs(uint32x4_t sum, uint16x8_t p) { return vpadalq_u16(sum, p); }

// kPairs: two products fit into 16 bits.
template <class Byte, class SumOfLanes, bool kPairs>
struct Dot {
  using T = Byte;
  using Sum = SumOfLanes;
  static constexpr int kWidth = 16;

  template <int n>
  [[gnu::always_inline]] static void step(Sum (&sum)[n], const T* in, const T* const (&from)[n],
                                          ptrdiff_t k) {
    const auto x = load_bytes(in);
    decltype(load_bytes(in)) w[n];
    decltype(low(x, x)) p[n];
    const auto each = [&](auto f) [[gnu::always_inline]] { unroll<n>(f); };
    each([&](auto i) [[gnu::always_inline]] { w[i] = load_bytes(from[i] + k); });
    each([&](auto i) [[gnu::always_inline]] { p[i] = low(x, w[i]); });
    if constexpr (kPairs) {
      each([&](auto i) [[gnu::always_inline]] { p[i] = add_high(p[i], x, w[i]); });
    } else {
      each([&](auto i) [[gnu::always_inline]] { sum[i] = add_pairs(sum[i], p[i]); });
      each([&](auto i) [[gnu::always_inline]] { p[i] = high(x, w[i]); });
    }
    each([&](auto i) [[gnu::always_inline]] { sum[i] = add_pairs(sum[i], p[i]); });
  }
};

bool has_min(const ByteRow<int8_t, 16>& row) {
  // The zeros that row.last may have are not the least number.
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
  if (a.depth < 8) return matmul_s8_portable(a);
  if (a.depth < 16) return matmul_rows<ShortDotS8, 4>(a);
  for (int32_t r = 0; r < a.rows; ++r) {
    const ByteRow<int8_t, 16> row(a.in + r * a.in_stride, a.depth);
    if (a.no_weight_is_min || !has_min(row)) {
      matmul_row<Dot<int8_t, int32x4_t, true>, kColumns>(a, r, row);
    } else {
      matmul_row<Dot<int8_t, int32x4_t, false>, kColumns>(a, r, row);
    }
  }
}

void matmul_u8_neon(const MatmulU8& a) {
  if (a.depth < 8) return matmul_u8_portable(a);
  if (a.depth < 16) return matmul_rows<ShortDotU8, 4>(a);
  matmul_rows<Dot<uint8_t, uint32x4_t, false>, kColumns>(a);
}

}  // namespace pipit
