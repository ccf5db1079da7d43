// SPDX-License-Identifier: Apache-2.0
// What all kernels of two operands share: a run of results, out[i] = f(a[i], b[i]), where an
// operand may also be one value for the whole run.
#pragma once

#include <cstdint>

#include "pipit/cpu.h"

namespace pipit {

struct Binary {
  const void* a = nullptr;
  const void* b = nullptr;
  void* out = nullptr;  // may be a or b themselves
  int32_t n = 0;
  int32_t step_a = 1;  // 1, or 0 for one value
  int32_t step_b = 1;
  const void* constants = nullptr;  // the kernel's own struct
};

using BinaryFn = void (*)(const Binary&);

struct BinaryVariant {
  const char* name;
  CpuFeatures needs;
  BinaryFn run;
};

// out[i] = f(a[i], b[i]), with a loop for each kind of run, so that the compiler can vectorize it.
template <class In, class Out, class F>
static inline void each_pair(const Binary& r, F f) {
  const In* a = static_cast<const In*>(r.a);
  const In* b = static_cast<const In*>(r.b);
  Out* out = static_cast<Out*>(r.out);
  if (r.step_a == 0) {
    const In x = *a;
    for (int32_t i = 0; i < r.n; ++i) out[i] = f(x, b[i]);
  } else if (r.step_b == 0) {
    const In y = *b;
    for (int32_t i = 0; i < r.n; ++i) out[i] = f(a[i], y);
  } else {
    for (int32_t i = 0; i < r.n; ++i) out[i] = f(a[i], b[i]);
  }
}

// The same in one loop: for operators where size matters more than speed.
template <class In, class Out, class F>
static inline void each_pair_small(const Binary& r, F f) {
  const In* a = static_cast<const In*>(r.a);
  const In* b = static_cast<const In*>(r.b);
  Out* out = static_cast<Out*>(r.out);
  for (int32_t i = 0; i < r.n; ++i, a += r.step_a, b += r.step_b) out[i] = f(*a, *b);
}

}  // namespace pipit
