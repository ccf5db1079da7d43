// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// A batch's image is one row of pixels, whose sums are those of a pooling window (pixel_bytes.h):
// sixteen channels at a time, and wrapping as the portable kernel's do.
#include "kernels/arm/fixed_point_neon.h"
#include "kernels/arm/pixel_bytes.h"
#include "kernels/arm/wrapping_neon.h"
#include "kernels/contracts/mean_s8.h"

namespace pipit {

void mean_s8_neon(const MeanS8& a) {
  if (a.channels < kFewestChannels) return mean_s8_portable(a);
  const MultiplierNeon multiplier(a.multiplier, a.shift);
  const OutputS8Neon output(a.zero_point, -128, 127);
  const int32x4_t bias = vdupq_n_s32(a.bias);
  for (int32_t b = 0; b < a.batch; ++b) {
    const Pixels<int8_t> image = {
        .first = a.in + ptrdiff_t{b} * a.rows * a.channels, .columns = a.rows, .pixel = a.channels};
    int8_t* out = a.out + ptrdiff_t{b} * a.channels;
    for_each_block(a.channels, [&](const ChannelBlock& block) {
      int32_t totals[16];
      sum_pixels(image, block, totals);
      const auto scaled = [&](int i) {
        return multiplier(wrapping_add(vld1q_s32(totals + 4 * i), bias));
      };
      const int8x16_t mean = output(narrow(scaled(0), scaled(1)), narrow(scaled(2), scaled(3)));
      store_block(out, block, vreinterpretq_u8_s8(mean));
    });
  }
}

}  // namespace pipit
