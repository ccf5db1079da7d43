// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/depthwise_hybrid.h"
#include "kernels/portable/depthwise_loops.h"

namespace pipit {

void depthwise_hybrid_portable(const DepthwiseHybrid& a) {
  const auto add = [](uint32_t* sums, const int8_t* x, const int8_t* w, int32_t n) {
    for (int32_t i = 0; i < n; ++i) sums[i] += static_cast<uint32_t>(x[i] * w[i]);
  };
  const auto zero_point = static_cast<uint32_t>(a.in_zero_point);
  const auto finish = [&](const uint32_t* sums, int32_t first, int32_t n, float* out) {
    for (int32_t i = 0; i < n; ++i) {
      const uint32_t zeros = zero_point * static_cast<uint32_t>(a.weight_sums[first + i]);
      out[i] = finish_hybrid(a, static_cast<int32_t>(sums[i] - zeros), first + i);
    }
  };
  const auto border = static_cast<int8_t>(a.in_zero_point);
  depthwise<uint32_t>(a, &border, add, finish);
}

}  // namespace pipit
