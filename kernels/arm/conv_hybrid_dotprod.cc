// SPDX-License-Identifier: Apache-2.0
// Built with -march=armv8.2-a+dotprod. Call only when kCpuDotprod is set.
//
// For 16 bytes of depth a tile of 4 x 4 has eight loads and 16 SDOT: 32 multiply-adds a cycle,
// until its sums are reduced and scaled.
#include "kernels/arm/conv_hybrid.h"

namespace pipit {
namespace {

struct Dot {
  static constexpr int kRows = 4;

  PIPIT_INLINE static void add(int32x4_t (&sum)[4], const int8x16_t (&x)[4],
                               const int8x16_t (&w)[4]) {
    unroll<4>([&](auto i) PIPIT_INLINE { sum[i] = vdotq_s32(sum[i], x[i], w[i]); });
  }
};

}  // namespace

void conv_hybrid_dotprod(const ConvHybrid& a) { conv_hybrid_arm<Dot>(a); }

}  // namespace pipit
