// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always). 22 instructions for sixteen bytes.
//
// The difference of two int8 numbers fits 16 bits and is exact as a float: only the product rounds,
// once, as in the portable kernel. That is why a zero point that is no int8 is left to the latter.
#include <arm_neon.h>

#include "kernels/arm/unroll.h"
#include "kernels/contracts/quantize_f32.h"

namespace pipit {
namespace {

struct Dequantizer {
  uint8x16_t flip;
  int8x8_t zero_point;
  float32x4_t scale;

  explicit Dequantizer(const DequantizeS8& a)
      : flip(vdupq_n_u8(a.flip)),
        zero_point(vdup_n_s8(static_cast<int8_t>(a.zero_point))),
        scale(vdupq_n_f32(a.scale)) {}

  [[gnu::always_inline]] void sixteen(const int8_t* in, float* out) const {
    const int8x16_t x = vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_s8(vld1q_s8(in)), flip));
    const int16x8_t wide[2] = {vsubl_s8(vget_low_s8(x), zero_point),
                               vsubl_s8(vget_high_s8(x), zero_point)};
    unroll<4>([&](auto i) [[gnu::always_inline]] {
      const int16x8_t w = wide[i / 2];
      const int32x4_t v = vmovl_s16(i % 2 == 0 ? vget_low_s16(w) : vget_high_s16(w));
      vst1q_f32(out + 4 * i, vmulq_f32(vcvtq_f32_s32(v), scale));
    });
  }
};

}  // namespace

void dequantize_s8_neon(const DequantizeS8& a) {
  const int8_t* in = a.in;
  float* out = a.out;
  const int32_t n = a.n;
  if (n < 16 || a.zero_point < INT8_MIN || a.zero_point > INT8_MAX) {
    return dequantize_s8_portable(a);
  }
  const Dequantizer dequantizer(a);
  // At least one number is left for the last sixteen, which overlap those before them.
  for (int32_t i = 0; i + 16 < n; i += 16) dequantizer.sixteen(in + i, out + i);
  dequantizer.sixteen(in + n - 16, out + n - 16);
}

}  // namespace pipit
