// SPDX-License-Identifier: Apache-2.0
// What all convolution kernels share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "pipit/byte_count.h"

namespace pipit {

// Sizes of a two-dimensional convolution or pooling. Images are [batch][height][width][channels].
// Output (y, x) sees the input at (y * stride_h - pad_top + ky * dilation_h, ...). The pads may be
// negative. One dimension with 3 taps, stride 2, dilation 2 and a pad of 1:
//
//   in      -1  0  1  2  3  4  5
//   out[0]   o     o     o           the tap at -1 is outside
//   out[1]         o     o     o
struct ConvGeometry {
  int32_t batch = 1;
  int32_t in_h = 1, in_w = 1, in_c = 1;
  int32_t out_h = 1, out_w = 1, out_c = 1;
  int32_t kernel_h = 1, kernel_w = 1;
  int32_t stride_h = 1, stride_w = 1;
  int32_t dilation_h = 1, dilation_w = 1;
  int32_t pad_top = 0, pad_left = 0;
};

// A stride beyond the image, to no second output, and a dilation between no taps may be any numbers
// of the file: products with a pixel's bytes would leave 32 bits.
inline void limit_steps(ConvGeometry* g) {
  g->stride_h = std::min(g->stride_h, std::max(g->in_h, 1));
  g->stride_w = std::min(g->stride_w, std::max(g->in_w, 1));
  if (g->kernel_h == 1) g->dilation_h = 1;
  if (g->kernel_w == 1) g->dilation_w = 1;
}

// Whether the numbers that kernels count in 32 bits stay in range there, a few more included: the
// taps of a window with its channels, positions and output channels.
static inline bool countable(const ConvGeometry& g) {
  constexpr int32_t kMost = 1 << 30;
  const ByteCount taps = ByteCount(g.kernel_h) * g.kernel_w;
  const ByteCount rows = ByteCount(g.batch) * g.out_h;
  return taps <= kMost && taps * g.in_c <= kMost && rows <= kMost && rows * g.out_w <= kMost &&
         g.out_c <= kMost;
}

// Elements from one pixel or row of an image to the next, where the convolution covers a part of
// its channels, rows or columns. Any box of the output is a convolution again, so groups, blocks
// of channels, the phases of a transposed convolution and the shares of threads are all calls of
// the same kernels with other sizes, strides and addresses. Weights are dense, save that taps of
// depthwise ones may be apart (weights_tap).
struct ConvStrides {
  int32_t in_pixel = 1;  // rows: in_w * in_pixel; images: in_h rows
  int32_t out_pixel = 1;
  int32_t out_row = 1;  // images: out_h rows
};

constexpr ConvStrides dense_strides(const ConvGeometry& g) {
  return {g.in_c, g.out_c, g.out_w * g.out_c};
}

// Where a call reads and writes: what is known only while it runs. The rest of a kernel's arguments
// is its Layer.
template <class In, class Out>
struct ConvMemory {
  ConvStrides stride;
  const In* in = nullptr;             // [batch][in_h][in_w][in_c]
  Out* out = nullptr;                 // [batch][out_h][out_w][out_c]
  uint8_t* scratch = nullptr;         // as many bytes as the variant's scratch() asks for
  const uint8_t* arranged = nullptr;  // weights, see KernelVariant
};

// From a 32-bit sum of channel c to an output:
//   clamp(zero_point + sum * multiplier[c] * 2^(shift[c] - 31), min, max)
// where the product is rounded twice: requantize() of kernels/math/fixed_point.h.
struct Requantize {
  const int32_t* multiplier = nullptr;  // [channels]
  const int8_t* shift = nullptr;        // [channels], -31 to 30
  int32_t zero_point = 0;
  int32_t min = 0;
  int32_t max = 0;
};

// The bias of a convolution of int16 activations: none or one of the two, which also says what its
// sums are.
struct BiasS16 {
  const int64_t* wide = nullptr;
  const int32_t* narrow = nullptr;
  bool wide_sums = true;

  int64_t operator[](ptrdiff_t c) const { return wide ? wide[c] : narrow ? narrow[c] : 0; }
};

// The taps of one dimension of a window that lie inside of the image: [begin, end), which is empty
// where none does. Tap t is at input position origin + t * dilation.
struct TapRange {
  int32_t begin = 0;
  int32_t end = 0;
};

static inline TapRange taps_inside(int32_t origin, int32_t dilation, int32_t kernel, int32_t in) {
  const auto first_not_before = [&](int64_t position) {
    const int64_t distance = position - origin;  // below 2^32
    if (distance <= 0) return 0;
    if (distance > int64_t{kernel - 1} * dilation) return kernel;
    return static_cast<int32_t>(1 + static_cast<uint32_t>(distance - 1) /
                                        static_cast<uint32_t>(dilation));
  };
  return {first_not_before(0), first_not_before(in)};
}

}  // namespace pipit
