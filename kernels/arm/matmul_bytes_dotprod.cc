// SPDX-License-Identifier: Apache-2.0
// Built with -march=armv8.2-a+dotprod. Call only when kCpuDotprod is set.
//
// Seventeen loads for sixteen SDOT: bound by loads, two of which a cycle make 30 multiply-adds.
#include "kernels/arm/matmul_bytes.h"

namespace pipit {
namespace {

constexpr int kColumns = 16;

inline int32x4_t dot(int32x4_t sum, int8x16_t x, int8x16_t w) { return vdotq_s32(sum, x, w); }
inline uint32x4_t dot(uint32x4_t sum, uint8x16_t x, uint8x16_t w) { return vdotq_u32(sum, x, w); }

template <class Byte, class SumOfLanes>
struct Dot {
  using T = Byte;
  using Sum = SumOfLanes;
  static constexpr int kWidth = 16;

  template <int n>
  [[gnu::always_inline]] static void step(Sum (&sum)[n], const T* in, const T* const (&from)[n],
                                          ptrdiff_t k) {
    const auto x = load_bytes(in);
    unroll<n>([&](auto i)
                  [[gnu::always_inline]] { sum[i] = dot(sum[i], x, load_bytes(from[i] + k)); });
  }
};

}  // namespace

void matmul_s8_dotprod(const MatmulS8& a) {
  if (a.depth < 8) return matmul_s8_portable(a);
  if (a.depth < 16) return matmul_rows<ShortDotS8, 4>(a);
  matmul_rows<Dot<int8_t, int32x4_t>, kColumns>(a);
}

void matmul_u8_dotprod(const MatmulU8& a) {
  if (a.depth < 8) return matmul_u8_portable(a);
  if (a.depth < 16) return matmul_rows<ShortDotU8, 4>(a);
  matmul_rows<Dot<uint8_t, uint32x4_t>, kColumns>(a);
}

}  // namespace pipit
