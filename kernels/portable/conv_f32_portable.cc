// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/conv_f32.h"
#include "kernels/portable/conv_loops.h"

namespace pipit {
void conv_f32_portable(const ConvF32& a) {
  const ptrdiff_t depth = ptrdiff_t{a.size.kernel_h} * a.size.kernel_w * a.size.in_c;
  const auto position = [&](const Window& window, const float* in, float* out) {
    for (int32_t o = 0; o < a.size.out_c; ++o) {
      const float* w = a.weights + o * depth;
      SumF32 sum;
      for_each_run(
          a.size, a.stride, window,
          [&](ptrdiff_t i, int32_t k, int32_t n) { sum.add_products(in + i, w + k, n); }, ignore);
      const float bias = a.bias != nullptr ? a.bias[o] : 0;
      out[o] = clamp(sum.total() + bias, a.min, a.max);
    }
  };
  for_each_position(a.size, a.stride, a.in, a.out, position);
}

}  // namespace pipit
