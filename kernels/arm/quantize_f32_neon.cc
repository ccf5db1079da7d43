// SPDX-License-Identifier: Apache-2.0
// Only for 64-bit ARM: elsewhere vectors neither divide nor round halves away from zero. Two
// divisions for eight numbers are most of the work.
#include <arm_neon.h>

#include "kernels/contracts/quantize_f32.h"

namespace pipit {
namespace {

struct Quantizer {
  float32x4_t scale;
  int32x4_t zero_point, min, max;

  explicit Quantizer(const QuantizeF32& a)
      : scale(vdupq_n_f32(a.scale)),
        zero_point(vdupq_n_s32(a.zero_point)),
        min(vdupq_n_s32(a.min)),
        max(vdupq_n_s32(a.max)) {}

  // FCVTAS saturates, and makes 0 of what is not a number.
  [[gnu::always_inline]] int32x4_t four(float32x4_t x) const {
    const int32x4_t whole = vcvtaq_s32_f32(vdivq_f32(x, scale));
    return vminq_s32(vmaxq_s32(vqaddq_s32(whole, zero_point), min), max);
  }
  // Of the 32 bits the lowest eight are kept, be they signed or not.
  [[gnu::always_inline]] void eight(const float* in, uint8_t* out) const {
    const int16x8_t y =
        vcombine_s16(vmovn_s32(four(vld1q_f32(in))), vmovn_s32(four(vld1q_f32(in + 4))));
    vst1_u8(out, vmovn_u16(vreinterpretq_u16_s16(y)));
  }
};

}  // namespace

void quantize_f32_s8_neon(const QuantizeF32& a) {
  if (a.n < 8) return quantize_f32_s8_portable(a);
  const Quantizer quantizer(a);
  auto* out = static_cast<uint8_t*>(a.out);
  for (int32_t i = 0; i + 8 < a.n; i += 8) quantizer.eight(a.in + i, out + i);
  quantizer.eight(a.in + a.n - 8, out + a.n - 8);
}

}  // namespace pipit
