// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/conv_3d.h"
#include "kernels/portable/conv_loops.h"

namespace pipit {
namespace {

constexpr int32_t kBlock = 64;  // output channels that are summed together

struct Position {
  int32_t z, y, x;
};

// Calls f(position, output pixel) for every output position of an image.
template <class F>
void for_each_output(const Conv3d& a, float* out, F f) {
  for (int32_t z = 0; z < a.z.out; ++z) {
    for (int32_t y = 0; y < a.y.out; ++y) {
      for (int32_t x = 0; x < a.x.out; ++x, out += a.out_c) f(Position{z, y, x}, out);
    }
  }
}

// The input position that tap `k` connects with output position `at`, or -1.
int64_t input_of_tap(const ConvAxis& a, int32_t at, int32_t k) {
  const int64_t i = int64_t{at} * a.stride - a.pad + int64_t{k} * a.dilation;
  return i < a.in ? i : -1;
}

// Only every `stride`-th position has an input.
int64_t input_of_tap_transposed(const ConvAxis& a, int32_t at, int32_t k) {
  const int64_t i = int64_t{at} + a.pad - int64_t{k} * a.dilation;
  return i >= 0 && i % a.stride == 0 && i / a.stride < a.in ? i / a.stride : -1;
}

// Calls f(input pixel, index of the tap) for every tap inside of the image.
template <class InputOf, class F>
void for_each_tap(const Conv3d& a, const Position& at, const float* in, InputOf input_of, F f) {
  for (int32_t kz = 0; kz < a.z.kernel; ++kz) {
    const int64_t z = input_of(a.z, at.z, kz);
    if (z < 0) continue;
    for (int32_t ky = 0; ky < a.y.kernel; ++ky) {
      const int64_t y = input_of(a.y, at.y, ky);
      if (y < 0) continue;
      for (int32_t kx = 0; kx < a.x.kernel; ++kx) {
        const int64_t x = input_of(a.x, at.x, kx);
        if (x < 0) continue;
        const int64_t pixel = (z * a.y.in + y) * a.x.in + x;
        f(in + pixel * a.in_c, (ptrdiff_t{kz} * a.y.kernel + ky) * a.x.kernel + kx);
      }
    }
  }
}

float finish(const Conv3d& a, float sum, int32_t o) {
  return clamp(sum + (a.bias != nullptr ? a.bias[o] : 0), a.min, a.max);
}

// Weights have the output channels last, so those are summed side by side ...
void convolve(const Conv3d& a, const float* in, float* image) {
  for_each_output(a, image, [&](const Position& at, float* out) {
    for (int32_t first = 0; first < a.out_c; first += kBlock) {
      const int32_t n = a.out_c - first < kBlock ? a.out_c - first : kBlock;
      float sums[kBlock] = {};
      for_each_tap(a, at, in, input_of_tap, [&](const float* x, ptrdiff_t tap) {
        const float* w = a.weights + tap * a.in_c * a.out_c + first;
        for (int32_t i = 0; i < a.in_c; ++i, w += a.out_c) {
          for (int32_t o = 0; o < n; ++o) sums[o] += x[i] * w[o];
        }
      });
      for (int32_t o = 0; o < n; ++o) out[first + o] = finish(a, sums[o], first + o);
    }
  });
}

// ... and of a transposed convolution the input channels, along which it sums. Each output collects
// from the inputs that reach it: no output is written twice.
void convolve_transposed(const Conv3d& a, const float* in, float* image) {
  for_each_output(a, image, [&](const Position& at, float* out) {
    for (int32_t o = 0; o < a.out_c; ++o) {
      SumF32 sum;
      for_each_tap(a, at, in, input_of_tap_transposed, [&](const float* x, ptrdiff_t tap) {
        sum.add_products(x, a.weights + (tap * a.out_c + o) * a.in_c, a.in_c);
      });
      out[o] = finish(a, sum.total(), o);
    }
  });
}

template <class Image>
void for_each_image(const Conv3d& a, Image image) {
  const ptrdiff_t in = ptrdiff_t{a.z.in} * a.y.in * a.x.in * a.in_c;
  const ptrdiff_t out = ptrdiff_t{a.z.out} * a.y.out * a.x.out * a.out_c;
  for (int32_t b = 0; b < a.batch; ++b) image(a, a.in + b * in, a.out + b * out);
}

}  // namespace

void conv_3d(const Conv3d& a) { for_each_image(a, convolve); }
void conv_3d_transpose(const Conv3d& a) { for_each_image(a, convolve_transposed); }

}  // namespace pipit
