// SPDX-License-Identifier: Apache-2.0
#include <cstddef>

#include "kernels/row_dots.h"

namespace pipit {
namespace {

template <class Weight>
void float_dots(const RowDots<float, Weight, float>& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    const float* x = a.x + static_cast<ptrdiff_t>(r) * a.n;
    const Weight* w = a.weights + static_cast<ptrdiff_t>(r) * a.n;
    float sum = 0;
    for (int32_t i = 0; i < a.n; ++i) sum += x[i] * static_cast<float>(w[i]);
    a.sums[r] = sum;
  }
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
