// SPDX-License-Identifier: Apache-2.0
// Where in each row of bytes the first of the largest ones is.
//
//   out[r] = the least i for which in[r][i] ^ flip is largest, as an unsigned number
//
// flip turns other orders into that one: 0x80 finds the largest int8, 0xff the smallest uint8, 0x7f
// the smallest int8.
#pragma once

#include <cstdint>

#include "kernels/contracts/variant.h"

namespace pipit {

struct ArgMaxU8 {
  const uint8_t* in = nullptr;  // [rows][size]
  int32_t* out = nullptr;       // [rows]
  int32_t rows = 0;
  int32_t size = 1;
  uint8_t flip = 0;
};

// Every variant in this build, slowest first.
Span<const KernelVariant<ArgMaxU8>> arg_max_u8_variants();

void arg_max_u8_portable(const ArgMaxU8& a);
void arg_max_u8_neon(const ArgMaxU8& a);  // only in builds for ARM

}  // namespace pipit
