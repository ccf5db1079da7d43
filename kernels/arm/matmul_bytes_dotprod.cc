// SPDX-License-Identifier: Apache-2.0
// Built with -march=armv8.2-a+dotprod. Call only when kCpuDotprod is set.
//
// Nine loads for eight SDOT: bound by loads, two of which a cycle make 28 multiply-adds.
#include "kernels/arm/matmul_bytes.h"
#include "kernels/arm/reduce_s32.h"

namespace pipit {
namespace {

constexpr int kColumns = 8;

struct DotS8 {
  using Sum = int32x4_t;
  static Sum zero() { return vdupq_n_s32(0); }
  [[gnu::always_inline]] static void add(Sum& sum, int8x16_t x, int8x16_t w) {
    sum = vdotq_s32(sum, x, w);
  }
  [[gnu::always_inline]] static int32x4_t reduce(Sum a, Sum b, Sum c, Sum d) {
    return reduce_s32(a, b, c, d);
  }
};

struct DotU8 {
  using Sum = uint32x4_t;
  static Sum zero() { return vdupq_n_u32(0); }
  [[gnu::always_inline]] static void add(Sum& sum, uint8x16_t x, uint8x16_t w) {
    sum = vdotq_u32(sum, x, w);
  }
  [[gnu::always_inline]] static int32x4_t reduce(Sum a, Sum b, Sum c, Sum d) {
    return reduce_s32(vreinterpretq_s32_u32(a), vreinterpretq_s32_u32(b), vreinterpretq_s32_u32(c),
                      vreinterpretq_s32_u32(d));
  }
};

template <class Dot, class T>
void matmul(const Matmul<T, T, int32_t>& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    matmul_row<Dot, kColumns>(a, ByteRow<T>(a.in + r * a.in_stride, a.depth), r);
  }
}

}  // namespace

void matmul_s8_dotprod(const MatmulS8& a) {
  a.depth < kShortestDepth ? matmul_s8_portable(a) : matmul<DotS8>(a);
}

void matmul_u8_dotprod(const MatmulU8& a) {
  a.depth < kShortestDepth ? matmul_u8_portable(a) : matmul<DotU8>(a);
}

}  // namespace pipit
