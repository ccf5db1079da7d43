// SPDX-License-Identifier: Apache-2.0
// Sums of lanes that wrap, as the instructions do and the portable kernels define it. Compilers
// take vaddq_s32 and its relatives for arithmetic of C, in which an overflow is undefined.
#pragma once

#include <arm_neon.h>

namespace pipit {

[[gnu::always_inline]] inline int32x4_t wrapping_add(int32x4_t a, int32x4_t b) {
  return vreinterpretq_s32_u32(vaddq_u32(vreinterpretq_u32_s32(a), vreinterpretq_u32_s32(b)));
}
[[gnu::always_inline]] inline int32x2_t wrapping_add(int32x2_t a, int32x2_t b) {
  return vreinterpret_s32_u32(vadd_u32(vreinterpret_u32_s32(a), vreinterpret_u32_s32(b)));
}
[[gnu::always_inline]] inline int16x8_t wrapping_add(int16x8_t a, int16x8_t b) {
  return vreinterpretq_s16_u16(vaddq_u16(vreinterpretq_u16_s16(a), vreinterpretq_u16_s16(b)));
}

[[gnu::always_inline]] inline int32x4_t wrapping_subtract(int32x4_t a, int32x4_t b) {
  return vreinterpretq_s32_u32(vsubq_u32(vreinterpretq_u32_s32(a), vreinterpretq_u32_s32(b)));
}
[[gnu::always_inline]] inline int16x8_t wrapping_subtract(int16x8_t a, int16x8_t b) {
  return vreinterpretq_s16_u16(vsubq_u16(vreinterpretq_u16_s16(a), vreinterpretq_u16_s16(b)));
}

[[gnu::always_inline]] inline int32x4_t wrapping_negate(int32x4_t a) {
  return wrapping_subtract(vdupq_n_s32(0), a);
}
[[gnu::always_inline]] inline int16x8_t wrapping_negate(int16x8_t a) {
  return wrapping_subtract(vdupq_n_s16(0), a);
}

[[gnu::always_inline]] inline int32x4_t wrapping_multiply(int32x4_t a, int32x4_t b) {
  return vreinterpretq_s32_u32(vmulq_u32(vreinterpretq_u32_s32(a), vreinterpretq_u32_s32(b)));
}
[[gnu::always_inline]] inline int16x8_t wrapping_multiply(int16x8_t a, int16x8_t b) {
  return vreinterpretq_s16_u16(vmulq_u16(vreinterpretq_u16_s16(a), vreinterpretq_u16_s16(b)));
}

// sum + a * b
[[gnu::always_inline]] inline int32x4_t wrapping_multiply_add(int32x4_t sum, int32x4_t a,
                                                              int32x4_t b) {
  return vreinterpretq_s32_u32(
      vmlaq_u32(vreinterpretq_u32_s32(sum), vreinterpretq_u32_s32(a), vreinterpretq_u32_s32(b)));
}
[[gnu::always_inline]] inline int16x8_t wrapping_multiply_add(int16x8_t sum, int16x8_t a,
                                                              int16x8_t b) {
  return vreinterpretq_s16_u16(
      vmlaq_u16(vreinterpretq_u16_s16(sum), vreinterpretq_u16_s16(a), vreinterpretq_u16_s16(b)));
}

}  // namespace pipit
