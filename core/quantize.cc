// SPDX-License-Identifier: Apache-2.0
#include "core/quantize.h"

#include <cmath>

namespace pipit {

Multiplier quantize_multiplier(double real) {
  if (real == 0) return {};
  int exponent = 0;
  const double fraction = std::frexp(real, &exponent);  // in [0.5, 1)
  int64_t q31 = std::llround(fraction * 2147483648.0);
  if (q31 == int64_t{1} << 31) {
    q31 /= 2;
    ++exponent;
  }
  if (exponent < -31) return {};
  if (exponent > 30) return {INT32_MAX, 30};
  return {static_cast<int32_t>(q31), exponent};
}

int32_t quantize_float(float real, float scale, int32_t zero_point) {
  const float q = std::round(real / scale);
  if (!(q > -2147483648.0f)) return INT32_MIN;
  if (q >= 2147483648.0f) return INT32_MAX;
  const int64_t sum = static_cast<int64_t>(q) + zero_point;
  return static_cast<int32_t>(sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : sum);
}

}  // namespace pipit
