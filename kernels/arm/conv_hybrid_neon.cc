// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Sixteen products take SMULL, SMULL2 and two SADALP. Two products of int8 fit into 16 bits unless
// all four factors are -128, so panels of weights without that number take SMULL, SMLAL2 and
// SADALP. (Of activations, the least is nearly always -128.)
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

// Whether one of n numbers, at least eight, is -128.
bool has_min(const int8_t* x, ptrdiff_t n) {
  const int8x8_t end = vld1_s8(x + n - 8);
  int8x16_t least = vcombine_s8(end, vld1_s8(x));
  for (; n >= 16; n -= 16, x += 16) least = vminq_s8(least, vld1q_s8(x));
  int8_t bytes[16];
  vst1q_s8(bytes, n >= 8 ? vminq_s8(least, vcombine_s8(end, vld1_s8(x))) : least);
  bool found = false;
  for (const int8_t b : bytes) found |= b == INT8_MIN;
  return found;
}

struct Panels {
  static void run(const HybridPanel& p, const DepthCut& cut, const int8_t* first, ptrdiff_t pitch,
                  int32_t count, const HybridResults& to) {
    const ptrdiff_t depth = cut.last + (cut.is_short ? 8 : 16);
    bool found = false;
    for (const int8_t* w : p.weights) found |= has_min(w, depth);
    found ? run_panel<DotAny>(p, cut, first, pitch, count, to)
          : run_panel<DotPairs>(p, cut, first, pitch, count, to);
  }
};

}  // namespace

size_t conv_hybrid_scratch(const ConvHybrid& a) { return HybridWindows(a).bytes(); }
void conv_hybrid_neon(const ConvHybrid& a) { conv_hybrid_arm<Panels>(a); }

}  // namespace pipit
