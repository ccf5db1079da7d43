// SPDX-License-Identifier: Apache-2.0
// Convolution, uint8 x uint8 -> uint8.
//
//   out[y][x][o] = requantize(bias[o] + sum over ky, kx, i of
//                             (in[...][i] - 128) * (weights[o][ky][kx][i] - weights_zero_point))
//
// Taps outside of the image read in_zero_point. Flipping the top bit of both operands gives int8
// products of in - 128 and weights - 128; for the rest, (128 - weights_zero_point) times the sum of
// the activations is added to that of the products. Sums wrap modulo 2^32.
#pragma once

#include <cstdint>

#include "kernels/contracts/conv.h"
#include "kernels/contracts/variant.h"

namespace pipit {

struct ConvU8Layer {
  ConvGeometry size;
  const uint8_t* weights = nullptr;  // [out_c][kernel_h][kernel_w][in_c]
  // [out_c], bias - (in_zero_point - 128) * sum of (weights - weights_zero_point)
  const int32_t* bias = nullptr;
  int32_t in_zero_point = 0;
  int32_t weights_zero_point = 0;
  bool no_weight_is_min = false;  // no weight is 0, which flips to -128
  Requantize requantize;
};

struct ConvU8 : ConvU8Layer, ConvMemory<uint8_t, uint8_t> {
  using Layer = ConvU8Layer;
};

using ConvU8Variant = KernelVariant<ConvU8>;

Span<const ConvU8Variant> conv_u8_variants();

void conv_u8_portable(const ConvU8& a);
void conv_u8_blocked(const ConvU8& a);
ByteCount conv_u8_blocked_scratch(const ConvU8& a);
void conv_u8_neon(const ConvU8& a);
ByteCount conv_u8_neon_scratch(const ConvU8& a);
void conv_u8_dotprod(const ConvU8& a);
ByteCount conv_u8_dotprod_scratch(const ConvU8& a);
ByteCount conv_u8_dotprod_arranged(const ConvU8& a);
void conv_u8_dotprod_arrange(const ConvU8& a, uint8_t* to);
void conv_u8_i8mm(const ConvU8& a);
ByteCount conv_u8_i8mm_scratch(const ConvU8& a);
ByteCount conv_u8_i8mm_arranged(const ConvU8& a);
void conv_u8_i8mm_arrange(const ConvU8& a, uint8_t* to);

}  // namespace pipit
