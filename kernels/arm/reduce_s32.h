// SPDX-License-Identifier: Apache-2.0
// Four sums of lanes in one register.
#pragma once

#include <arm_neon.h>

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
  const auto halves = [](int32x4_t x) { return vadd_s32(vget_low_s32(x), vget_high_s32(x)); };
  return vcombine_s32(vpadd_s32(halves(a), halves(b)), vpadd_s32(halves(c), halves(d)));
}
#endif

[[gnu::always_inline]] inline int32x4_t reduce_s32(uint32x4_t a, uint32x4_t b, uint32x4_t c,
                                                   uint32x4_t d) {
  return reduce_s32(vreinterpretq_s32_u32(a), vreinterpretq_s32_u32(b), vreinterpretq_s32_u32(c),
                    vreinterpretq_s32_u32(d));
}

}  // namespace
}  // namespace pipit
