// SPDX-License-Identifier: Apache-2.0
// Floats of 8 bits through the operators that know them: every value by its definition, and of
// every float the nearest value, found by trying them all.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "tests/support/net.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

// From 0 to `largest` codes are finite and in order; the next one is what overflows.
struct Format {
  Type type;
  int mantissa, bias, largest;
  bool infinite;  // what overflows is infinite, and no NaN
};
constexpr Format kFormats[] = {{Type::kFloat8E4M3FN, 3, 7, 0x7E, false},
                               {Type::kFloat8E5M2, 2, 15, 0x7B, true}};

// Sign, exponent and fraction, as if every exponent were a number's.
double number(const Format& f, int code) {
  const int magnitude = code & 0x7F, ones = 1 << f.mantissa;
  const int exponent = magnitude >> f.mantissa, fraction = magnitude & (ones - 1);
  const double significand = (exponent == 0 ? 0.0 : 1.0) + static_cast<double>(fraction) / ones;
  return (code < 128 ? 1 : -1) * std::ldexp(significand, std::max(exponent, 1) - f.bias);
}

bool finite(const Format& f, int code) { return (code & 0x7F) <= f.largest; }
bool infinite(const Format& f, int code) { return f.infinite && (code & 0x7F) == f.largest + 1; }

// Ties go to the even code; what is as near to the code after the largest takes that.
int nearest(const Format& f, float x) {
  const double magnitude = std::min<double>(std::abs(x), number(f, f.largest + 1));
  const auto distance = [&](int c) { return std::abs(number(f, c) - magnitude); };
  int best = 0;
  for (int c = 1; c <= f.largest + 1; ++c) {
    if (distance(c) < distance(best) || (distance(c) == distance(best) && c % 2 == 0)) best = c;
  }
  return best | (std::signbit(x) ? 0x80 : 0);
}

template <class To, class From>
std::vector<To> convert(fb::BuiltinOperator op, Type from, Type to, const std::vector<From>& x) {
  ModelBuilder b;
  const int in = b.tensor({.type = from, .shape = Shape::of(x.size())});
  const int out = b.tensor({.type = to, .shape = Shape::of(x.size())});
  b.builtin_node(op, {in}, {out});
  b.inputs({in});
  b.outputs({out});
  Net net(b);
  net.set(0, x);
  return net.run<To>();
}

std::vector<uint8_t> all_codes() {
  std::vector<uint8_t> codes(256);
  std::iota(codes.begin(), codes.end(), uint8_t{0});
  return codes;
}

TEST(Float8, EveryValueIsThatOfTheDefinition) {
  for (const Format& f : kFormats) {
    for (const auto op : {fb::BuiltinOperator::CAST, fb::BuiltinOperator::DEQUANTIZE}) {
      const auto y = convert<float>(op, f.type, Type::kFloat32, all_codes());
      ASSERT_EQ(y.size(), 256u);
      for (int c = 0; c < 256; ++c) {
        const float value = y[static_cast<size_t>(c)];
        EXPECT_EQ(std::isnan(value), !finite(f, c) && !infinite(f, c)) << c;
        EXPECT_EQ(std::isinf(value), infinite(f, c)) << c;
        if (std::isnan(value)) continue;
        EXPECT_EQ(std::signbit(value), c >= 128) << c;
        EXPECT_TRUE(std::isinf(value) || double{value} == number(f, c)) << c;
      }
    }
  }
}

// All values, the middles between neighbours, what is just beside both, and floats of every size.
std::vector<float> telling_floats(const Format& f) {
  std::vector<float> list;
  const auto add = [&](double x) {
    for (const float near : {std::nextafter(static_cast<float>(x), 0.0f), static_cast<float>(x),
                             std::nextafter(static_cast<float>(x), 1e9f)}) {
      list.insert(list.end(), {near, -near});
    }
  };
  for (int c = 0; c <= f.largest; ++c) {
    add(number(f, c));
    add((number(f, c) + number(f, c + 1)) / 2);  // exact
  }
  Random random(8);
  for (int exponent = -149; exponent < 128; ++exponent) {
    for (int i = 0; i < 20; ++i) {
      add(std::ldexp(1 + static_cast<double>(random.between(0, 1 << 23)) / (1 << 23), exponent));
    }
  }
  return list;
}

TEST(Float8, FloatsBecomeTheNearestValue) {
  for (const Format& f : kFormats) {
    std::vector<float> x = telling_floats(f);
    const size_t numbers = x.size();
    x.insert(x.end(), {std::numeric_limits<float>::infinity(), std::nanf("")});
    const auto y = convert<uint8_t>(fb::BuiltinOperator::CAST, Type::kFloat32, f.type, x);
    ASSERT_EQ(y.size(), x.size());
    for (size_t i = 0; i < numbers; ++i) ASSERT_EQ(y[i], nearest(f, x[i])) << x[i];
    EXPECT_EQ(y[numbers], f.largest + 1);
    EXPECT_FALSE(finite(f, y[numbers + 1]) || infinite(f, y[numbers + 1]));
  }
}

TEST(Float8, IntegersBecomeTheNearestValueAndComeBackWithoutFraction) {
  std::vector<int32_t> x(1001);
  std::iota(x.begin(), x.end(), -500);
  for (const Format& f : kFormats) {
    const auto y = convert<uint8_t>(fb::BuiltinOperator::CAST, Type::kInt32, f.type, x);
    ASSERT_EQ(y.size(), x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(y[i], nearest(f, static_cast<float>(x[i]))) << x[i];
    }
    const auto back =
        convert<int32_t>(fb::BuiltinOperator::CAST, f.type, Type::kInt32, all_codes());
    ASSERT_EQ(back.size(), 256u);
    for (int c = 0; c < 256; ++c) {
      if (!finite(f, c)) continue;
      EXPECT_EQ(back[static_cast<size_t>(c)], std::trunc(number(f, c))) << c;
    }
  }
}

}  // namespace
}  // namespace pipit::test
