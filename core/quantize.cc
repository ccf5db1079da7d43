// SPDX-License-Identifier: Apache-2.0
#include "core/quantize.h"

#include <bit>
#include <cmath>

namespace pipit {

Multiplier quantize_multiplier(double real) {
  constexpr int kFraction = 52, kDropped = kFraction + 1 - 31;  // bits
  const auto bits = std::bit_cast<uint64_t>(real);
  int32_t exponent = static_cast<int32_t>(bits >> kFraction) - 1022;  // of a mantissa in [0.5, 1)
  const uint64_t mantissa = (bits & ((uint64_t{1} << kFraction) - 1)) | uint64_t{1} << kFraction;
  uint64_t q31 = (mantissa + (uint64_t{1} << (kDropped - 1))) >> kDropped;
  if (q31 == uint64_t{1} << 31) {
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
