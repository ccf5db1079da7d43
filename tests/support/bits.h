// SPDX-License-Identifier: Apache-2.0
// What of a float's bits is the same on every machine.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "pipit/span.h"

namespace pipit::test {

// All that is not a number counts as one, and subnormal numbers as zeros of their sign.
inline uint32_t significant_bits(float x) {
  if (std::isnan(x)) return 0x7FC00000;
  const auto bits = std::bit_cast<uint32_t>(x);
  return (bits & 0x7F800000) == 0 ? bits & 0x80000000 : bits;
}
inline uint64_t significant_bits(double x) {
  return std::isnan(x) ? 0x7FF8000000000000 : std::bit_cast<uint64_t>(x);
}

// A number made of all their bits, and of `before`.
template <class T>
uint64_t fingerprint(Span<const T> numbers, uint64_t before = 0) {
  uint64_t hash = before ^ 0xCBF29CE484222325;
  for (const T x : numbers) {
    hash = (hash ^ significant_bits(x)) * 0x9E3779B97F4A7C15;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace pipit::test
