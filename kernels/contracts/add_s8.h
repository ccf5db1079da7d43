// SPDX-License-Identifier: Apache-2.0
// Addition and subtraction of quantized numbers, int8, uint8 or int16.
//
//   x = ((a - zero_point_a) << left_shift) * multiplier_a, y likewise (rounded, see fixed_point.h)
//   out = clamp(zero_point + (x + sign * y) * multiplier, min, max)
//
// uint8 is int8 with its top bit turned over: with flip = 0x80, and zero points, min and max less
// 128, the int8 kernels serve it.
#pragma once

#include <cstdint>

#include "kernels/contracts/binary.h"
#include "kernels/math/fixed_point.h"
#include "pipit/span.h"

namespace pipit {

struct AddQuantized {
  int32_t zero_point_a = 0, multiplier_a = 0, shift_a = 0;
  int32_t zero_point_b = 0, multiplier_b = 0, shift_b = 0;
  int32_t zero_point = 0, multiplier = 0, shift = 0;
  int32_t left_shift = 0;  // 20 for 8 bits, 15 for 16 bits: |a - zero_point_a| << left_shift fits
  int32_t sign = 1;        // -1 subtracts
  int32_t min = 0;
  int32_t max = 0;
  uint8_t flip = 0;  // 8 bits only
};

static inline int32_t add_quantized(const AddQuantized& q, int32_t a, int32_t b) {
  const int32_t x = multiply((a - q.zero_point_a) * (1 << q.left_shift), q.multiplier_a, q.shift_a);
  const int32_t y = multiply((b - q.zero_point_b) * (1 << q.left_shift), q.multiplier_b, q.shift_b);
  const auto sum = static_cast<int64_t>(multiply(x + q.sign * y, q.multiplier, q.shift));
  const int64_t out = sum + q.zero_point;
  return static_cast<int32_t>(out < q.min ? q.min : (out > q.max ? q.max : out));
}

// Kernels for Binary with AddQuantized constants, slowest first.
Span<const BinaryVariant> add_s8_variants();
Span<const BinaryVariant> add_s16_variants();

void add_s8_portable(const Binary& r);
void add_s16_portable(const Binary& r);

// Only in builds for ARM.
void add_s8_neon(const Binary& r);
void add_s16_neon(const Binary& r);

}  // namespace pipit
