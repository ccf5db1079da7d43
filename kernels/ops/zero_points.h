// SPDX-License-Identifier: Apache-2.0
// The zero points' share of integer matrix products. With zero points zx and zw, the sum over k of
// (x - zx) * (w - zw) is
//   sum x * w  -  zx * sum w  +  depth * zx * zw  -  zw * sum x
// All arithmetic wraps.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "kernels/contracts/matmul.h"
#include "kernels/ops/weight_rows.h"

namespace pipit {

template <class Sum>
Sum wrapping_add(Sum a, Sum b) {
  using U = std::make_unsigned_t<Sum>;
  return static_cast<Sum>(static_cast<U>(a) + static_cast<U>(b));
}
template <class Sum>
Sum wrapping_multiply(Sum a, Sum b) {
  using U = std::make_unsigned_t<Sum>;
  return static_cast<Sum>(static_cast<U>(a) * static_cast<U>(b));
}

// Adds the second and the third part to start[0], start[1], ... for rows `first` on of the weights,
// unless both are zero. For `holds_min` see row_sums().
template <class Weight, class Sum>
void add_zero_points(const WeightRows& w, const Weight* weights, int32_t first, int32_t count,
                     Sum zx, Sum zw, Sum* start, bool* holds_min = nullptr) {
  if (zx == 0) return;
  const Sum both = wrapping_multiply(wrapping_multiply(zx, zw), Sum{w.depth});
  constexpr int32_t kAtOnce = 64;
  int32_t sums[kAtOnce];
  for (int32_t o = 0; o < count; o += kAtOnce) {
    const int32_t n = std::min(count - o, kAtOnce);
    row_sums(w, weights, first + o, n, sums, holds_min);
    for (int32_t i = 0; i < n; ++i) {
      const Sum share = wrapping_add(both, wrapping_multiply(Sum{sums[i]}, -zx));
      start[o + i] = wrapping_add(start[o + i], share);
    }
  }
}

// The last part for a row of activations.
template <class In, class Sum>
Sum input_term(const In* in, int32_t depth, Sum zw) {
  Sum sum = 0;
  for (int32_t k = 0; k < depth; ++k) sum = wrapping_add(sum, Sum{in[k]});
  return wrapping_multiply(sum, -zw);
}

// Adds the last part to the sums that `a` left.
template <class In, class Weight, class Sum>
void subtract_input_sums(const Matmul<In, Weight, Sum>& a, Sum zw) {
  if (zw == 0) return;
  for (int32_t r = 0; r < a.rows; ++r) {
    const Sum term = input_term(a.in + r * a.in_stride, a.depth, zw);
    Sum* sums = a.out + r * a.out_stride;
    for (int32_t o = 0; o < a.outputs; ++o) sums[o] = wrapping_add(sums[o], term);
  }
}

}  // namespace pipit
