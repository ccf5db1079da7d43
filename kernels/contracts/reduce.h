// SPDX-License-Identifier: Apache-2.0
// Reductions: every element of a tensor is folded into the total of the output that it belongs to.
#pragma once

#include <cstdint>

#include "kernels/contracts/broadcast.h"

namespace pipit {

struct Reduce {
  Broadcast walk;  // over the input's elements; operand 0 is the output's
  const void* in = nullptr;
  void* totals = nullptr;  // [outputs]
  int32_t outputs = 0;
  // A maximum or minimum starts from the first element instead of from the type's limit: it then
  // is NaN if that element is, as in TensorFlow Lite when all dimensions are reduced.
  bool from_first = false;
};

using ReduceFn = void (*)(const Reduce&);

// Totals of an unsigned type wrap. Instances: float -> float, int8_t, uint8_t, int16_t and int32_t
// -> uint32_t, int32_t and int64_t -> uint64_t.
template <class In, class Total>
void reduce_sum(const Reduce& a);

// Totals of the input's type: float, int8_t, uint8_t, int16_t, int32_t or int64_t. Products wrap.
template <class T>
void reduce_product(const Reduce& a);
template <class T>
void reduce_max(const Reduce& a);
template <class T>
void reduce_min(const Reduce& a);

// On bytes: whether any or all are not 0.
void reduce_any(const Reduce& a);
void reduce_all(const Reduce& a);

// The loop of all of them and of others: run(total, first element, n elements) where a run belongs
// to one output, and else run(total + i, element i, 1), in the order of the elements.
template <class In, class Total, class Each, class Run>
static inline void for_each_total(const Reduce& a, Each each, Run run) {
  const In* in = static_cast<const In*>(a.in);
  Total* totals = static_cast<Total*>(a.totals);
  for_each_run(a.walk, [&](const int32_t* at, int32_t from) {
    if (a.walk.step[0] == 0) {
      run(totals[at[0]], in + from, a.walk.n);
    } else {
      for (int32_t i = 0; i < a.walk.n; ++i) each(totals[at[0] + i], in[from + i]);
    }
  });
}

}  // namespace pipit
