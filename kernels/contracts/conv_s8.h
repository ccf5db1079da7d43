// SPDX-License-Identifier: Apache-2.0
// Convolution, int8 x int8 -> int8.
//
//   out[y][x][o] = requantize(bias[o] + sum over ky, kx, i of in[...][i] * weights[o][ky][kx][i])
//
// Taps outside of the image read in_zero_point. The zero point's share of the sum is folded into
// the bias, so every variant is a plain dot product and all of them agree bit for bit; sums wrap
// modulo 2^32.
//
// Of two products of int8 the largest sum, 32768 of four times -128, is the only one that does not
// fit into 16 bits; the next is 32640. no_weight_is_min rules it out, whatever the activations.
#pragma once

#include <cstdint>

#include "kernels/contracts/conv.h"
#include "kernels/contracts/variant.h"

namespace pipit {

struct ConvS8Layer {
  ConvGeometry size;
  const int8_t* weights = nullptr;  // [out_c][kernel_h][kernel_w][in_c]
  const int32_t* bias = nullptr;    // [out_c], bias - in_zero_point * sum of weights
  int32_t in_zero_point = 0;
  bool no_weight_is_min = false;  // no weight is -128: kernels may add two products in 16 bits
  Requantize requantize;
};

struct ConvS8 : ConvS8Layer, ConvMemory<int8_t, int8_t> {
  using Layer = ConvS8Layer;
};

using ConvS8Fn = void (*)(const ConvS8&);
using ConvS8Variant = KernelVariant<ConvS8>;

Span<const ConvS8Variant> conv_s8_variants();

void conv_s8_portable(const ConvS8& a);
void conv_s8_blocked(const ConvS8& a);
ByteCount conv_s8_blocked_scratch(const ConvS8& a);
void conv_s8_neon(const ConvS8& a);
ByteCount conv_s8_neon_scratch(const ConvS8& a);
void conv_s8_dotprod(const ConvS8& a);
ByteCount conv_s8_dotprod_scratch(const ConvS8& a);
ByteCount conv_s8_dotprod_arranged(const ConvS8& a);
void conv_s8_dotprod_arrange(const ConvS8& a, uint8_t* to);
void conv_s8_i8mm(const ConvS8& a);
ByteCount conv_s8_i8mm_scratch(const ConvS8& a);
ByteCount conv_s8_i8mm_arranged(const ConvS8& a);
void conv_s8_i8mm_arrange(const ConvS8& a, uint8_t* to);

}  // namespace pipit
