// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/conv_hybrid.h"
#include "kernels/portable/conv_loops.h"

namespace pipit {

void conv_hybrid_portable(const ConvHybrid& a) {
  const auto zero_point = static_cast<uint32_t>(a.in_zero_point);
  const ptrdiff_t depth = ptrdiff_t{a.size.kernel_h} * a.size.kernel_w * a.size.in_c;
  const auto position = [&](const Window& window, const int8_t* in, float* out) {
    for (int32_t o = 0; o < a.size.out_c; ++o) {
      const int8_t* w = a.weights + o * depth;
      uint32_t total = 0;
      for_each_run(
          a.size, a.stride, window,
          [&](ptrdiff_t i, int32_t k, int32_t n) { total += dot(in + i, w + k, n); },
          [&](int32_t k, int32_t n) { total += zero_point * sum(w + k, n); });
      total -= zero_point * static_cast<uint32_t>(a.weight_sums[o]);
      out[o] = finish_hybrid(a, static_cast<int32_t>(total), o);
    }
  };
  for_each_position(a.size, a.stride, a.in, a.out, position);
}

}  // namespace pipit
