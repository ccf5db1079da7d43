// SPDX-License-Identifier: Apache-2.0
// Elements of half a byte, the low bits first.
#pragma once

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

}  // namespace pipit
