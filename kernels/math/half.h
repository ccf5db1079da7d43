// SPDX-License-Identifier: Apache-2.0
// Numbers of 16 bits, IEEE half precision (float16) and bfloat16, by their bits: the same on every
// machine.
//
//   float16   | sign | 5 of exponent, bias 15  | 10 of mantissa |
//   bfloat16  | sign | 8 of exponent, bias 127 | 7 of mantissa  |
#pragma once

#include <cstdint>
#include <cstring>

namespace pipit {

static inline float half_to_float(uint16_t h) {
  const uint32_t sign = static_cast<uint32_t>(h & 0x8000u) << 16;
  const uint32_t magnitude = h & 0x7FFFu;
  float f = 0;
  if (magnitude < 0x0400u) {  // zero or subnormal: a multiple of 2^-24
    f = static_cast<float>(magnitude) * 0x1p-24f;
    return sign != 0 ? -f : f;
  }
  // Rebias the exponent; infinities and NaN keep the largest one.
  const uint32_t bias = magnitude >= 0x7C00u ? 0x70000000u : 0x38000000u;
  const uint32_t bits = sign | ((magnitude << 13) + bias);
  std::memcpy(&f, &bits, sizeof f);
  return f;
}

// To the nearest, ties to even.
static inline uint16_t float_to_half(float f) {
  uint32_t bits = 0;
  std::memcpy(&bits, &f, sizeof bits);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  bits &= 0x7FFFFFFFu;
  if (bits > 0x7F800000u) return static_cast<uint16_t>(sign | 0x7E00u | ((bits >> 13) & 0x3FFu));
  if (bits >= 0x477FF000u) return static_cast<uint16_t>(sign | 0x7C00u);  // rounds to infinity
  if (bits < 0x38800000u) {  // subnormal: adding 0.5 leaves units of 2^-24 in the low bits
    float magnitude = 0;
    std::memcpy(&magnitude, &bits, sizeof magnitude);
    magnitude += 0.5f;
    std::memcpy(&bits, &magnitude, sizeof bits);
    return static_cast<uint16_t>(sign | (bits - 0x3F000000u));
  }
  const uint32_t rounded = bits + 0xFFFu + ((bits >> 13) & 1u);
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

// The upper half of a float.
static inline float bfloat16_to_float(uint16_t b) {
  const uint32_t bits = static_cast<uint32_t>(b) << 16;
  float f = 0;
  std::memcpy(&f, &bits, sizeof f);
  return f;
}

// To the nearest, ties to even.
static inline uint16_t float_to_bfloat16(float f) {
  uint32_t bits = 0;
  std::memcpy(&bits, &f, sizeof bits);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<uint16_t>(bits >> 16 | 0x40u);
  return static_cast<uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

}  // namespace pipit
