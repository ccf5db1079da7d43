// SPDX-License-Identifier: Apache-2.0
// Convolution, int16 x int8 -> int16, without zero points.
//
//   out[y][x][o] = clamp(scale(bias[o] + sum over ky, kx, i of in[...][i] * weights[o][ky][kx][i]))
//
// Taps outside of the image read 0. Wide sums have 64 bits and are scaled with one rounding (the
// second multiply() of fixed_point.h); others wrap modulo 2^32 and are scaled like those of int8.
#pragma once

#include <cstdint>

#include "kernels/contracts/conv.h"
#include "kernels/contracts/variant.h"

namespace pipit {

struct ConvS16Layer {
  ConvGeometry size;
  const int8_t* weights = nullptr;  // [out_c][kernel_h][kernel_w][in_c]
  BiasS16 bias;                     // [out_c]
  Requantize requantize;
};

struct ConvS16 : ConvS16Layer, ConvMemory<int16_t, int16_t> {
  using Layer = ConvS16Layer;
};

using ConvS16Variant = KernelVariant<ConvS16>;

Span<const ConvS16Variant> conv_s16_variants();

void conv_s16_portable(const ConvS16& a);

}  // namespace pipit
