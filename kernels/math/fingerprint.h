// SPDX-License-Identifier: Apache-2.0
// The 64-bit fingerprint of bytes that FarmHash defines for good (its "na" variant).
//
// Geoff Pike's FarmHash has a way of its own for up to 16 bytes, up to 32, up to 64 and more. In
// each, the last bytes are read from the end on, where they may overlap others, so that no length
// needs padding. All arithmetic is modulo 2^64; numbers are read as a little-endian machine does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace pipit {
namespace fingerprint_detail {

constexpr uint64_t k0 = 0xc3a5c85c97cb3127, k1 = 0xb492b66fbe98f273, k2 = 0x9ae16a3b2f90404f;

template <class T>
static inline uint64_t number(const uint8_t* at) {
  T x;
  std::memcpy(&x, at, sizeof(x));
  return x;
}
static inline uint64_t long_at(const uint8_t* at) { return number<uint64_t>(at); }

static inline uint64_t turn(uint64_t x, int by) { return x >> by | x << (64 - by); }
static inline uint64_t fold(uint64_t x) { return x ^ x >> 47; }

// Two numbers to one.
static inline uint64_t join(uint64_t a, uint64_t b, uint64_t factor) {
  return fold((b ^ fold((a ^ b) * factor)) * factor) * factor;
}

static inline uint64_t up_to_16(const uint8_t* s, size_t n) {
  const uint64_t factor = k2 + n * 2;
  if (n >= 8) {
    const uint64_t a = long_at(s) + k2, b = long_at(s + n - 8);
    return join(turn(b, 37) * factor + a, (turn(a, 25) + b) * factor, factor);
  }
  if (n >= 4) return join(n + (number<uint32_t>(s) << 3), number<uint32_t>(s + n - 4), factor);
  if (n == 0) return k2;
  const uint64_t low = s[0] + (uint64_t{s[n / 2]} << 8), high = n + (uint64_t{s[n - 1]} << 2);
  return fold(low * k2 ^ high * k0) * k2;
}

// What 17 bytes and more begin with; `a` is the first number, multiplied.
static inline uint64_t ends(const uint8_t* s, size_t n, uint64_t a, uint64_t factor, uint64_t* y) {
  const uint64_t b = long_at(s + 8), c = long_at(s + n - 8) * factor, d = long_at(s + n - 16) * k2;
  *y = turn(a + b, 43) + turn(c, 30) + d;
  return join(*y, a + turn(b + k2, 18) + c, factor);
}

static inline uint64_t up_to_64(const uint8_t* s, size_t n) {
  const uint64_t factor = k2 + n * 2;
  uint64_t y;
  if (n <= 32) return ends(s, n, long_at(s) * k1, factor, &y);
  const uint64_t a = long_at(s) * k2;
  const uint64_t z = ends(s, n, a, factor, &y);
  const uint64_t e = long_at(s + 16) * factor, f = long_at(s + 24);
  const uint64_t g = (y + long_at(s + n - 32)) * factor, h = (z + long_at(s + n - 24)) * factor;
  return join(turn(e + f, 43) + turn(g, 30) + h, e + turn(f + a, 18) + g, factor);
}

struct Pair {
  uint64_t a, b;
};

static inline Pair mix_32(const uint8_t* s, uint64_t a, uint64_t b) {
  const uint64_t last = long_at(s + 24);
  a += long_at(s);
  b = turn(b + a + last, 21);
  const uint64_t sum = a + long_at(s + 8) + long_at(s + 16);
  return {sum + last, b + turn(sum, 44) + a};
}

// The state of what has more than 64 bytes.
struct Long {
  uint64_t x, y, z;
  Pair v = {0, 0}, w = {0, 0};

  // One block of 64 bytes. The last one counts with another factor and weight than those before.
  void add_64(const uint8_t* s, uint64_t factor, uint64_t weight) {
    x = turn(x + y + v.a + long_at(s + 8), 37) * factor;
    y = turn(y + v.b + long_at(s + 48), 42) * factor;
    x ^= w.b * weight;
    y += v.a * weight + long_at(s + 40);
    z = turn(z + w.a, 33) * factor;
    v = mix_32(s, v.b * factor, x + w.a);
    w = mix_32(s + 32, z + w.b, y + long_at(s + 16));
    std::swap(x, z);
  }
};

static inline uint64_t more_than_64(const uint8_t* s, size_t n) {
  constexpr uint64_t kSeed = 81;
  constexpr uint64_t kY = kSeed * k1 + 113;
  Long t = {kSeed * k2 + long_at(s), kY, fold(kY * k2 + 113) * k2};
  // All whole blocks of 64 bytes that leave something, then the last 64 bytes.
  const size_t blocks = (n - 1) / 64, rest = (n - 1) % 64;
  for (size_t i = 0; i < blocks; ++i) t.add_64(s + 64 * i, k1, 1);
  // From here on the bytes are the last 64, whatever of them has been read before.
  const uint64_t factor = k1 + ((t.z & 0xff) << 1);
  t.w.a += rest;
  t.v.a += t.w.a;
  t.w.a += t.v.a;
  t.add_64(s + n - 64, factor, 9);
  return join(join(t.v.a, t.w.a, factor) + fold(t.y) * k0 + t.z, join(t.v.b, t.w.b, factor) + t.x,
              factor);
}

}  // namespace fingerprint_detail

static inline uint64_t fingerprint64(const uint8_t* s, size_t n) {
  using namespace fingerprint_detail;
  if (n <= 16) return up_to_16(s, n);
  return n <= 64 ? up_to_64(s, n) : more_than_64(s, n);
}

}  // namespace pipit
