// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution, int16 x int8 -> int16, without zero points.
//
//   out[y][x][c] = clamp(scale(bias[c] + sum over ky, kx of
//                              in[...][c / multiplier] * weights[ky][kx][c]))
//
// Taps outside of the image read 0. Wide sums have 64 bits and are scaled with one rounding (the
// second multiply() of fixed_point.h); others wrap modulo 2^32 and are scaled like those of int8.
// in_c * multiplier = out_c.
#pragma once

#include <cstdint>

#include "kernels/contracts/conv.h"
#include "kernels/contracts/variant.h"

namespace pipit {

struct DepthwiseS16Layer {
  ConvGeometry size;
  const int8_t* weights = nullptr;  // [kernel_h][kernel_w][out_c]
  BiasS16 bias;                     // [out_c]
  Requantize requantize;
};

struct DepthwiseS16 : DepthwiseS16Layer, ConvMemory<int16_t, int16_t> {
  using Layer = DepthwiseS16Layer;
  int32_t multiplier = 1;
  int32_t weights_tap = 1;  // elements from one tap to the next; out_c when dense
};

using DepthwiseS16Variant = KernelVariant<DepthwiseS16>;

Span<const DepthwiseS16Variant> depthwise_s16_variants();

void depthwise_s16_portable(const DepthwiseS16& a);

}  // namespace pipit
