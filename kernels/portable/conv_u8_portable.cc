// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/conv_u8.h"
#include "kernels/portable/conv_loops.h"

namespace pipit {
namespace {

// The products' definition; other variants multiply int8 numbers and add the rest (conv_u8.h).
uint32_t dot(const uint8_t* x, const uint8_t* w, int32_t w_zero_point, int32_t n) {
  uint32_t sum = 0;
  for (int32_t i = 0; i < n; ++i)
    sum += static_cast<uint32_t>((x[i] - 128) * (w[i] - w_zero_point));
  return sum;
}

uint32_t sum(const uint8_t* w, int32_t w_zero_point, int32_t n) {
  uint32_t sum = 0;
  for (int32_t i = 0; i < n; ++i) sum += static_cast<uint32_t>(w[i] - w_zero_point);
  return sum;
}

}  // namespace

void conv_u8_portable(const ConvU8& a) {
  const Requantize& q = a.requantize;
  // As in conv_s8_portable.cc: taps outside put back what the bias has taken off.
  const auto zero_point = static_cast<uint32_t>(a.in_zero_point - 128);
  const ptrdiff_t depth = ptrdiff_t{a.size.kernel_h} * a.size.kernel_w * a.size.in_c;
  const auto position = [&](const Window& window, const uint8_t* in, uint8_t* out) {
    for (int32_t o = 0; o < a.size.out_c; ++o) {
      const uint8_t* w = a.weights + o * depth;
      auto total = static_cast<uint32_t>(a.bias[o]);
      for_each_run(
          a.size, a.stride, window,
          [&](ptrdiff_t i, int32_t k, int32_t n) {
            total += dot(in + i, w + k, a.weights_zero_point, n);
          },
          [&](int32_t k, int32_t n) { total += zero_point * sum(w + k, a.weights_zero_point, n); });
      out[o] = static_cast<uint8_t>(requantize(static_cast<int32_t>(total), q.multiplier[o],
                                               q.shift[o], q.zero_point, q.min, q.max));
    }
  };
  for_each_position(a.size, a.stride, a.in, a.out, position);
}

}  // namespace pipit
