// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Both branches are computed, and one of them is picked.
#include "kernels/arm/each_vector.h"
#include "kernels/arm/fixed_point_neon.h"
#include "kernels/contracts/prelu_s8.h"

namespace pipit {

void prelu_s8_neon(const Binary& r) {
  const auto q = *static_cast<const PreluQuantized*>(r.constants);
  const MultiplierNeon above(q.above_multiplier, q.above_shift);
  const MultiplierNeon below(q.below_multiplier, q.below_shift);
  const OutputS8Neon output(q.zero_point, q.min, q.max);
  const int8x8_t zero_x = vdup_n_s8(static_cast<int8_t>(q.in_zero_point));
  const int8x8_t zero_alpha = vdup_n_s8(static_cast<int8_t>(q.alpha_zero_point));
  const uint8x16_t flip = vdupq_n_u8(q.flip);
  const auto half = [&](auto x, auto alpha) [[gnu::always_inline]] {
    const int16x8_t d = vsubl_s8(x, zero_x), slope = vsubl_s8(alpha, zero_alpha);
    const int16x4_t d_low = vget_low_s16(d), d_high = vget_high_s16(d);
    const int16x8_t scaled = narrow(above(vmovl_s16(d_low)), above(vmovl_s16(d_high)));
    const int16x8_t bent = narrow(below(vmull_s16(d_low, vget_low_s16(slope))),
                                  below(vmull_s16(d_high, vget_high_s16(slope))));
    return vbslq_s16(vcltq_s16(d, vdupq_n_s16(0)), bent, scaled);
  };
  each_vector<int8_t>(r, [&](auto a, auto b) [[gnu::always_inline]] {
    const int8x16_t x = vreinterpretq_s8_u8(veorq_u8(a, flip));
    const int8x16_t alpha = vreinterpretq_s8_u8(veorq_u8(b, flip));
    const int16x8_t low = half(vget_low_s8(x), vget_low_s8(alpha));
    const int16x8_t high = half(vget_high_s8(x), vget_high_s8(alpha));
    return veorq_u8(vreinterpretq_u8_s8(output(low, high)), flip);
  });
}

}  // namespace pipit
