// SPDX-License-Identifier: Apache-2.0
// Instructions in the order of the source. An in-order core waits for each result that is not there
// yet, and gcc's scheduling knows its latencies only roughly.
#pragma once

#include <cstddef>

namespace pipit {
namespace {

// The compiler finds `v` before, and uses it after, everything else that goes through here.
template <class V>
[[gnu::always_inline]] inline V in_order(V v) {
  asm volatile("" : "+w"(v));
  return v;
}
[[gnu::always_inline]] inline void in_order(ptrdiff_t& a, ptrdiff_t& b) {
  asm volatile("" : "+r"(a), "+r"(b));
}

}  // namespace
}  // namespace pipit
