// SPDX-License-Identifier: Apache-2.0
// What all kernels of one operand share: out[i] = f(in[i]).
#pragma once

#include <cstdint>

#include "pipit/cpu.h"

namespace pipit {

struct Unary {
  const void* in = nullptr;
  void* out = nullptr;  // may be `in` itself where elements have one size
  int32_t n = 0;
  const void* constants = nullptr;  // the kernel's own struct
};

using UnaryFn = void (*)(const Unary&);

struct UnaryVariant {
  const char* name;
  CpuFeatures needs;
  UnaryFn run;
};

template <class In, class Out, class F>
static inline void each(const Unary& r, F f) {
  const In* in = static_cast<const In*>(r.in);
  Out* out = static_cast<Out*>(r.out);
  for (int32_t i = 0; i < r.n; ++i) out[i] = f(in[i]);
}

}  // namespace pipit
