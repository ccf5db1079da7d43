// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pipit::test {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  // 64 random bits (splitmix64).
  uint64_t bits() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // A number in [low, high].
  int32_t between(int32_t low, int32_t high) {
    const auto range = static_cast<uint64_t>(int64_t{high} - low + 1);
    return static_cast<int32_t>(low + static_cast<int64_t>(bits() % range));
  }
  // One of n.
  size_t below(size_t n) { return static_cast<size_t>(bits() % n); }
  bool one_in(int32_t n) { return between(1, n) == 1; }
  // A number in [0, 1).
  double unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

 private:
  uint64_t state_;
};

// Near 2^n for an n up to `most`: where sizes begin to wrap.
inline int32_t near_power_of_two(Random& random, int32_t most) {
  return (int32_t{1} << random.between(0, most)) + random.between(-1, 1);
}

}  // namespace pipit::test
