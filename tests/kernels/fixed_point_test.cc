// SPDX-License-Identifier: Apache-2.0
// Fixed-point roundings against their definitions, written out slowly with exact integers.
#include "kernels/math/fixed_point.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/quantize.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

// floor(n / 2^bits)
int64_t floor_half(int64_t n, int bits) {
  const int64_t unit = int64_t{1} << bits;
  return n / unit - (n % unit < 0 ? 1 : 0);
}

// n / 2^bits to the nearest, halves upwards.
int64_t round_up(int64_t n, int bits) {
  return bits == 0 ? n : floor_half(n + (int64_t{1} << (bits - 1)), bits);
}

// n / 2^bits to the nearest, halves away from zero.
int64_t round_away(int64_t n, int bits) { return n < 0 ? -round_up(-n, bits) : round_up(n, bits); }

int32_t slow_high_mul(int32_t a, int32_t b) {
  return static_cast<int32_t>(std::min<int64_t>(round_up(int64_t{a} * b, 31), INT32_MAX));
}

int32_t wrapped(int64_t n) { return static_cast<int32_t>(static_cast<uint64_t>(n) & 0xffffffffu); }

int32_t slow_multiply(int32_t x, int32_t multiplier, int32_t shift) {
  const int64_t exact = int64_t{x} * (int64_t{1} << std::max(shift, 0));
  const auto shifted = static_cast<int32_t>(std::clamp<int64_t>(exact, INT32_MIN, INT32_MAX));
  return static_cast<int32_t>(round_away(slow_high_mul(shifted, multiplier), std::max(-shift, 0)));
}

int32_t slow_multiply64(int64_t x, int32_t multiplier, int32_t shift) {
  const int64_t reduced = std::min<int64_t>(round_up(multiplier, 16), 0x7fff);
  return wrapped(round_up(x * reduced, 15 - shift));
}

const std::vector<int32_t> kEdges = {INT32_MIN,
                                     INT32_MIN + 1,
                                     -(1 << 30) - 1,
                                     -(1 << 30),
                                     -(1 << 30) + 1,
                                     -65536,
                                     -3,
                                     -2,
                                     -1,
                                     0,
                                     1,
                                     2,
                                     3,
                                     65535,
                                     (1 << 30) - 1,
                                     1 << 30,
                                     (1 << 30) + 1,
                                     0x7ffeffff,
                                     0x7fff0000,
                                     INT32_MAX - 1,
                                     INT32_MAX};

// The edges, and numbers of every size.
std::vector<int32_t> samples(uint64_t seed, int count) {
  Random random(seed);
  std::vector<int32_t> values = kEdges;
  for (int i = 0; i < count; ++i) {
    values.push_back(random.between(INT32_MIN, INT32_MAX) >> random.between(0, 31));
  }
  return values;
}

// Multipliers as quantize_multiplier makes them.
std::vector<int32_t> multipliers(uint64_t seed, int count) {
  Random random(seed);
  std::vector<int32_t> values = {1 << 30, (1 << 30) + 1, 0x7ffeffff, 0x7fff0000, INT32_MAX};
  for (int i = 0; i < count; ++i) {
    values.push_back(random.between(1 << 30, INT32_MAX));
  }
  return values;
}

TEST(FixedPoint, RoundingDoublingHighMul) {
  for (const int32_t a : samples(1, 700)) {
    for (const int32_t b : samples(2, 700)) {
      ASSERT_EQ(rounding_doubling_high_mul(a, b), slow_high_mul(a, b)) << a << " * " << b;
    }
  }
}

TEST(FixedPoint, RoundingShiftRight) {
  for (int exponent = 0; exponent <= 31; ++exponent) {
    for (const int32_t x : samples(3, 10000)) {
      ASSERT_EQ(rounding_shift_right(x, exponent), round_away(x, exponent))
          << x << " >> " << exponent;
    }
  }
}

TEST(FixedPoint, Multiply) {
  for (int32_t shift = -31; shift <= 30; ++shift) {
    for (const int32_t multiplier : multipliers(4, 40)) {
      for (const int32_t x : samples(5, 150)) {
        ASSERT_EQ(multiply(x, multiplier, shift), slow_multiply(x, multiplier, shift))
            << x << " * " << multiplier << " << " << shift;
      }
    }
  }
}

TEST(FixedPoint, Multiply64) {
  Random random(6);
  for (int32_t shift = -31; shift < 15; ++shift) {
    for (const int32_t multiplier : multipliers(7, 60)) {
      for (int i = 0; i < 200; ++i) {
        const int64_t x = static_cast<int64_t>(random.bits()) >> random.between(17, 63);
        ASSERT_EQ(multiply(x, multiplier, shift), slow_multiply64(x, multiplier, shift))
            << x << " * " << multiplier << " << " << shift;
      }
    }
  }
}

TEST(FixedPoint, Requantize) {
  Random random(8);
  for (const int32_t multiplier : multipliers(9, 20)) {
    for (const int32_t x : samples(10, 300)) {
      const int32_t shift = random.between(-31, 8);
      const int32_t zero_point = random.between(-128, 127);
      const int32_t a = random.between(-128, 127);
      const int32_t b = random.between(-128, 127);
      const int64_t low = std::min(a, b), high = std::max(a, b);
      const int64_t exact = int64_t{slow_multiply(x, multiplier, shift)} + zero_point;
      ASSERT_EQ(requantize(x, multiplier, shift, zero_point, std::min(a, b), std::max(a, b)),
                std::clamp(exact, low, high));
    }
  }
}

TEST(FixedPoint, QuantizeMultiplierIsTheNearest) {
  Random random(11);
  for (int i = 0; i < 50000; ++i) {
    const double fraction = 0.5 + random.unit() / 2;
    const int exponent = random.between(-30, 30);
    const double real = std::ldexp(fraction, exponent);
    const Multiplier m = quantize_multiplier(real);
    ASSERT_GE(m.multiplier, 1 << 30) << real;
    const double back = std::ldexp(static_cast<double>(m.multiplier), m.shift - 31);
    ASSERT_LE(std::fabs(back - real), std::ldexp(0.5, exponent - 31)) << real;
  }
}

TEST(FixedPoint, QuantizeMultiplierAtItsLimits) {
  EXPECT_EQ(quantize_multiplier(0).multiplier, 0);
  EXPECT_EQ(quantize_multiplier(-0.0).multiplier, 0);
  EXPECT_EQ(quantize_multiplier(-0.0).shift, 0);
  EXPECT_EQ(quantize_multiplier(1e-20).multiplier, 0);
  EXPECT_EQ(quantize_multiplier(1e300).shift, 30);
  EXPECT_EQ(quantize_multiplier(1).multiplier, 1 << 30);
  EXPECT_EQ(quantize_multiplier(1).shift, 1);
  // The fraction rounds up to 1.
  EXPECT_EQ(quantize_multiplier(std::nextafter(1.0, 0.0)).multiplier, 1 << 30);
  EXPECT_EQ(quantize_multiplier(std::nextafter(1.0, 0.0)).shift, 1);
}

TEST(FixedPoint, QuantizeFloatRoundsHalvesAway) {
  EXPECT_EQ(quantize_float(1.25f, 0.5f, 0), 3);
  EXPECT_EQ(quantize_float(-1.25f, 0.5f, 0), -3);
  EXPECT_EQ(quantize_float(1.2f, 0.5f, 10), 12);
  EXPECT_EQ(quantize_float(0.0f, 0.5f, -128), -128);
}

}  // namespace
}  // namespace pipit::test
