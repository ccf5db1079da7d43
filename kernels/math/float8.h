// SPDX-License-Identifier: Apache-2.0
// Numbers of 8 bits by their bits. E5M2 is the upper half of a float16; E4M3FN has no infinities
// and one NaN of each sign.
//
//   E4M3FN  | sign | 4 of exponent, bias 7  | 3 of mantissa |
//   E5M2    | sign | 5 of exponent, bias 15 | 2 of mantissa |
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/math/half.h"

namespace pipit {

static inline float float8_e5m2_to_float(uint8_t b) {
  return half_to_float(static_cast<uint16_t>(b << 8));
}

static inline float float8_e4m3fn_to_float(uint8_t b) {
  const uint32_t sign = static_cast<uint32_t>(b & 0x80u) << 24;
  const uint32_t magnitude = b & 0x7Fu;
  float f = 0;
  if (magnitude < 8) {  // zero or subnormal: a multiple of 2^-9
    f = static_cast<float>(magnitude) * 0x1p-9f;
    return sign != 0 ? -f : f;
  }
  const uint32_t bits = sign | (magnitude == 0x7F ? 0x7FC00000u : (magnitude << 20) + (120u << 23));
  std::memcpy(&f, &bits, sizeof f);
  return f;
}

// To the nearest, ties to even. `overflow` is what follows the largest number, `nan` what is none.
// In E4M3FN what is too large becomes its NaN, in E5M2 infinite.
template <int mantissa, int bias, uint32_t overflow, uint32_t nan>
static inline uint8_t float_to_float8(float f) {
  constexpr uint32_t kLeastNormal = static_cast<uint32_t>(128 - bias) << 23;
  constexpr int kShift = 23 - mantissa;
  uint32_t bits = 0;
  std::memcpy(&bits, &f, sizeof bits);
  const uint32_t sign = bits >> 24 & 0x80u;
  bits &= 0x7FFFFFFFu;
  if (bits > 0x7F800000u) return static_cast<uint8_t>(sign | nan);
  if (bits < kLeastNormal) {  // adding this leaves units of the smallest subnormal in the low bits
    constexpr uint32_t kUnits = static_cast<uint32_t>(127 + 24 - bias - mantissa) << 23;
    float magnitude = 0, units = 0;
    std::memcpy(&magnitude, &bits, sizeof magnitude);
    std::memcpy(&units, &kUnits, sizeof units);
    magnitude += units;
    std::memcpy(&bits, &magnitude, sizeof bits);
    return static_cast<uint8_t>(sign | (bits - kUnits));
  }
  const uint32_t rounded = bits + (1u << (kShift - 1)) - 1 + (bits >> kShift & 1u);
  const uint32_t narrow = (rounded >> kShift) - (static_cast<uint32_t>(127 - bias) << mantissa);
  return static_cast<uint8_t>(sign | (narrow < overflow ? narrow : overflow));
}

static inline uint8_t float_to_float8_e5m2(float f) {
  return float_to_float8<2, 15, 0x7C, 0x7E>(f);
}
static inline uint8_t float_to_float8_e4m3fn(float f) {
  return float_to_float8<3, 7, 0x7F, 0x7F>(f);
}

}  // namespace pipit
