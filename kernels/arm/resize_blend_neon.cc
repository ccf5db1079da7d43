// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// int8 and float: the two rows around an output row are blended once, into scratch; each output
// then lies between two of that row's pixels. int8 blends in 32 bits, without loss: 14 instructions
// for eight. Weights that are all sixteenths, as when an image grows to twice or eight times its
// size, fit 16 bits: 7 instructions for eight.
#include <arm_neon.h>

#include <cstddef>

#include "kernels/arm/resize_cut.h"
#include "kernels/arm/unroll.h"
#include "kernels/arm/wrapping_neon.h"

namespace pipit {
namespace {

// ---- eight elements: out = a * (one - weight) + b * weight

// float
struct Floats {
  using Element = float;
  using Blended = float;
  float32x4_t above, below;

  explicit Floats(float weight) : above(vdupq_n_f32(1 - weight)), below(vdupq_n_f32(weight)) {}

  [[gnu::always_inline]] void rows(const float* a, const float* b, float* out) const {
    unroll<2>([&](auto i) [[gnu::always_inline]] {
      const float32x4_t x = vmulq_f32(vld1q_f32(a + 4 * i), above);
      vst1q_f32(out + 4 * i, vfmaq_f32(x, vld1q_f32(b + 4 * i), below));
    });
  }
  [[gnu::always_inline]] void columns(const float* a, const float* b, float* out) const {
    rows(a, b, out);
  }
};

// int8, weights in units of 1 / 1024. No blended number is beyond 2^17: only where both rows are
// the same one are the weights outside of [0, 1).
struct Bytes {
  using Element = int8_t;
  using Blended = int32_t;
  int16_t above, below;

  explicit Bytes(int32_t weight)
      : above(static_cast<int16_t>(kResizeOne - weight)), below(static_cast<int16_t>(weight)) {}

  [[gnu::always_inline]] void rows(const int8_t* a, const int8_t* b, int32_t* out) const {
    const int16x8_t x = vmovl_s8(vld1_s8(a)), y = vmovl_s8(vld1_s8(b));
    vst1q_s32(out, vmlal_n_s16(vmull_n_s16(vget_low_s16(x), above), vget_low_s16(y), below));
    vst1q_s32(out + 4, vmlal_n_s16(vmull_n_s16(vget_high_s16(x), above), vget_high_s16(y), below));
  }
  [[gnu::always_inline]] void columns(const int32_t* a, const int32_t* b, int8_t* out) const {
    int16x4_t y[2];
    unroll<2>([&](auto i) [[gnu::always_inline]] {
      int32x4_t sum = wrapping_multiply(vld1q_s32(a + 4 * i), vdupq_n_s32(above));
      sum = wrapping_multiply_add(sum, vld1q_s32(b + 4 * i), vdupq_n_s32(below));
      // Halves are rounded up: one less is rounded away from zero where it is negative.
      sum = vsraq_n_s32(sum, sum, 31);
      y[i] = vmovn_s32(vrshrq_n_s32(sum, 20));
    });
    vst1_s8(out, vmovn_s16(vcombine_s16(y[0], y[1])));
  }
};

// int8, weights in sixteenths: blended numbers are below 2^11, the sums of both units 2^15.
struct Sixteenths {
  using Element = int8_t;
  using Blended = int16_t;
  static constexpr int kUnit = 16;
  int8x8_t above, below;
  int16x8_t left, right;

  explicit Sixteenths(int32_t weight) {
    const int32_t units = weight / (kResizeOne / kUnit);
    above = vdup_n_s8(static_cast<int8_t>(kUnit - units));
    below = vdup_n_s8(static_cast<int8_t>(units));
    left = vmovl_s8(above);
    right = vmovl_s8(below);
  }

  [[gnu::always_inline]] void rows(const int8_t* a, const int8_t* b, int16_t* out) const {
    vst1q_s16(out, vmlal_s8(vmull_s8(vld1_s8(a), above), vld1_s8(b), below));
  }
  [[gnu::always_inline]] void columns(const int16_t* a, const int16_t* b, int8_t* out) const {
    int16x8_t sum =
        wrapping_multiply_add(wrapping_multiply(vld1q_s16(a), left), vld1q_s16(b), right);
    sum = vqaddq_s16(sum, vshrq_n_s16(sum, 15));
    vst1_s8(out, vrshrn_n_s16(sum, 8));
  }
};

bool in_sixteenths(const ResizeTap<int32_t>* taps, int32_t n) {
  constexpr int32_t kStep = kResizeOne / Sixteenths::kUnit;
  bool all = true;
  for (int32_t i = 0; i < n; ++i) {
    const int32_t w = taps[i].weight;
    all = all && w >= 0 && w <= kResizeOne && w % kStep == 0;
  }
  return all;
}

// ---- images

// at(i) for the first elements of blocks of eight that cover n >= 8; the last may overlap.
template <class At>
[[gnu::always_inline]] inline void each_eight(int32_t n, const At& at) {
  for (int32_t i = 0; i + 8 < n; i += 8) at(i);
  at(n - 8);
}

template <class Blend, class T = typename Blend::Element>
void resize(const ResizeBilinear<T>& a) {
  const int32_t n = row_elements(a);
  auto* row = static_cast<typename Blend::Blended*>(a.scratch);
  T* out = a.out;
  for (int32_t i = 0; i < a.batch * a.out_h; ++i) {
    const int32_t image = i / a.out_h;
    const auto& y = a.rows[i - image * a.out_h];
    const T* in = a.in + ptrdiff_t{image} * a.in_h * n;
    const T *upper = in + ptrdiff_t{y.lower} * n, *lower = in + ptrdiff_t{y.upper} * n;
    const Blend vertical(y.weight);
    each_eight(
        n, [&](int32_t e) [[gnu::always_inline]] { vertical.rows(upper + e, lower + e, row + e); });
    for (int32_t x = 0; x < a.out_w; ++x, out += a.channels) {
      const auto& tap = a.columns[x];
      const auto* left = row + ptrdiff_t{tap.lower} * a.channels;
      const auto* right = row + ptrdiff_t{tap.upper} * a.channels;
      const Blend horizontal(tap.weight);
      each_eight(a.channels, [&](int32_t c) [[gnu::always_inline]] {
        horizontal.columns(left + c, right + c, out + c);
      });
    }
  }
}

}  // namespace

void resize_bilinear_neon(const ResizeBilinear<int8_t>& a) {
  if (!suits(a)) return resize_bilinear_portable(a);
  const bool sixteenths = in_sixteenths(a.rows, a.out_h) && in_sixteenths(a.columns, a.out_w);
  sixteenths ? resize<Sixteenths>(a) : resize<Bytes>(a);
}

void resize_bilinear_neon(const ResizeBilinear<float>& a) {
  suits(a) ? resize<Floats>(a) : resize_bilinear_portable(a);
}

}  // namespace pipit
