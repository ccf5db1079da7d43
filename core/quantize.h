// SPDX-License-Identifier: Apache-2.0
// Quantization arithmetic that is done once, at plan time.
#pragma once

#include <cstdint>

namespace pipit {

// A positive real number as multiplier * 2^(shift - 31), multiplier in [2^30, 2^31).
struct Multiplier {
  int32_t multiplier = 0;
  int32_t shift = 0;  // positive: to the left
};

// The nearest representable multiplier. Numbers below 2^-32 become 0; the shift is capped at 30.
// `real` is finite and not negative.
Multiplier quantize_multiplier(double real);

// q = zero_point + real / scale, rounded half away from zero, as a float32 quotient.
int32_t quantize_float(float real, float scale, int32_t zero_point);

}  // namespace pipit
