// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/conv_s8.h"
#include "kernels/portable/conv_loops.h"

namespace pipit {

void conv_s8_portable(const ConvS8& a) {
  const Requantize& q = a.requantize;
  const auto zero_point = static_cast<uint32_t>(a.in_zero_point);
  const ptrdiff_t depth = ptrdiff_t{a.size.kernel_h} * a.size.kernel_w * a.size.in_c;
  const auto position = [&](const Window& window, const int8_t* in, int8_t* out) {
    for (int32_t o = 0; o < a.size.out_c; ++o) {
      const int8_t* w = a.weights + o * depth;
      auto total = static_cast<uint32_t>(a.bias[o]);
      for_each_run(
          a.size, a.stride, window,
          [&](ptrdiff_t i, int32_t k, int32_t n) { total += dot(in + i, w + k, n); },
          // The bias has zero_point times all weights taken off, so taps outside put theirs back.
          [&](int32_t k, int32_t n) { total += zero_point * sum(w + k, n); });
      out[o] = static_cast<int8_t>(requantize(static_cast<int32_t>(total), q.multiplier[o],
                                              q.shift[o], q.zero_point, q.min, q.max));
    }
  };
  for_each_position(a.size, a.stride, a.in, a.out, position);
}

}  // namespace pipit
