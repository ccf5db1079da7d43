// SPDX-License-Identifier: Apache-2.0
// What plans may know about the bytes of constant weights.
#pragma once

#include <cstdint>

#include "kernels/contracts/row_sums.h"
#include "kernels/ops/compute.h"
#include "pipit/op.h"

namespace pipit {

// Whether the values of an input of bytes are known now, and none is the least number of its type.
// Kernels that add two products of bytes in 16 bits ask for that: 2 * (-128 * -128) = 2^15 is the
// only such sum that does not fit. All weights are looked at as one long row, whose sum nobody
// wants. Where only the size of a plan is wanted, nothing is read: the answer changes speed, not
// memory.
inline bool no_weight_is_min(const Prepare& p, int input) {
  const Tensor& t = p.input(input);
  if (!p.values_known(input) || t.bytes > INT32_MAX) return false;
  bool lacks_min = false;
  compute(p, [&] {
    int32_t sum;
    bool holds_min = false;
    choose(row_sums_variants(), p.cpu())
        .run({t.data, 1, static_cast<int32_t>(t.bytes), t.type == Type::kUInt8, &sum, &holds_min});
    lacks_min = !holds_min;
  });
  return lacks_min;
}

}  // namespace pipit
