// SPDX-License-Identifier: Apache-2.0
// Random bits as functions of a key and a counter (Salmon et al., "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011).
#pragma once

#include <cstdint>

namespace pipit {

// Philox4x32 with 10 rounds: 128 bits.
struct Philox {
  static constexpr int32_t kWords = 4;
  uint32_t key[2];
  uint32_t counter[kWords];
};

// Each round multiplies two words and lets the halves of the products change places; the key moves
// on by constants of its own.
static inline void random_words(const Philox& p, uint32_t* out) {
  uint32_t key0 = p.key[0], key1 = p.key[1];
  uint32_t c0 = p.counter[0], c1 = p.counter[1], c2 = p.counter[2], c3 = p.counter[3];
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * c0, b = uint64_t{0xCD9E8D57} * c2;
    c0 = static_cast<uint32_t>(b >> 32) ^ c1 ^ key0;
    c1 = static_cast<uint32_t>(b);
    c2 = static_cast<uint32_t>(a >> 32) ^ c3 ^ key1;
    c3 = static_cast<uint32_t>(a);
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

// Threefry2x32 with 20 rounds: 64 bits.
struct Threefry {
  static constexpr int32_t kWords = 2;
  uint32_t key[2];
  uint32_t counter[kWords];
};

static inline void random_words(const Threefry& t, uint32_t* out) {
  constexpr int kTurns[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  // The third part of the key is made so that no key is all zeros. One of the three pairs is added
  // after each four rounds, and the number of the addition.
  const uint32_t keys[3] = {t.key[0], t.key[1], t.key[0] ^ t.key[1] ^ 0x1BD11BDA};
  uint32_t x = t.counter[0] + keys[0], y = t.counter[1] + keys[1];
  for (uint32_t i = 1; i <= 5; ++i) {
    for (const int turn : kTurns[1 - i % 2]) {
      x += y;
      y = (y << turn | y >> (32 - turn)) ^ x;
    }
    x += keys[i % 3];
    y += keys[(i + 1) % 3] + i;
  }
  out[0] = x;
  out[1] = y;
}

}  // namespace pipit
