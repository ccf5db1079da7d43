// SPDX-License-Identifier: Apache-2.0
// One walk over up to three operands of different shapes whose result has one shape.
//
// Neighbouring dimensions that all operands run through alike become one; what is left innermost is
// a run: `n` results, from operands that either advance by one element per result or stand still.
// So a kernel of two operands never sees a shape.
#pragma once

#include <cstdint>

namespace pipit {

constexpr int kBroadcastOperands = 3;
constexpr int kBroadcastMaxRank = 8;

// Dimensions of an operand or of the result, outermost first.
struct BroadcastDims {
  const int32_t* dims = nullptr;
  int32_t rank = 0;
};

struct Broadcast {
  int32_t runs = 0;
  int32_t n = 0;                             // results of one run
  int32_t step[kBroadcastOperands] = {};     // of each operand along the run: 0 or 1
  int32_t rank = 0;                          // of the loops around the run
  int32_t dims[kBroadcastMaxRank - 1] = {};  // outermost first
  int32_t stride[kBroadcastOperands][kBroadcastMaxRank - 1] = {};
};

// `count` operands, each of whose dimensions is 1, missing or equal to the result's. The result's
// number of elements fits an int32.
Broadcast make_broadcast(const BroadcastDims& result, const BroadcastDims* operands, int count);

// Calls run(at, out) for `count` of the runs: at[k] is the index of operand k's first element,
// `out` that of the result's.
template <class Run>
static inline void for_runs(const Broadcast& b, int32_t first, int32_t count, Run&& run) {
  int32_t at[kBroadcastOperands] = {};
  int32_t index[kBroadcastMaxRank - 1] = {};
  for (int32_t d = b.rank - 1, rest = first; rest > 0; rest /= b.dims[d], --d) {
    index[d] = rest % b.dims[d];
    for (int k = 0; k < kBroadcastOperands; ++k) at[k] += index[d] * b.stride[k][d];
  }
  for (int32_t r = first; r < first + count; ++r) {
    run(at, r * b.n);
    for (int32_t d = b.rank - 1; d >= 0; --d) {
      const bool wraps = ++index[d] == b.dims[d];
      for (int k = 0; k < kBroadcastOperands; ++k) {
        at[k] += wraps ? b.stride[k][d] * (1 - b.dims[d]) : b.stride[k][d];
      }
      if (!wraps) break;
      index[d] = 0;
    }
  }
}

template <class Run>
static inline void for_each_run(const Broadcast& b, Run&& run) {
  for_runs(b, 0, b.runs, run);
}

}  // namespace pipit
