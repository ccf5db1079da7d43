// SPDX-License-Identifier: Apache-2.0
// Sums of int8 values of one quantization, bit for bit as TensorFlow Lite Micro has them.
#pragma once

#include "kernels/math/fixed_point.h"
#include "kernels/ops/common.h"

namespace pipit {

// The sum is in units of 2^-19 times the input's scale. It wraps, as it does there. There a term is
// shifted left by 20 and multiplied by in.scale / (2 * in.scale), which is exactly a shift back by
// one, and the sum by 2 * in.scale / (2^20 * out.scale).
struct QuantizedSum {
  int32_t in_zero_point = 0;
  Multiplier to_output;
  int32_t out_zero_point = 0;

  uint32_t term(int32_t x) const { return static_cast<uint32_t>(x - in_zero_point) << 19; }
  // Not 0 where there is a zero point: the reference kernels take the least of all terms for it.
  uint32_t start() const { return term(0); }
  int8_t result(uint32_t sum) const {
    return static_cast<int8_t>(requantize(static_cast<int32_t>(sum), to_output.multiplier,
                                          to_output.shift, out_zero_point, -128, 127));
  }
};

// From the quantization of input 0 to that of output 0.
inline Status find_quantized_sum(const Prepare& p, QuantizedSum* sum) {
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  PIPIT_TRY(need_scale(p, in));
  PIPIT_TRY(need_scale(p, out));
  const double twice_in = 2 * static_cast<double>(in.scale);
  const double real = twice_in / ((1 << 20) * static_cast<double>(out.scale));
  if (!(real < 1)) return p.unsupported("the scale of ", in, " is too large for that of ", out);
  *sum = {in.zero_point, quantize_multiplier(real), out.zero_point};
  return {};
}

}  // namespace pipit
