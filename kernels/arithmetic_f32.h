// SPDX-License-Identifier: Apache-2.0
// float32 addition, subtraction and multiplication with a fused activation.
//
//   out = min(max(a op b, constants.min), constants.max), where a NaN stays one
#pragma once

#include "kernels/binary.h"
#include "kernels/clamp.h"
#include "pipit/span.h"

namespace pipit {

// Kernels for Binary with Clamp<float> constants, slowest first.
Span<const BinaryVariant> add_f32_variants();
Span<const BinaryVariant> sub_f32_variants();
Span<const BinaryVariant> mul_f32_variants();

void add_f32_portable(const Binary& r);
void sub_f32_portable(const Binary& r);
void mul_f32_portable(const Binary& r);

// Only in builds for ARM.
void add_f32_neon(const Binary& r);
void sub_f32_neon(const Binary& r);
void mul_f32_neon(const Binary& r);

}  // namespace pipit
