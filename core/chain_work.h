// SPDX-License-Identifier: Apache-2.0
// What steps cost, and what it costs to cut them into bands: an estimate, in instructions.
#pragma once

#include <algorithm>

#include "core/chains.h"

namespace pipit {

// Of each call of a kernel with weights and of each of its channels, of a call of another kernel,
// and of each output and so many products. Counted with int8 models on a Cortex-A76.
constexpr int64_t kCallWork = 400, kChannelWork = 16, kPlainCallWork = 50;
constexpr int64_t kProducts = 12, kOutputWork = 4;

inline int64_t work_of(const Step& s, const RowsPlan& rows) {
  return s.output(0).elements() * int64_t{kOutputWork + rows.products / kProducts};
}

// Kernels copy the rows that windows over all channels share with those of the call before.
inline int64_t work_of_call(const LinkPlan& link) {
  constexpr int64_t kDense = 64;  // products
  if (link.rows.products == 0) return kPlainCallWork;
  const Shape& out = link.step.output(0).shape;
  const int64_t call = kCallWork + kChannelWork * out[out.rank - 1];
  if (link.rows.products < kDense) return call;
  const int64_t row = static_cast<int64_t>(link.step.input(0).bytes) / link.in_rows[0];
  const int64_t shared = int64_t{link.rows.taps - 1} * link.rows.dilation + 1 - link.rows.stride;
  return call + std::clamp<int64_t>(shared, 0, link.in_rows[0]) * row;
}

inline int64_t work_of_calls(const ChainPlan& c) {
  int64_t work = 0;
  for (int32_t i = 0; i < c.count; ++i) {
    const LinkPlan& link = c.plans[i];
    work += (link.out_rows - 1) / link.band * work_of_call(link);
  }
  return work;
}

}  // namespace pipit
