// SPDX-License-Identifier: Apache-2.0
// The range of values that a fused activation lets through.
#pragma once

namespace pipit {

template <class T>
struct Clamp {
  T min = 0;
  T max = 0;

  // Comparisons in this order let a NaN pass.
  T operator()(T x) const {
    const T low = x < min ? min : x;
    return max < low ? max : low;
  }
};

}  // namespace pipit
