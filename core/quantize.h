// SPDX-License-Identifier: Apache-2.0
// Quantization arithmetic that is done once, at plan time.
#pragma once

#include <bit>
#include <cstdint>

namespace pipit {

// A positive real number as multiplier * 2^(shift - 31), multiplier in [2^30, 2^31).
struct Multiplier {
  int32_t multiplier = 0;
  int32_t shift = 0;  // positive: to the left
};

// The nearest representable multiplier. Numbers below 2^-32 become 0; the shift is capped at 30.
// `real` is finite and not negative, but may be -0. Inline for the loops over channels.
inline Multiplier quantize_multiplier(double real) {
  if (!(real > 0)) return {};  // whose sign would be read as part of a large exponent
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

// q = zero_point + real / scale, rounded half away from zero, as a float32 quotient.
int32_t quantize_float(float real, float scale, int32_t zero_point);

}  // namespace pipit
