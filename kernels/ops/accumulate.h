// SPDX-License-Identifier: Apache-2.0
// Folding single elements whose type and function are known at plan time, for operators that are
// rarely hot.
#pragma once

namespace pipit {

// total = f(total, x)
using Accumulate = void (*)(void* total, const void* x);

template <class T, class F>
void accumulate(void* total, const void* x) {
  T& t = *static_cast<T*>(total);
  t = F()(t, *static_cast<const T*>(x));
}

}  // namespace pipit
