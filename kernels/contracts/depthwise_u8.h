// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution, uint8 x uint8 -> uint8.
//
//   out[y][x][c] = requantize(bias[c] + sum over ky, kx of (in[...][c / multiplier] - 128) *
//                             (weights[ky][kx][c] - weights_zero_point))
//
// Taps outside of the image read in_zero_point, whose share of the sum is folded into the bias.
// Sums wrap modulo 2^32. in_c * multiplier = out_c.
#pragma once

#include <cstdint>

#include "kernels/contracts/conv.h"
#include "kernels/contracts/variant.h"

namespace pipit {

struct DepthwiseU8Layer {
  ConvGeometry size;
  const uint8_t* weights = nullptr;  // [kernel_h][kernel_w][out_c]
  // [out_c], bias - (in_zero_point - 128) * sum of (weights - weights_zero_point)
  const int32_t* bias = nullptr;
  int32_t in_zero_point = 0;
  int32_t weights_zero_point = 0;
  Requantize requantize;
};

struct DepthwiseU8 : DepthwiseU8Layer, ConvMemory<uint8_t, uint8_t> {
  using Layer = DepthwiseU8Layer;
  int32_t multiplier = 1;
  int32_t weights_tap = 1;  // elements from one tap to the next; out_c when dense
};

using DepthwiseU8Variant = KernelVariant<DepthwiseU8>;

Span<const DepthwiseU8Variant> depthwise_u8_variants();

void depthwise_u8_portable(const DepthwiseU8& a);
void depthwise_u8_blocked(const DepthwiseU8& a);
ByteCount depthwise_u8_blocked_scratch(const DepthwiseU8& a);
void depthwise_u8_neon(const DepthwiseU8& a);
ByteCount depthwise_u8_neon_scratch(const DepthwiseU8& a);
ByteCount depthwise_u8_neon_arranged(const DepthwiseU8& a);
void depthwise_u8_neon_arrange(const DepthwiseU8& a, uint8_t* to);
void depthwise_u8_dotprod(const DepthwiseU8& a);
ByteCount depthwise_u8_dotprod_scratch(const DepthwiseU8& a);
ByteCount depthwise_u8_dotprod_arranged(const DepthwiseU8& a);
void depthwise_u8_dotprod_arrange(const DepthwiseU8& a, uint8_t* to);

}  // namespace pipit
