// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/depthwise_s16.h"
#include "kernels/portable/depthwise_loops.h"

namespace pipit {

void depthwise_s16_portable(const DepthwiseS16& a) {
  const auto add = [](int64_t* sums, const int16_t* x, const int8_t* w, int32_t n) {
    for (int32_t i = 0; i < n; ++i) sums[i] += x[i] * w[i];
  };
  const auto finish = [&](const int64_t* sums, int32_t first, int32_t n, int16_t* out) {
    for (int32_t i = 0; i < n; ++i) {
      out[i] = finish_s16(sums[i], a.bias, a.requantize, first + i);
    }
  };
  const int16_t* skip = nullptr;
  depthwise<int64_t>(a, skip, add, finish);
}

}  // namespace pipit
