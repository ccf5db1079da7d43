// SPDX-License-Identifier: Apache-2.0
// Keeps plans that are made for their size alone cheap, and the same as real ones.
#pragma once

#include <type_traits>

#include "pipit/op.h"

namespace pipit {

// Calls f(), which computes the content of what was allocated, unless nobody will run this step. It
// returns nothing: a plan fails while it is measured where a real one does, so all checks come
// before.
template <class F>
void compute(const Prepare& p, const F& f) {
  static_assert(std::is_void_v<decltype(f())>, "what may fail has to fail while measured, too");
  if (!p.only_measured()) f();
}

}  // namespace pipit
