// SPDX-License-Identifier: Apache-2.0
// Convolution of real numbers that were quantized for the purpose, with int8 weights.
//
//   out[y][x][o] = clamp(bias[o] + in_scale * scales[o] * sum over ky, kx, i of
//                        (in[...][i] - in_zero_point) * weights[o][ky][kx][i])
//
// Taps outside of the image read in_zero_point. As weight_sums is known, the sum is a plain dot
// product less in_zero_point * weight_sums[o]; it is exact, modulo 2^32.
#pragma once

#include <cstdint>

#include "kernels/contracts/conv.h"
#include "kernels/contracts/variant.h"

namespace pipit {

struct ConvHybridLayer {
  ConvGeometry size;
  const int8_t* weights = nullptr;       // [out_c][kernel_h][kernel_w][in_c]
  const int32_t* weight_sums = nullptr;  // [out_c], sum of the weights of o
  const float* scales = nullptr;         // [out_c], or nullptr for ones
  const float* bias = nullptr;           // [out_c], or nullptr for zeros
  float in_scale = 0;
  int32_t in_zero_point = 0;
  bool no_weight_is_min = false;  // no weight is -128: kernels may add two products in 16 bits
  float min = 0, max = 0;
};

struct ConvHybrid : ConvHybridLayer, ConvMemory<int8_t, float> {
  using Layer = ConvHybridLayer;
};

using ConvHybridVariant = KernelVariant<ConvHybrid>;

Span<const ConvHybridVariant> conv_hybrid_variants();

void conv_hybrid_portable(const ConvHybrid& a);

// Only in builds for ARM; dotprod only for 64 bits. Both have the same scratch.
void conv_hybrid_neon(const ConvHybrid& a);
void conv_hybrid_dotprod(const ConvHybrid& a);
ByteCount conv_hybrid_scratch(const ConvHybrid& a);

}  // namespace pipit
