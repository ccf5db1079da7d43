// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "core/to_integer.h"
#include "kernels/contracts/hybrid.h"
#include "kernels/math/clamp.h"

namespace pipit {

// In lanes, which the compiler keeps in vectors.
Extremes extremes_portable(const float* x, int32_t n) {
  constexpr int32_t kLanes = 16;
  float min[kLanes] = {}, max[kLanes] = {};
  Extremes e;
  int32_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int32_t l = 0; l < kLanes; ++l) {
      min[l] = x[i + l] < min[l] ? x[i + l] : min[l];
      max[l] = x[i + l] > max[l] ? x[i + l] : max[l];
    }
  }
  for (int32_t l = 0; l < kLanes; ++l) {
    e.min = min[l] < e.min ? min[l] : e.min;
    e.max = max[l] > e.max ? max[l] : e.max;
  }
  for (; i < n; ++i) {
    e.min = x[i] < e.min ? x[i] : e.min;
    e.max = x[i] > e.max ? x[i] : e.max;
  }
  return e;
}

// Limits come before rounding, where they are exact; the upper one is int8's.
void round_s8_portable(const RoundS8& a) {
  for (int32_t i = 0; i < a.n; ++i) {
    const float x = a.offset + a.x[i] * a.factor;
    const float number = x == x ? x : a.offset;
    a.q[i] = to_integer<int8_t>(std::round(number > a.min ? number : a.min));
  }
}

void add_scaled_portable(const AddScaled& a) {
  const auto zero_point = static_cast<uint32_t>(a.zero_point);
  const Clamp<float> clamp = {a.min, a.max};
  for (int32_t i = 0; i < a.n; ++i) {
    auto sum = static_cast<uint32_t>(a.sums[i]);
    if (zero_point != 0) sum -= zero_point * static_cast<uint32_t>(a.weight_sums[i]);
    const float scale = a.scale * a.weight_scale[i * a.weight_scale_step];
    const float product = static_cast<float>(static_cast<int32_t>(sum)) * scale;
    a.out[i] = clamp(a.start == nullptr ? product : a.start[i] + product);
  }
}

}  // namespace pipit
