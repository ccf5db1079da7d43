// SPDX-License-Identifier: Apache-2.0
// Activation functions of float32.
//
//   clamp:       min(max(x, constants.min), constants.max)
//   leaky_relu:  x where x > 0, else x * constant
//   hard_swish:  x * min(max(x + 3, 0), 6) / 6
//   logistic:    1 / (1 + exp(-x))
//   tanh:        tanh(x)
//   elu:         x where x >= 0, else exp(x) - 1
//   gelu:        x / 2 * erfc(-x / sqrt(2))
//   gelu_by_tanh:  x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))), within some units of
//                  x's last place
//
// What is not a number stays so.
#pragma once

#include "kernels/contracts/unary.h"
#include "kernels/math/clamp.h"
#include "pipit/span.h"

namespace pipit {

// Kernels for Unary, slowest first. clamp has Clamp<float> constants, leaky_relu a float, the
// others none.
Span<const UnaryVariant> clamp_f32_variants();
Span<const UnaryVariant> leaky_relu_f32_variants();
Span<const UnaryVariant> hard_swish_f32_variants();
Span<const UnaryVariant> logistic_f32_variants();
Span<const UnaryVariant> tanh_f32_variants();
Span<const UnaryVariant> elu_f32_variants();
Span<const UnaryVariant> gelu_f32_variants();
Span<const UnaryVariant> gelu_by_tanh_f32_variants();

void clamp_f32_portable(const Unary& r);
void leaky_relu_f32_portable(const Unary& r);
void hard_swish_f32_portable(const Unary& r);
void logistic_f32_portable(const Unary& r);
void tanh_f32_portable(const Unary& r);
void elu_f32_portable(const Unary& r);
void gelu_f32_portable(const Unary& r);
void gelu_by_tanh_f32_portable(const Unary& r);

// Only in builds for ARM.
void clamp_f32_neon(const Unary& r);
void leaky_relu_f32_neon(const Unary& r);
void hard_swish_f32_neon(const Unary& r);
void logistic_f32_neon(const Unary& r);
void tanh_f32_neon(const Unary& r);
void elu_f32_neon(const Unary& r);
void gelu_f32_neon(const Unary& r);
void gelu_by_tanh_f32_neon(const Unary& r);

}  // namespace pipit
