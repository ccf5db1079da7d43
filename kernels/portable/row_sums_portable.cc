// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "kernels/contracts/row_sums.h"

namespace pipit {
namespace {

template <class T>
void sum_rows(const RowSums& a) {
  T least = std::numeric_limits<T>::max();
  const T* row = static_cast<const T*>(a.rows);
  for (int32_t r = 0; r < a.count; ++r, row += a.depth) {
    uint32_t sum = 0;
    for (int32_t i = 0; i < a.depth; ++i) {
      sum += static_cast<uint32_t>(row[i]);
      least = std::min(least, row[i]);
    }
    a.sums[r] = static_cast<int32_t>(sum);
  }
  if (a.holds_min != nullptr && least == std::numeric_limits<T>::min()) *a.holds_min = true;
}

}  // namespace

void row_sums_portable(const RowSums& a) {
  a.is_unsigned ? sum_rows<uint8_t>(a) : sum_rows<int8_t>(a);
}

}  // namespace pipit
