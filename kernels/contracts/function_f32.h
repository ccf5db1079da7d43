// SPDX-License-Identifier: Apache-2.0
// Functions of float32 that are not activations.
//
//   abs, neg, square, exp, sqrt:  as their names say
//   rsqrt:                        1 / sqrt(x)
//   floor, ceil:                  the next integer below or above
//   round:                        the nearest integer, of two the even one
//
// What is not a number stays so.
#pragma once

#include "kernels/contracts/unary.h"
#include "pipit/span.h"

namespace pipit {

// Kernels for Unary, slowest first, without constants.
Span<const UnaryVariant> abs_f32_variants();
Span<const UnaryVariant> neg_f32_variants();
Span<const UnaryVariant> square_f32_variants();
Span<const UnaryVariant> exp_f32_variants();
Span<const UnaryVariant> sqrt_f32_variants();
Span<const UnaryVariant> rsqrt_f32_variants();
Span<const UnaryVariant> floor_f32_variants();
Span<const UnaryVariant> ceil_f32_variants();
Span<const UnaryVariant> round_f32_variants();

void abs_f32_portable(const Unary& r);
void neg_f32_portable(const Unary& r);
void square_f32_portable(const Unary& r);
void exp_f32_portable(const Unary& r);
void sqrt_f32_portable(const Unary& r);
void rsqrt_f32_portable(const Unary& r);
void floor_f32_portable(const Unary& r);
void ceil_f32_portable(const Unary& r);
void round_f32_portable(const Unary& r);

// Only in builds for ARM; from the roots on only for 64 bits.
void abs_f32_neon(const Unary& r);
void neg_f32_neon(const Unary& r);
void square_f32_neon(const Unary& r);
void exp_f32_neon(const Unary& r);
void sqrt_f32_neon(const Unary& r);
void rsqrt_f32_neon(const Unary& r);
void floor_f32_neon(const Unary& r);
void ceil_f32_neon(const Unary& r);
void round_f32_neon(const Unary& r);

}  // namespace pipit
