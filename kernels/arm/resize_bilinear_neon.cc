// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// The rows around an output row are multiplied by their weights once, into scratch: what is left
// for each output are four products and four sums, in the order of the portable kernel. 38
// instructions for eight bytes.
//
// Weights that are all sixteenths, as when an image grows to twice or eight times its size, leave
// no float anything to round: 16 bits compute the same, with ten instructions for sixteen bytes.
//
//    scratch:  upper[in_w * channels], lower[in_w * channels]   floats, or
//              blended[in_w * channels]                         uint16, in sixteenths
#include <arm_neon.h>

#include <cstddef>

#include "kernels/arm/resize_cut.h"

namespace pipit {
namespace {

[[gnu::always_inline]] inline float32x4_t to_float(uint16x4_t x) {
  return vcvtq_f32_u32(vmovl_u16(x));
}

// out = in * weight; n >= 8, the last vectors overlap.
void scale_row(const uint8_t* in, int32_t n, float weight, float* out) {
  const float32x4_t w = vdupq_n_f32(weight);
  for (int32_t i = 0; i < n; i += 8) {
    const int32_t at = i + 8 <= n ? i : n - 8;
    const uint16x8_t x = vmovl_u8(vld1_u8(in + at));
    vst1q_f32(out + at, vmulq_f32(to_float(vget_low_u16(x)), w));
    vst1q_f32(out + at + 4, vmulq_f32(to_float(vget_high_u16(x)), w));
  }
}

// One output column: where its neighbours lie in the two rows, and their weights.
struct Column {
  const float *left_upper, *left_lower, *right_upper, *right_lower;
  float32x4_t left, right;

  [[gnu::always_inline]] uint16x4_t four(int32_t c) const {
    const float32x4_t half = vdupq_n_f32(0.5f);
    float32x4_t sum = vaddq_f32(vmulq_f32(vld1q_f32(left_upper + c), left),
                                vmulq_f32(vld1q_f32(left_lower + c), left));
    sum = vaddq_f32(sum, vmulq_f32(vld1q_f32(right_upper + c), right));
    sum = vaddq_f32(sum, vmulq_f32(vld1q_f32(right_lower + c), right));
    return vmovn_u32(vcvtq_u32_f32(vaddq_f32(sum, half)));
  }
};

void resize_row(const ResizeBilinear<uint8_t>& a, const float* upper, const float* lower,
                uint8_t* out) {
  for (int32_t x = 0; x < a.out_w; ++x, out += a.channels) {
    const auto& tap = a.columns[x];
    const ptrdiff_t left = ptrdiff_t{tap.lower} * a.channels;
    const ptrdiff_t right = ptrdiff_t{tap.upper} * a.channels;
    const Column column = {upper + left,
                           lower + left,
                           upper + right,
                           lower + right,
                           vdupq_n_f32(1 - tap.weight),
                           vdupq_n_f32(tap.weight)};
    for (int32_t c = 0; c < a.channels; c += 8) {
      const int32_t at = c + 8 <= a.channels ? c : a.channels - 8;
      vst1_u8(out + at, vmovn_u16(vcombine_u16(column.four(at), column.four(at + 4))));
    }
  }
}

// ---- weights in sixteenths

constexpr int kUnit = 16;

using Tap = ResizeTap<float>;

bool in_sixteenths(const Tap* taps, int32_t n) {
  bool all = true;
  for (int32_t i = 0; i < n; ++i) {
    const float units = taps[i].weight * kUnit;
    all =
        all && units >= 0 && units <= kUnit && units == static_cast<float>(static_cast<int>(units));
  }
  return all;
}

// out = upper * (16 - weight) + lower * weight; n >= 8. At most 255 * 16.
void blend_rows(const uint8_t* upper, const uint8_t* lower, int32_t n, int weight, uint16_t* out) {
  const uint8x8_t above = vdup_n_u8(static_cast<uint8_t>(kUnit - weight));
  const uint8x8_t below = vdup_n_u8(static_cast<uint8_t>(weight));
  for (int32_t i = 0; i < n; i += 8) {
    const int32_t at = i + 8 <= n ? i : n - 8;
    vst1q_u16(out + at, vmlal_u8(vmull_u8(vld1_u8(upper + at), above), vld1_u8(lower + at), below));
  }
}

// Between two columns of a blended row.
struct Blend {
  const uint16_t *left, *right;
  uint16x8_t left_weight, right_weight;

  [[gnu::always_inline]] uint8x8_t eight(int32_t c) const {
    const uint16x8_t sum =
        vmlaq_u16(vmulq_u16(vld1q_u16(left + c), left_weight), vld1q_u16(right + c), right_weight);
    return vrshrn_n_u16(sum, 8);  // by both units
  }
};

void blend_columns(const ResizeBilinear<uint8_t>& a, const uint16_t* row, uint8_t* out) {
  for (int32_t x = 0; x < a.out_w; ++x, out += a.channels) {
    const Tap& tap = a.columns[x];
    const auto weight = static_cast<uint16_t>(tap.weight * kUnit);
    const Blend blend = {row + ptrdiff_t{tap.lower} * a.channels,
                         row + ptrdiff_t{tap.upper} * a.channels,
                         vdupq_n_u16(static_cast<uint16_t>(kUnit - weight)), vdupq_n_u16(weight)};
    int32_t c = 0;
    for (; c + 16 <= a.channels; c += 16) {
      vst1q_u8(out + c, vcombine_u8(blend.eight(c), blend.eight(c + 8)));
    }
    for (; c < a.channels; c += 8) {
      const int32_t at = c + 8 <= a.channels ? c : a.channels - 8;
      vst1_u8(out + at, blend.eight(at));
    }
  }
}

void resize_image(const ResizeBilinear<uint8_t>& a, const uint8_t* in, bool sixteenths,
                  uint8_t* out) {
  const int32_t n = row_elements(a);
  auto* upper = static_cast<float*>(a.scratch);
  float* lower = upper + n;
  auto* blended = static_cast<uint16_t*>(a.scratch);
  for (int32_t y = 0; y < a.out_h; ++y, out += ptrdiff_t{a.out_w} * a.channels) {
    const Tap& tap = a.rows[y];
    const uint8_t* above = in + ptrdiff_t{tap.lower} * n;
    const uint8_t* below = in + ptrdiff_t{tap.upper} * n;
    if (sixteenths) {
      blend_rows(above, below, n, static_cast<int>(tap.weight * kUnit), blended);
      blend_columns(a, blended, out);
    } else {
      scale_row(above, n, 1 - tap.weight, upper);
      scale_row(below, n, tap.weight, lower);
      resize_row(a, upper, lower, out);
    }
  }
}

}  // namespace

void resize_bilinear_neon(const ResizeBilinear<uint8_t>& a) {
  if (!suits(a)) return resize_bilinear_portable(a);
  const bool sixteenths = in_sixteenths(a.rows, a.out_h) && in_sixteenths(a.columns, a.out_w);
  for (int32_t b = 0; b < a.batch; ++b) {
    resize_image(a, a.in + ptrdiff_t{b} * a.in_h * row_elements(a), sixteenths,
                 a.out + ptrdiff_t{b} * a.out_h * a.out_w * a.channels);
  }
}

}  // namespace pipit
