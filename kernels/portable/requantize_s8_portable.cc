// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/requantize_s8.h"
#include "kernels/math/fixed_point.h"

namespace pipit {

void requantize_s8_portable(const RequantizeS8& a) {
  const int32_t* sums = a.sums;
  for (int32_t r = 0; r < a.rows; ++r) {
    int8_t* out = a.out + r * a.out_stride;
    for (int32_t o = 0; o < a.outputs; ++o) {
      const uint32_t sum = static_cast<uint32_t>(*sums++) + static_cast<uint32_t>(a.terms[r]);
      out[o] = static_cast<int8_t>(requantize(static_cast<int32_t>(sum), a.multiplier, a.shift,
                                              a.zero_point, INT8_MIN, INT8_MAX));
    }
  }
}

}  // namespace pipit
