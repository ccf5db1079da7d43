// SPDX-License-Identifier: Apache-2.0
// From one quantization to another, with a slope for each side of zero.
//
//   d = x - in_zero_point
//   out = clamp(zero_point + d * (d >= 0 ? above : sign_below * below), min, max)
#pragma once

#include <cstdint>

#include "kernels/math/fixed_point.h"

namespace pipit {

struct Scaling {
  struct Slope {
    int32_t multiplier = 0;  // times 2^(shift - 31)
    int32_t shift = 0;
  };
  int32_t in_zero_point = 0;
  Slope above, below;
  int32_t sign_below = 1;
  int32_t zero_point = 0;
  int32_t min = 0;
  int32_t max = 0;
};

static inline int32_t scale_value(const Scaling& s, int32_t x) {
  const auto d =
      static_cast<int32_t>(static_cast<uint32_t>(x) - static_cast<uint32_t>(s.in_zero_point));
  const Scaling::Slope slope = d >= 0 ? s.above : s.below;
  const int64_t scaled = multiply(d, slope.multiplier, slope.shift);
  const int64_t out = s.zero_point + (d >= 0 ? scaled : s.sign_below * scaled);
  return static_cast<int32_t>(out < s.min ? s.min : (out > s.max ? s.max : out));
}

}  // namespace pipit
