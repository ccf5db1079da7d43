// SPDX-License-Identifier: Apache-2.0
#include "core/quantize.h"

#include <cmath>

namespace pipit {

int32_t quantize_float(float real, float scale, int32_t zero_point) {
  const float q = std::round(real / scale);
  if (!(q > -2147483648.0f)) return INT32_MIN;
  if (q >= 2147483648.0f) return INT32_MAX;
  const int64_t sum = static_cast<int64_t>(q) + zero_point;
  return static_cast<int32_t>(sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : sum);
}

}  // namespace pipit
