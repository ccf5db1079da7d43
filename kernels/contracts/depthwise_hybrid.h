// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution of real numbers that were quantized for the purpose, with int8 weights.
//
//   out[y][x][c] = clamp(bias[c] + in_scale * scales[c] * sum over ky, kx of
//                        (in[...][c / multiplier] - in_zero_point) * weights[ky][kx][c])
//
// Taps outside of the image read in_zero_point. As weight_sums is known, the sum is that of plain
// products less in_zero_point * weight_sums[c]; it is exact, modulo 2^32. in_c * multiplier =
// out_c.
#pragma once

#include <cstdint>

#include "kernels/contracts/conv.h"
#include "kernels/contracts/variant.h"

namespace pipit {

struct DepthwiseHybridLayer {
  ConvGeometry size;
  const int8_t* weights = nullptr;       // [kernel_h][kernel_w][out_c]
  const int32_t* weight_sums = nullptr;  // [out_c], sum of the weights of c
  const float* scales = nullptr;         // [out_c], or nullptr for ones
  const float* bias = nullptr;           // [out_c], or nullptr for zeros
  float in_scale = 0;
  int32_t in_zero_point = 0;
  float min = 0, max = 0;
};

struct DepthwiseHybrid : DepthwiseHybridLayer, ConvMemory<int8_t, float> {
  using Layer = DepthwiseHybridLayer;
  int32_t multiplier = 1;
  int32_t weights_tap = 1;  // elements from one tap to the next; out_c when dense
};

using DepthwiseHybridVariant = KernelVariant<DepthwiseHybrid>;

Span<const DepthwiseHybridVariant> depthwise_hybrid_variants();

void depthwise_hybrid_portable(const DepthwiseHybrid& a);

// Only in builds for ARM.
void depthwise_hybrid_neon(const DepthwiseHybrid& a);
ByteCount depthwise_hybrid_neon_scratch(const DepthwiseHybrid& a);

}  // namespace pipit
