// SPDX-License-Identifier: Apache-2.0
// Walks a tensor whose scale changes along one dimension.
#pragma once

#include "kernels/ops/common.h"

namespace pipit {

// The tensor as [outer][count][inner], with a scale and a zero point for each of `count`.
struct Channels {
  int32_t outer = 1;
  int32_t count = 1;
  int32_t inner = 0;
  const float* scales = nullptr;         // [count]
  const int64_t* zero_points = nullptr;  // [count], or as many as zero_point_step says
  int32_t zero_point_step = 0;           // 1: one for each; 0: one for all
};

// From the quantization of `t`, for a tensor of `shape`. Fails unless its scales are positive and
// as many as it has channels, or one.
Status find_channels(const Prepare& p, const Tensor& t, const Shape& shape, Channels* c);

// Calls f(index of the first element, scale, zero_point) for each stretch of `inner` elements.
template <class F>
void for_each_channel(const Channels& c, F f) {
  int32_t at = 0;
  for (int32_t o = 0; o < c.outer; ++o) {
    for (int32_t i = 0; i < c.count; ++i, at += c.inner) {
      const int64_t z = c.zero_points == nullptr ? 0 : c.zero_points[i * c.zero_point_step];
      f(at, c.scales[i], static_cast<int32_t>(z));
    }
  }
}

}  // namespace pipit
