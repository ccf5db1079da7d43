// SPDX-License-Identifier: Apache-2.0
// The sum of each row of a matrix of bytes, and whether it has the least number. Plans read all
// constant weights for that, which is most of what planning costs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/contracts/variant.h"
#include "pipit/span.h"

namespace pipit {

struct RowSums {
  const void* rows;  // count x depth numbers
  int32_t count, depth;
  bool is_unsigned;  // uint8, else int8
  int32_t* sums;     // count numbers, which wrap
  bool* holds_min;   // set if a number is the least one of its type, else left; or nullptr
};

using RowSumsVariant = KernelVariant<RowSums>;

// Slowest first.
Span<const RowSumsVariant> row_sums_variants();

void row_sums_portable(const RowSums& a);
void row_sums_neon(const RowSums& a);  // only in builds for ARM

}  // namespace pipit
