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

inline bool has_weights(const Step& s) { return s.has_input(1) && s.input(1).constant(); }

inline int64_t products_of(const Step& s) {  // for each output
  const Tensor& out = s.output(0);
  if (!has_weights(s) || out.elements() == 0) return 0;
  return s.input(1).elements() / out.shape[out.shape.rank - 1];
}

// Of a step that computes rows.
inline int64_t work_of(const Step& s) {
  return s.output(0).elements() * (kOutputWork + products_of(s) / kProducts);
}

// Kernels copy the rows that windows over all channels share with those of the call before.
inline int64_t work_of_call(const LinkPlan& link) {
  constexpr int64_t kDense = 64;  // products
  if (!has_weights(link.step)) return kPlainCallWork;
  const Shape& out = link.step.output(0).shape;
  const int64_t call = kCallWork + kChannelWork * out[out.rank - 1];
  if (products_of(link.step) < kDense) return call;
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
