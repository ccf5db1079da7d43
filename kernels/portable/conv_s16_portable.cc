// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/conv_s16.h"
#include "kernels/portable/conv_loops.h"

namespace pipit {
namespace {

// In 32 bits as long as nothing can overflow, since vectors of 64-bit sums are half as long.
int64_t dot(const int16_t* x, const int8_t* w, int32_t n) {
  constexpr int32_t kExact = 256;  // a product has 22 bits and a sign
  int64_t total = 0;
  while (n > 0) {
    const int32_t part = n < kExact ? n : kExact;
    int32_t sum = 0;
    for (int32_t i = 0; i < part; ++i) sum += x[i] * w[i];
    total += sum;
    x += part;
    w += part;
    n -= part;
  }
  return total;
}

}  // namespace

void conv_s16_portable(const ConvS16& a) {
  const ptrdiff_t depth = ptrdiff_t{a.size.kernel_h} * a.size.kernel_w * a.size.in_c;
  const auto position = [&](const Window& window, const int16_t* in, int16_t* out) {
    for (int32_t o = 0; o < a.size.out_c; ++o) {
      const int8_t* w = a.weights + o * depth;
      int64_t total = 0;
      for_each_run(
          a.size, a.stride, window,
          [&](ptrdiff_t i, int32_t k, int32_t n) { total += dot(in + i, w + k, n); }, ignore);
      out[o] = finish_s16(total, a.bias, a.requantize, o);
    }
  };
  for_each_position(a.size, a.stride, a.in, a.out, position);
}

}  // namespace pipit
