// SPDX-License-Identifier: Apache-2.0
// Convolution, float32.
//
//   out[y][x][o] = clamp(bias[o] + sum over ky, kx, i of in[...][i] * weights[o][ky][kx][i])
//
// Taps outside of the image read 0. Terms may be added in any order.
#pragma once

#include <cstdint>

#include "kernels/contracts/conv.h"
#include "kernels/contracts/variant.h"

namespace pipit {

struct ConvF32Layer {
  ConvGeometry size;
  const float* weights = nullptr;  // [out_c][kernel_h][kernel_w][in_c]
  const float* bias = nullptr;     // [out_c], or nullptr for zeros
  float min = 0, max = 0;
  // Output positions of the convolution that this is a part of; 0: it is the whole. The order of
  // terms may depend on them, and must not depend on the part.
  int32_t whole_positions = 0;
};

struct ConvF32 : ConvF32Layer, ConvMemory<float, float> {
  using Layer = ConvF32Layer;
};

using ConvF32Variant = KernelVariant<ConvF32>;

Span<const ConvF32Variant> conv_f32_variants();

void conv_f32_portable(const ConvF32& a);
void conv_f32_neon(const ConvF32& a);
ByteCount conv_f32_neon_scratch(const ConvF32& a);

}  // namespace pipit
