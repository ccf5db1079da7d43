// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/depthwise_f32.h"
#include "kernels/portable/depthwise_loops.h"

namespace pipit {

void depthwise_f32_portable(const DepthwiseF32& a) {
  const auto add = [](float* sums, const float* x, const float* w, int32_t n) {
    for (int32_t i = 0; i < n; ++i) sums[i] += x[i] * w[i];
  };
  const auto finish = [&](const float* sums, int32_t first, int32_t n, float* out) {
    for (int32_t i = 0; i < n; ++i) {
      const float bias = a.bias != nullptr ? a.bias[first + i] : 0;
      out[i] = clamp(sums[i] + bias, a.min, a.max);
    }
  };
  const float* skip = nullptr;
  depthwise<float>(a, skip, add, finish);
}

}  // namespace pipit
