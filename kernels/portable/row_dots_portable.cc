// SPDX-License-Identifier: Apache-2.0
#include <cstddef>

#include "kernels/contracts/row_dots.h"

namespace pipit {
namespace {

// A sum of floats waits for each addition, so that several rows take turns.
template <int kTogether, class Weight>
int32_t float_dots(const RowDots<float, Weight, float>& a, int32_t r) {
  for (; r + kTogether <= a.rows; r += kTogether) {
    const ptrdiff_t n = a.n;
    const float* x = a.x + r * n;
    const Weight* w = a.weights + r * n;
    float sums[kTogether] = {};
    for (ptrdiff_t i = 0; i < n; ++i) {
      for (int k = 0; k < kTogether; ++k) {
        sums[k] += x[k * n + i] * static_cast<float>(w[k * n + i]);
      }
    }
    for (int k = 0; k < kTogether; ++k) a.sums[r + k] = sums[k];
  }
  return r;
}

template <class Weight>
void float_dots(const RowDots<float, Weight, float>& a) {
  float_dots<1>(a, float_dots<4>(a, 0));
}

template <class T>
void integer_dots(const RowDots<T, T, int32_t>& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    const T* x = a.x + static_cast<ptrdiff_t>(r) * a.n;
    const T* w = a.weights + static_cast<ptrdiff_t>(r) * a.n;
    uint32_t sum = 0;
    for (int32_t i = 0; i < a.n; ++i) {
      sum += static_cast<uint32_t>(x[i] - a.zero_point) * static_cast<uint32_t>(w[i]);
    }
    a.sums[r] = static_cast<int32_t>(sum);
  }
}

}  // namespace

void row_dots(const RowDots<float, float, float>& a) { float_dots(a); }
void row_dots(const RowDots<float, int8_t, float>& a) { float_dots(a); }
void row_dots(const RowDots<int16_t, int16_t, int32_t>& a) { integer_dots(a); }
void row_dots(const RowDots<int8_t, int8_t, int32_t>& a) { integer_dots(a); }

}  // namespace pipit
