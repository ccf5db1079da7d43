// SPDX-License-Identifier: Apache-2.0
// From 32-bit sums to int8 by one fixed-point multiplier.
//
//   out[r][o] = clamp(zero_point + (sums[r][o] + terms[r]) * multiplier * 2^(shift - 31))
//
// The addition in the brackets wraps, products are rounded as in fixed_point.h, and the clamp is to
// int8.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/contracts/variant.h"

namespace pipit {

struct RequantizeS8 {
  int32_t rows = 1;
  int32_t outputs = 1;
  const int32_t* sums = nullptr;   // [rows][outputs]
  const int32_t* terms = nullptr;  // [rows]
  int8_t* out = nullptr;           // rows `out_stride` apart
  ptrdiff_t out_stride = 0;
  int32_t multiplier = 0;
  int32_t shift = 0;       // -31..30
  int32_t zero_point = 0;  // an int8
};

using RequantizeS8Variant = KernelVariant<RequantizeS8>;

// Every variant in this build, slowest first.
Span<const RequantizeS8Variant> requantize_s8_variants();

void requantize_s8_portable(const RequantizeS8& a);
void requantize_s8_neon(const RequantizeS8& a);  // only in builds for ARM

}  // namespace pipit
