// SPDX-License-Identifier: Apache-2.0
// float32 addition, subtraction and multiplication with a fused activation.
//
//   out = min(max(a op b, constants.min), constants.max), where a NaN stays one
#pragma once

#include "kernels/binary.h"
#include "pipit/span.h"

namespace pipit {

template <class T>
struct Clamp {
  T min = 0;
  T max = 0;

  // Comparisons in this order let a NaN pass.
  T operator()(T x) const {
    const T low = x < min ? min : x;
    return max < low ? max : low;
  }
};

// Kernels for Binary with Clamp<float> constants, slowest first.
Span<const BinaryVariant> add_f32_variants();
Span<const BinaryVariant> sub_f32_variants();
Span<const BinaryVariant> mul_f32_variants();

void add_f32_portable(const Binary& r);
void sub_f32_portable(const Binary& r);
void mul_f32_portable(const Binary& r);

}  // namespace pipit
