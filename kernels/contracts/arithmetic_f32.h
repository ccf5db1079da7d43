// SPDX-License-Identifier: Apache-2.0
// Arithmetic of two float32 operands.
//
//   add, sub, mul, div, with a fused activation:
//     out = min(max(a op b, constants.min), constants.max), where a NaN stays one
//   squared_difference:  out = (a - b)^2
//   max, min:  out = b if a is not a number, else the larger or smaller, NaN if b is not a number
//   prelu:     out = a where a >= 0, else a * b
#pragma once

#include "kernels/contracts/binary.h"
#include "kernels/math/clamp.h"
#include "pipit/span.h"

namespace pipit {

// Kernels for Binary, slowest first; the first four with Clamp<float> constants.
Span<const BinaryVariant> add_f32_variants();
Span<const BinaryVariant> sub_f32_variants();
Span<const BinaryVariant> mul_f32_variants();
Span<const BinaryVariant> div_f32_variants();
Span<const BinaryVariant> squared_difference_f32_variants();
Span<const BinaryVariant> max_f32_variants();
Span<const BinaryVariant> min_f32_variants();
Span<const BinaryVariant> prelu_f32_variants();

void add_f32_portable(const Binary& r);
void sub_f32_portable(const Binary& r);
void mul_f32_portable(const Binary& r);
void div_f32_portable(const Binary& r);
void squared_difference_f32_portable(const Binary& r);
void max_f32_portable(const Binary& r);
void min_f32_portable(const Binary& r);
void prelu_f32_portable(const Binary& r);

// Only in builds for ARM.
void add_f32_neon(const Binary& r);
void sub_f32_neon(const Binary& r);
void mul_f32_neon(const Binary& r);
void div_f32_neon(const Binary& r);  // only for 64 bits
void squared_difference_f32_neon(const Binary& r);
void max_f32_neon(const Binary& r);
void min_f32_neon(const Binary& r);
void prelu_f32_neon(const Binary& r);

}  // namespace pipit
