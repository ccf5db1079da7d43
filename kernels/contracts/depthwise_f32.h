// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution, float32.
//
//   out[y][x][c] = clamp(bias[c] + sum over ky, kx of in[...][c / multiplier] * weights[ky][kx][c])
//
// Taps outside of the image read 0. in_c * multiplier = out_c.
#pragma once

#include <cstdint>

#include "kernels/contracts/conv.h"
#include "kernels/contracts/variant.h"

namespace pipit {

struct DepthwiseF32Layer {
  ConvGeometry size;
  const float* weights = nullptr;  // [kernel_h][kernel_w][out_c]
  const float* bias = nullptr;     // [out_c], or nullptr for zeros
  float min = 0, max = 0;
};

struct DepthwiseF32 : DepthwiseF32Layer, ConvMemory<float, float> {
  using Layer = DepthwiseF32Layer;
  int32_t multiplier = 1;
  int32_t weights_tap = 1;  // elements from one tap to the next; out_c when dense
};

using DepthwiseF32Variant = KernelVariant<DepthwiseF32>;

Span<const DepthwiseF32Variant> depthwise_f32_variants();

void depthwise_f32_portable(const DepthwiseF32& a);
void depthwise_f32_neon(const DepthwiseF32& a);
ByteCount depthwise_f32_neon_scratch(const DepthwiseF32& a);

}  // namespace pipit
