// SPDX-License-Identifier: Apache-2.0
// Mean over rows, int8: global average pooling and other means over neighbouring dimensions.
//
//   out[b][c] = clamp(zero_point + (bias + sum over r of in[b][r][c]) * multiplier * 2^(shift -
//   31))
//
// The multiplier includes 1 / rows, `bias` is -rows * the input's zero point. Sums wrap modulo
// 2^32; the clamp is to int8.
#pragma once

#include <cstdint>

#include "kernels/contracts/variant.h"

namespace pipit {

struct MeanS8 {
  const int8_t* in = nullptr;  // [batch][rows][channels]
  int8_t* out = nullptr;       // [batch][channels]
  int32_t batch = 1;
  int32_t rows = 1;
  int32_t channels = 1;
  int32_t bias = 0;
  int32_t multiplier = 0;
  int32_t shift = 0;
  int32_t zero_point = 0;
};

using MeanS8Fn = void (*)(const MeanS8&);
using MeanS8Variant = KernelVariant<MeanS8>;

Span<const MeanS8Variant> mean_s8_variants();

void mean_s8_portable(const MeanS8& a);
void mean_s8_neon(const MeanS8& a);  // only in builds for ARM

}  // namespace pipit
