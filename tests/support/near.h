// SPDX-License-Identifier: Apache-2.0
// Floats that may differ in their last places.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "pipit/span.h"

namespace pipit::test {

// Whether `got` is within so many units in the last place of `want`, a unit being 2^-23 of it. What
// is no normal number may be zero: vectors of 32-bit ARM know no others.
inline bool near(float want, float got, float units) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got);
  if (want == got) return true;
  if (std::isinf(want) || std::isinf(got)) return false;
  const float smallest = std::numeric_limits<float>::min();
  return std::abs(want - got) <= units * std::max(0x1p-23f * std::abs(want), smallest);
}

inline bool near(Span<const float> want, Span<const float> got, float units) {
  return std::equal(want.begin(), want.end(), got.begin(),
                    [&](float a, float b) { return near(a, b, units); });
}

}  // namespace pipit::test
