// SPDX-License-Identifier: Apache-2.0
#include "tools/digest.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <vector>

namespace pipit::tools {
namespace {

std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table = {};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0);
    table[i] = crc;
  }
  return table;
}

// The first bits behind the point of the roots of the first primes.
struct Constants {
  std::array<uint32_t, 64> rounds;
  std::array<uint32_t, 8> start;
};

uint32_t fraction(long double root) {
  return static_cast<uint32_t>((root - std::floor(root)) * 4294967296.0L);
}

bool is_prime(int n) {
  for (int d = 2; d * d <= n; ++d) {
    if (n % d == 0) return false;
  }
  return true;
}

Constants constants() {
  Constants c = {};
  size_t i = 0;
  for (int n = 2; i < c.rounds.size(); ++n) {
    if (!is_prime(n)) continue;
    c.rounds[i] = fraction(std::cbrt(static_cast<long double>(n)));
    if (i < c.start.size()) c.start[i] = fraction(std::sqrt(static_cast<long double>(n)));
    ++i;
  }
  return c;
}

class Sha256 {
 public:
  Sha256() : constants_(constants()), state_(constants_.start) {}

  void block(const uint8_t* bytes) {
    std::array<uint32_t, 64> w;
    for (size_t i = 0; i < 16; ++i) {
      const uint8_t* p = bytes + 4 * i;
      w[i] = uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | p[3];
    }
    for (size_t i = 16; i < w.size(); ++i) {
      const uint32_t a = w[i - 15], b = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3) +
             (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10);
    }
    auto s = state_;
    for (size_t i = 0; i < w.size(); ++i) round(w[i] + constants_.rounds[i], &s);
    for (size_t i = 0; i < s.size(); ++i) state_[i] += s[i];
  }

  std::string text() const {
    std::string digits;
    for (const uint32_t word : state_) digits += hex(word);
    return digits;
  }

 private:
  static void round(uint32_t input, std::array<uint32_t, 8>* state) {
    auto& [a, b, c, d, e, f, g, h] = *state;
    const uint32_t one =
        h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) + input;
    const uint32_t two =
        (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    *state = {one + two, a, b, c, d + one, e, f, g};
  }

  Constants constants_;
  std::array<uint32_t, 8> state_;
};

// What is left of the bytes, a one, zeros, and how many bits there were.
std::vector<uint8_t> last_blocks(Span<const uint8_t> bytes, size_t from) {
  std::vector<uint8_t> last(bytes.begin() + from, bytes.end());
  last.push_back(0x80);
  while (last.size() % 64 != 56) last.push_back(0);
  const uint64_t bits = uint64_t{bytes.size()} * 8;
  for (int shift = 56; shift >= 0; shift -= 8) last.push_back(static_cast<uint8_t>(bits >> shift));
  return last;
}

}  // namespace

uint32_t crc32(Span<const uint8_t> bytes, uint32_t before) {
  static const std::array<uint32_t, 256> table = crc_table();
  uint32_t crc = ~before;
  for (const uint8_t byte : bytes) crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF];
  return ~crc;
}

std::string sha256(Span<const uint8_t> bytes) {
  Sha256 sha;
  const size_t whole = bytes.size() / 64 * 64;
  for (size_t at = 0; at < whole; at += 64) sha.block(bytes.data() + at);
  const std::vector<uint8_t> last = last_blocks(bytes, whole);
  for (size_t at = 0; at < last.size(); at += 64) sha.block(last.data() + at);
  return sha.text();
}

std::string hex(uint32_t value) {
  char text[9];
  std::snprintf(text, sizeof(text), "%08x", value);
  return text;
}

}  // namespace pipit::tools
