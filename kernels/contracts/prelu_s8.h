// SPDX-License-Identifier: Apache-2.0
// PRELU of quantized numbers, int8 or uint8.
//
//   d = x - in_zero_point
//   out = clamp(zero_point + d * above, min, max)                               where d >= 0, else
//         clamp(zero_point + d * (alpha - alpha_zero_point) * below, min, max)
//
// uint8 is int8 with its top bit turned over: with flip = 0x80, and zero points, min and max less
// 128, the int8 kernels serve it.
#pragma once

#include <cstdint>

#include "kernels/contracts/binary.h"
#include "kernels/math/fixed_point.h"
#include "pipit/span.h"

namespace pipit {

struct PreluQuantized {
  int32_t in_zero_point = 0, alpha_zero_point = 0, zero_point = 0;
  int32_t above_multiplier = 0, above_shift = 0;
  int32_t below_multiplier = 0, below_shift = 0;
  int32_t min = 0;
  int32_t max = 0;
  uint8_t flip = 0;  // 8 bits only
};

static inline int32_t prelu_quantized(const PreluQuantized& q, int32_t x, int32_t alpha) {
  const int32_t d = x - q.in_zero_point;
  if (d >= 0) return requantize(d, q.above_multiplier, q.above_shift, q.zero_point, q.min, q.max);
  // Of int16 with zero points, the product may wrap.
  const auto product = static_cast<int32_t>(static_cast<uint32_t>(d) *
                                            static_cast<uint32_t>(alpha - q.alpha_zero_point));
  return requantize(product, q.below_multiplier, q.below_shift, q.zero_point, q.min, q.max);
}

// Kernels for Binary of x and alpha with PreluQuantized constants, slowest first.
Span<const BinaryVariant> prelu_s8_variants();

void prelu_s8_portable(const Binary& r);
void prelu_s8_neon(const Binary& r);  // only in builds for ARM

}  // namespace pipit
