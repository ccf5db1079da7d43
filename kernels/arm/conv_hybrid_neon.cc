// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Sixteen products take SMULL, SMULL2 and two SADALP. Two products of int8 fit into 16 bits unless
// all four factors are -128, so weights without that number take SMULL, SMLAL2 and SADALP. (Of
// activations, the least is nearly always -128.)
#include "kernels/arm/conv_hybrid.h"

namespace pipit {
namespace {

#if PIPIT_ARM64
constexpr int kTile = 4;  // windows
#else
constexpr int kTile = 2;  // sixteen registers only
#endif

struct DotAny {
  static constexpr int kRows = kTile;

  PIPIT_INLINE static void add(int32x4_t (&sum)[4], const int8x16_t (&x)[4],
                               const int8x16_t (&w)[4]) {
    int16x8_t p[4];
    unroll<4>([&](auto i) PIPIT_INLINE { p[i] = vmull_s8(vget_low_s8(x[i]), vget_low_s8(w[i])); });
    unroll<4>([&](auto i) PIPIT_INLINE { sum[i] = vpadalq_s16(sum[i], p[i]); });
    unroll<4>([&](auto i)
                  PIPIT_INLINE { p[i] = vmull_s8(vget_high_s8(x[i]), vget_high_s8(w[i])); });
    unroll<4>([&](auto i) PIPIT_INLINE { sum[i] = vpadalq_s16(sum[i], p[i]); });
  }
};

struct DotPairs {
  static constexpr int kRows = kTile;

  PIPIT_INLINE static void add(int32x4_t (&sum)[4], const int8x16_t (&x)[4],
                               const int8x16_t (&w)[4]) {
    int16x8_t p[4];
    unroll<4>([&](auto i) PIPIT_INLINE { p[i] = vmull_s8(vget_low_s8(x[i]), vget_low_s8(w[i])); });
    unroll<4>([&](auto i)
                  PIPIT_INLINE { p[i] = vmlal_s8(p[i], vget_high_s8(x[i]), vget_high_s8(w[i])); });
    unroll<4>([&](auto i) PIPIT_INLINE { sum[i] = vpadalq_s16(sum[i], p[i]); });
  }
};

}  // namespace

void conv_hybrid_neon(const ConvHybrid& a) {
  a.no_weight_is_min ? conv_hybrid_arm<DotPairs>(a) : conv_hybrid_arm<DotAny>(a);
}

}  // namespace pipit
