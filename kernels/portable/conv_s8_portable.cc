// SPDX-License-Identifier: Apache-2.0
#include "kernels/conv_s8.h"
#include "kernels/fixed_point.h"

namespace pipit {
namespace {

// Products of one tap: `n` channels of the image with as many weights.
uint32_t dot(const int8_t* x, const int8_t* w, int32_t n) {
  int32_t sum = 0;  // n * 2^14 fits: a tensor has less than 2^31 elements, checked per tap
  for (int32_t i = 0; i < n; ++i) sum += x[i] * w[i];
  return static_cast<uint32_t>(sum);
}

// The same where the tap lies outside of the image.
uint32_t dot_outside(int32_t zero_point, const int8_t* w, int32_t n) {
  int32_t sum = 0;
  for (int32_t i = 0; i < n; ++i) sum += w[i];
  return static_cast<uint32_t>(sum) * static_cast<uint32_t>(zero_point);
}

struct Position {
  int32_t batch, y, x;
};

uint32_t sum_of_taps(const ConvS8& a, const Position& at, int32_t o) {
  const ConvGeometry& g = a.size;
  const int32_t group = o / (g.out_c / (g.in_c / a.weights_c));
  const int8_t* w = a.weights + static_cast<ptrdiff_t>(o) * g.kernel_h * g.kernel_w * a.weights_c;
  uint32_t sum = 0;
  for (int32_t ky = 0; ky < g.kernel_h; ++ky) {
    const int32_t y = at.y * g.stride_h - g.pad_top + ky * g.dilation_h;
    for (int32_t kx = 0; kx < g.kernel_w; ++kx, w += a.weights_c) {
      const int32_t x = at.x * g.stride_w - g.pad_left + kx * g.dilation_w;
      if (y < 0 || y >= g.in_h || x < 0 || x >= g.in_w) {
        sum += dot_outside(a.in_zero_point, w, a.weights_c);
        continue;
      }
      const ptrdiff_t pixel = (static_cast<ptrdiff_t>(at.batch) * g.in_h + y) * g.in_w + x;
      sum += dot(a.in + pixel * g.in_c + group * a.weights_c, w, a.weights_c);
    }
  }
  return sum;
}

}  // namespace

void conv_s8_portable(const ConvS8& a) {
  const Requantize& q = a.requantize;
  int8_t* out = a.out;
  for (int32_t b = 0; b < a.size.batch; ++b) {
    for (int32_t y = 0; y < a.size.out_h; ++y) {
      for (int32_t x = 0; x < a.size.out_w; ++x) {
        for (int32_t o = 0; o < a.size.out_c; ++o) {
          const auto sum =
              static_cast<int32_t>(static_cast<uint32_t>(a.bias[o]) + sum_of_taps(a, {b, y, x}, o));
          *out++ = static_cast<int8_t>(
              requantize(sum, q.multiplier[o], q.shift[o], q.zero_point, q.min, q.max));
        }
      }
    }
  }
}

}  // namespace pipit
