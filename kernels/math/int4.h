// SPDX-License-Identifier: Apache-2.0
// Elements of half a byte, the low bits first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pipit {

// Bytes of `n` elements, their high half zero.
static inline void unpack_int4(const uint8_t* in, int32_t n, uint8_t* out) {
  for (int32_t i = 0; i < n; ++i) out[i] = (in[i / 2] >> (i % 2 * 4)) & 0xF;
}

// The other way round. An odd count leaves the last half byte zero.
static inline void pack_int4(const uint8_t* in, int32_t n, uint8_t* out) {
  for (int32_t i = 0; i < n; i += 2) {
    const int high = i + 1 < n ? in[i + 1] : 0;
    out[i / 2] = static_cast<uint8_t>((in[i] & 0xF) | high << 4);
  }
}

// Element `i` with its sign.
static inline int8_t int4_at(const uint8_t* in, size_t i) {
  return static_cast<int8_t>((((in[i / 2] >> (i % 2 * 4)) & 0xF) ^ 8) - 8);
}

// The elements [first, first + n) with their signs.
static inline void expand_int4(const uint8_t* in, size_t first, size_t n, int8_t* out) {
  size_t i = 0;
  if (n > 0 && first % 2 != 0) out[i++] = int4_at(in, first);
  for (const uint8_t* pair = in + (first + 1) / 2; i + 2 <= n; i += 2, ++pair) {
    out[i] = int4_at(pair, 0);
    out[i + 1] = int4_at(pair, 1);
  }
  if (i < n) out[i] = int4_at(in, first + i);
}

// Element `i` of numbers of `bits` bits (4 or 2), the low ones first.
template <int bits, bool is_signed>
static inline int32_t packed_element(const uint8_t* in, int32_t i) {
  constexpr int kPerByte = 8 / bits, kMask = (1 << bits) - 1;
  constexpr int kSignBit = is_signed ? 1 << (bits - 1) : 0;
  const int field = (in[i / kPerByte] >> (i % kPerByte * bits)) & kMask;
  return (field ^ kSignBit) - kSignBit;
}

}  // namespace pipit
