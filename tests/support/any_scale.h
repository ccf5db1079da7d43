// SPDX-License-Identifier: Apache-2.0
// Scales from integer sums to quantized outputs, for the checks of kernels that apply them.
#pragma once

#include <cmath>

#include "tests/support/random.h"

namespace pipit::test {

// One in four is a power of two, which leaves exact halves; some are far above one.
inline double any_scale(Random* random) {
  const int exponent = random->one_in(8) ? random->between(-60, 40) : random->between(-12, 1);
  return std::ldexp(random->one_in(4) ? 1.0 : 0.5 + random->unit() / 2, exponent);
}

}  // namespace pipit::test
