// SPDX-License-Identifier: Apache-2.0
// What all convolution kernels share.
#pragma once

#include <cstdint>

namespace pipit {

// Sizes of a two-dimensional convolution or pooling. Images are [batch][height][width][channels].
// Output (y, x) sees the input at (y * stride_h - pad_top + ky * dilation_h, ...).
struct ConvGeometry {
  int32_t batch = 1;
  int32_t in_h = 1, in_w = 1, in_c = 1;
  int32_t out_h = 1, out_w = 1, out_c = 1;
  int32_t kernel_h = 1, kernel_w = 1;
  int32_t stride_h = 1, stride_w = 1;
  int32_t dilation_h = 1, dilation_w = 1;
  int32_t pad_top = 0, pad_left = 0;
};

// From a 32-bit sum of channel c to an output:
//   clamp(zero_point + sum * multiplier[c] * 2^(shift[c] - 31), min, max)
struct Requantize {
  const int32_t* multiplier = nullptr;  // [channels]
  const int32_t* shift = nullptr;       // [channels]
  int32_t zero_point = 0;
  int32_t min = 0;
  int32_t max = 0;
};

}  // namespace pipit
