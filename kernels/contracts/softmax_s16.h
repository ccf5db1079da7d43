// SPDX-License-Identifier: Apache-2.0
// Softmax over the rows of a matrix of int16 numbers, by two tables: of exp(x) for x in [-10, 0]
// and of 1 / (1 + x) for x in [0, 1].
#pragma once

#include "kernels/contracts/lookup_s16.h"

namespace pipit {

struct SoftmaxS16 {
  const int16_t* in = nullptr;  // [rows][depth]
  int16_t* out = nullptr;       // units of 2^-15; may be `in`
  int32_t rows = 0;
  int32_t depth = 0;
  // From in - max to units of 10 / 65535: times 2^(shift - 31).
  int32_t multiplier = 0;
  int32_t shift = 0;
  const LookupS16* exp = nullptr;
  const LookupS16* reciprocal = nullptr;
};

void softmax_s16(const SoftmaxS16& a);
void fill_softmax_tables(LookupS16* exp, LookupS16* reciprocal);

}  // namespace pipit
