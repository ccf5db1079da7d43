// SPDX-License-Identifier: Apache-2.0
// Four sums of lanes in one register.
//
//     ADDP (a, b) = a0 + a1, a2 + a3, b0 + b1, b2 + b3
//
// so that two rounds of it make four vectors one, whose lane i is the total of the i-th. Sums wrap.
#pragma once

#include <arm_neon.h>

#include "kernels/arm/wrapping_neon.h"

namespace pipit {
namespace {

#if PIPIT_ARM64
[[gnu::always_inline]] inline int32x4_t reduce_s32(int32x4_t a, int32x4_t b, int32x4_t c,
                                                   int32x4_t d) {
  return vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d));
}
#else
[[gnu::always_inline]] inline int32x4_t reduce_s32(int32x4_t a, int32x4_t b, int32x4_t c,
                                                   int32x4_t d) {
  const auto halves = [](int32x4_t x) { return wrapping_add(vget_low_s32(x), vget_high_s32(x)); };
  const int32x2_t ab[2] = {halves(a), halves(b)}, cd[2] = {halves(c), halves(d)};
  // gcc would compute one half of the result elsewhere and move it.
  int32x4_t sums;
  asm("vpadd.i32 %e0, %P1, %P2\n\tvpadd.i32 %f0, %P3, %P4"
      : "=&w"(sums)
      : "w"(ab[0]), "w"(ab[1]), "w"(cd[0]), "w"(cd[1]));
  return sums;
}
#endif

[[gnu::always_inline]] inline int32x4_t reduce_s32(uint32x4_t a, uint32x4_t b, uint32x4_t c,
                                                   uint32x4_t d) {
  return reduce_s32(vreinterpretq_s32_u32(a), vreinterpretq_s32_u32(b), vreinterpretq_s32_u32(c),
                    vreinterpretq_s32_u32(d));
}

}  // namespace
}  // namespace pipit
