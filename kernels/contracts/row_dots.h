// SPDX-License-Identifier: Apache-2.0
// One dot product for each row of two matrices: sums[r] = sum over i of (x[r][i] - zero_point) *
// weights[r][i]. Integer sums wrap.
#pragma once

#include <cstdint>

namespace pipit {

template <class X, class Weight, class Sum>
struct RowDots {
  int32_t rows = 0;
  int32_t n = 0;
  const X* x = nullptr;
  const Weight* weights = nullptr;
  Sum* sums = nullptr;
  X zero_point = 0;
};

void row_dots(const RowDots<float, float, float>& a);
void row_dots(const RowDots<float, int8_t, float>& a);
void row_dots(const RowDots<int16_t, int16_t, int32_t>& a);
void row_dots(const RowDots<int8_t, int8_t, int32_t>& a);

}  // namespace pipit
