// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution, int8 x int8 -> int8.
//
//   out[y][x][c] = requantize(bias[c] + sum over ky, kx of
//                             in[...][c / multiplier] * weights[ky][kx][c])
//
// Taps outside of the image read in_zero_point, whose share of the sum is folded into the bias.
// Sums wrap modulo 2^32. in_c * multiplier = out_c.
#pragma once

#include <cstdint>

#include "kernels/contracts/conv.h"
#include "kernels/contracts/variant.h"

namespace pipit {

struct DepthwiseS8Layer {
  ConvGeometry size;
  const int8_t* weights = nullptr;  // [kernel_h][kernel_w][out_c]
  const int32_t* bias = nullptr;    // [out_c], bias - in_zero_point * sum of weights
  int32_t in_zero_point = 0;
  Requantize requantize;
};

struct DepthwiseS8 : DepthwiseS8Layer, ConvMemory<int8_t, int8_t> {
  using Layer = DepthwiseS8Layer;
  int32_t multiplier = 1;
  int32_t weights_tap = 1;  // elements from one tap to the next; out_c when dense
};

using DepthwiseS8Variant = KernelVariant<DepthwiseS8>;

Span<const DepthwiseS8Variant> depthwise_s8_variants();

void depthwise_s8_portable(const DepthwiseS8& a);
void depthwise_s8_blocked(const DepthwiseS8& a);
ByteCount depthwise_s8_blocked_scratch(const DepthwiseS8& a);
void depthwise_s8_neon(const DepthwiseS8& a);
ByteCount depthwise_s8_neon_scratch(const DepthwiseS8& a);
ByteCount depthwise_s8_neon_arranged(const DepthwiseS8& a);
void depthwise_s8_neon_arrange(const DepthwiseS8& a, uint8_t* to);
void depthwise_s8_dotprod(const DepthwiseS8& a);
ByteCount depthwise_s8_dotprod_scratch(const DepthwiseS8& a);
ByteCount depthwise_s8_dotprod_arranged(const DepthwiseS8& a);
void depthwise_s8_dotprod_arrange(const DepthwiseS8& a, uint8_t* to);

}  // namespace pipit
