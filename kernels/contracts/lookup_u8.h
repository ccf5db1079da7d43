// SPDX-License-Identifier: Apache-2.0
// Any function of one byte, from a table made at plan time.
//
//   out[i] = table[in[i]], bytes taken as unsigned: int8 -1 is entry 255
#pragma once

#include "kernels/contracts/unary.h"
#include "pipit/span.h"

namespace pipit {

struct LookupU8 {
  uint8_t table[256];
};

// Kernels for Unary with LookupU8 constants, slowest first.
Span<const UnaryVariant> lookup_u8_variants();

void lookup_u8_portable(const Unary& r);
void lookup_u8_neon(const Unary& r);  // only in builds for 64-bit ARM

}  // namespace pipit
