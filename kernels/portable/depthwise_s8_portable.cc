// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/depthwise_s8.h"
#include "kernels/portable/depthwise_loops.h"

namespace pipit {

void depthwise_s8_portable(const DepthwiseS8& a) {
  const Requantize& q = a.requantize;
  const auto add = [&](uint32_t* sums, const int8_t* x, const int8_t* w, int32_t n) {
    for (int32_t i = 0; i < n; ++i) sums[i] += static_cast<uint32_t>(x[i] * w[i]);
  };
  const auto finish = [&](const uint32_t* sums, int32_t first, int32_t n, int8_t* out) {
    for (int32_t i = 0; i < n; ++i) {
      const int32_t c = first + i;
      const auto sum = static_cast<int32_t>(sums[i] + static_cast<uint32_t>(a.bias[c]));
      out[i] = static_cast<int8_t>(
          requantize(sum, q.multiplier[c], q.shift[c], q.zero_point, q.min, q.max));
    }
  };
  // The bias has the zero point's share of all taps taken off, so those outside must read it.
  const auto border = static_cast<int8_t>(a.in_zero_point);
  depthwise<uint32_t>(a, &border, add, finish);
}

}  // namespace pipit
