// SPDX-License-Identifier: Apache-2.0
#include <cstddef>

#include "kernels/contracts/resize_bilinear.h"

namespace pipit {
namespace {

// The pixels around an output pixel: first index row, second column; 0 lower, 1 upper.
template <class T>
struct Corners {
  const T *p00, *p01, *p10, *p11;
};

// Calls pixel(corners, weight of the lower row, weight of the right column, out).
template <class T, class Pixel>
void for_each_pixel(const ResizeBilinear<T>& a, Pixel pixel) {
  const ptrdiff_t row = ptrdiff_t{a.in_w} * a.channels;
  const T* in = a.in;
  T* out = a.out;
  for (int32_t b = 0; b < a.batch; ++b, in += a.in_h * row) {
    for (int32_t y = 0; y < a.out_h; ++y) {
      const T* upper = in + a.rows[y].lower * row;
      const T* lower = in + a.rows[y].upper * row;
      for (int32_t x = 0; x < a.out_w; ++x, out += a.channels) {
        const ptrdiff_t left = ptrdiff_t{a.columns[x].lower} * a.channels;
        const ptrdiff_t right = ptrdiff_t{a.columns[x].upper} * a.channels;
        pixel(Corners<T>{upper + left, upper + right, lower + left, lower + right},
              a.rows[y].weight, a.columns[x].weight, out);
      }
    }
  }
}

template <class T>
void resize_floats(const ResizeBilinear<T>& a, float rounding) {
  for_each_pixel(a, [&](const Corners<T>& p, float wy, float wx, T* out) {
    const float vy = 1 - wy;
    const float vx = 1 - wx;
    for (int32_t c = 0; c < a.channels; ++c) {
      // In this order, products from left to right: floats would differ in another.
      out[c] = static_cast<T>(p.p00[c] * vy * vx + p.p10[c] * wy * vx + p.p01[c] * vy * wx +
                              p.p11[c] * wy * wx + rounding);
    }
  });
}

// Sums of weighted int8 values fit 32 bits: no weight is above 1.5 * 1024. Products of two weights
// are in units of 2^-20, which one division takes away.
template <class Sum, class T>
void resize_integers(const ResizeBilinear<T>& a) {
  constexpr Sum kOne = Sum{kResizeOne} * kResizeOne;
  for_each_pixel(a, [&](const Corners<T>& p, int32_t wy, int32_t wx, T* out) {
    const Sum w00 = (kResizeOne - wy) * (kResizeOne - wx);
    const Sum w01 = (kResizeOne - wy) * wx;
    const Sum w10 = wy * (kResizeOne - wx);
    const Sum w11 = wy * wx;
    for (int32_t c = 0; c < a.channels; ++c) {
      const Sum sum = p.p00[c] * w00 + p.p10[c] * w10 + p.p01[c] * w01 + p.p11[c] * w11;
      out[c] = static_cast<T>((sum + (sum > 0 ? kOne / 2 : -(kOne / 2))) / kOne);
    }
  });
}

}  // namespace

void resize_bilinear_portable(const ResizeBilinear<float>& a) { resize_floats(a, 0.0f); }
void resize_bilinear_portable(const ResizeBilinear<uint8_t>& a) { resize_floats(a, 0.5f); }
void resize_bilinear_portable(const ResizeBilinear<int8_t>& a) { resize_integers<int32_t>(a); }
void resize_bilinear_portable(const ResizeBilinear<int16_t>& a) { resize_integers<int64_t>(a); }

}  // namespace pipit
