// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/scaling.h"

#include <cmath>

namespace pipit {

Status find_scaling(const Prepare& p, float slope, Scaling* s) {
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  for (const Tensor* t : {&in, &out}) {
    PIPIT_TRY(need_scale(p, *t));
    if (t->type == Type::kInt16 && t->zero_point != 0) {
      return p.unsupported(*t, " has zero point ", t->zero_point, ", which int16 may not have");
    }
  }
  // Quotients of floats, widened afterwards, as TensorFlow Lite computes them for LEAKY_RELU: in
  // double they could differ by a unit of the multiplier.
  const float below = in.scale * slope / out.scale;
  const Multiplier m = quantize_multiplier(static_cast<double>(in.scale / out.scale));
  const Multiplier m_below = quantize_multiplier(static_cast<double>(std::abs(below)));
  const Range range = type_range(out.type);
  *s = {.in_zero_point = in.zero_point,
        .above = {m.multiplier, m.shift},
        .below = {m_below.multiplier, m_below.shift},
        // Multipliers are never negative.
        .sign_below = below < 0 ? -1 : 1,
        .zero_point = out.zero_point,
        .min = range.min,
        .max = range.max};
  return {};
}

}  // namespace pipit
