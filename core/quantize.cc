// SPDX-License-Identifier: Apache-2.0
#include "core/quantize.h"

#include <cmath>

#include "core/to_integer.h"

namespace pipit {

// Saturates at both ends; what is not a number becomes the zero point.
int32_t quantize_float(float real, float scale, int32_t zero_point) {
  const int64_t sum = int64_t{to_integer<int32_t>(std::round(real / scale))} + zero_point;
  return static_cast<int32_t>(sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : sum);
}

}  // namespace pipit
