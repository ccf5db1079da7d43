// SPDX-License-Identifier: Apache-2.0
// The weights of eight channels of a depthwise convolution.
#pragma once

#include <arm_neon.h>

#include <cstring>

#include "kernels/arm/depthwise_cut.h"
#include "kernels/arm/wrapping_neon.h"

namespace pipit {
namespace {

// The weights of a block, as in the file. Copies of what stores could change.
struct DepthwiseTaps {
  const uint8_t* first;
  ptrdiff_t row, tap;
  int32_t channels, rows, columns;
  uint8_t zero_point;
  bool flips;

  uint8x8_t at(int32_t ky, int32_t kx) const {
    const uint8_t* w = first + ky * row + kx * tap;
    if (channels == kDwLanes) return vld1_u8(w);
    uint8_t eight[kDwLanes] = {};
    std::memcpy(eight, w, static_cast<size_t>(channels));
    return vld1_u8(eight);
  }
  // Without the zero point.
  uint8x8_t magnitude(uint8x8_t w) const {
    if (!flips) return vreinterpret_u8_s8(vabs_s8(vreinterpret_s8_u8(w)));
    return vabd_u8(w, vdup_n_u8(zero_point));
  }
  // Each part takes what it can of the rest, at most 127 of it: a difference of 255 is
  // 127 + 127 + 1, the int8 weight -128 is -127 - 1.
  int8x8_t part(uint8x8_t w, int32_t parts, int32_t index) const {
    if (parts == 1) return vreinterpret_s8_u8(vsub_u8(w, vdup_n_u8(zero_point)));
    int16x8_t left = flips ? vreinterpretq_s16_u16(vsubl_u8(w, vdup_n_u8(zero_point)))
                           : vmovl_s8(vreinterpret_s8_u8(w));
    const int16x8_t most = vdupq_n_s16(127);
    const auto clamped = [&](int16x8_t v) {
      return vmaxq_s16(vminq_s16(v, most), wrapping_negate(most));
    };
    for (int32_t p = 0; p < index; ++p) left = wrapping_subtract(left, clamped(left));
    return vmovn_s16(clamped(left));
  }
};

inline int32_t count_parts(const DepthwiseTaps& taps) {
  uint8x8_t most = vdup_n_u8(0);
  for (int32_t ky = 0; ky < taps.rows; ++ky) {
    for (int32_t kx = 0; kx < taps.columns; ++kx) {
      most = vmax_u8(most, taps.magnitude(taps.at(ky, kx)));
    }
  }
  const auto any_beyond = [&](uint8_t limit) {
    return vget_lane_u64(vreinterpret_u64_u8(vcgt_u8(most, vdup_n_u8(limit))), 0) != 0;
  };
  return any_beyond(254) ? 3 : any_beyond(127) ? 2 : 1;
}

}  // namespace
}  // namespace pipit
