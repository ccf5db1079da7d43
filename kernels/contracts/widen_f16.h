// SPDX-License-Identifier: Apache-2.0
// float16 to float32, which has every number that float16 has.
#pragma once

#include "kernels/contracts/unary.h"
#include "pipit/span.h"

namespace pipit {

// Kernels for Unary without constants, slowest first.
Span<const UnaryVariant> widen_f16_variants();

void widen_f16_portable(const Unary& r);
void widen_f16_neon(const Unary& r);  // only in builds for ARM

}  // namespace pipit
