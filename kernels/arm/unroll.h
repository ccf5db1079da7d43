// SPDX-License-Identifier: Apache-2.0
// Loops over registers: the index is a constant, so that an array of vectors never lies in memory.
#pragma once

// Of lambdas, too: where their parameters are `auto`, gcc ignores [[gnu::always_inline]].
#define PIPIT_INLINE __attribute__((always_inline))

namespace pipit {
namespace {

template <int kIndex>
struct Index {
  constexpr operator int() const { return kIndex; }  // NOLINT: implicit on purpose
};

// f(Index<0>), ..., f(Index<n - 1>).
template <int n, class F>
PIPIT_INLINE inline void unroll(const F& f) {
  if constexpr (n > 0) {
    unroll<n - 1>(f);
    f(Index<n - 1>());
  }
}

}  // namespace
}  // namespace pipit
