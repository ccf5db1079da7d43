// SPDX-License-Identifier: Apache-2.0
// Real numbers as integers. Every conversion goes through here: what leaves an integer's range is
// undefined in C++, and differs between processors.
#pragma once

#include <limits>

namespace pipit {

// Towards zero. Saturates at both ends; what is not a number becomes `nan`.
template <class T, class Real>
[[nodiscard]] static constexpr T to_integer(Real x, T nan = 0) {
  constexpr T kMin = std::numeric_limits<T>::min(), kMax = std::numeric_limits<T>::max();
  if (x != x) return nan;
  if (x <= static_cast<Real>(kMin)) return kMin;
  return x < static_cast<Real>(kMax) ? static_cast<T>(x) : kMax;
}

}  // namespace pipit
