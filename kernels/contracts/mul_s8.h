// SPDX-License-Identifier: Apache-2.0
// Multiplication of quantized numbers, int8, uint8 or int16.
//
//   out = clamp(zero_point + (a - zero_point_a) * (b - zero_point_b) * multiplier, min, max)
//
// uint8 is int8 with its top bit turned over: with flip = 0x80, and zero points, min and max less
// 128, the int8 kernels serve it.
#pragma once

#include <cstdint>

#include "kernels/contracts/binary.h"
#include "kernels/math/fixed_point.h"
#include "pipit/span.h"

namespace pipit {

struct MulQuantized {
  int32_t zero_point_a = 0;  // int16: 0
  int32_t zero_point_b = 0;
  int32_t zero_point = 0, multiplier = 0, shift = 0;
  int32_t min = 0;
  int32_t max = 0;
  uint8_t flip = 0;  // 8 bits only
};

static inline int32_t mul_quantized(const MulQuantized& q, int32_t a, int32_t b) {
  const int32_t product = (a - q.zero_point_a) * (b - q.zero_point_b);
  const int64_t out = static_cast<int64_t>(multiply(product, q.multiplier, q.shift)) + q.zero_point;
  return static_cast<int32_t>(out < q.min ? q.min : (out > q.max ? q.max : out));
}

// Kernels for Binary with MulQuantized constants, slowest first.
Span<const BinaryVariant> mul_s8_variants();
Span<const BinaryVariant> mul_s16_variants();

void mul_s8_portable(const Binary& r);
void mul_s16_portable(const Binary& r);

// Only in builds for ARM.
void mul_s8_neon(const Binary& r);
void mul_s16_neon(const Binary& r);

}  // namespace pipit
