// SPDX-License-Identifier: Apache-2.0
// Real numbers become integers in one way everywhere: saturated at both ends, what is not a number
// the zero point.
#include "core/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "core/to_integer.h"
#include "kernels/contracts/hybrid.h"
#include "kernels/contracts/lookup_s16.h"
#include "kernels/math/real.h"
#include "tests/support/net.h"

namespace pipit::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Of numbers that any type of integer has to saturate, or to make its zero point; more than a
// vector, and some more.
const std::vector<float> kHuge = {1e30f,        kInfinity, 3.4e38f,      -1e30f, -kInfinity, NAN,
                                  2.2e9f,       -2.2e9f,   2147483648.f, 2.5f,   -2.5f,      0,
                                  4294967296.f, -NAN,      1e10f,        -1e10f, kInfinity};
constexpr int kHigh = 1, kLow = -1, kZero = 0, kOther = 2;
const std::vector<int> kEnds = {kHigh,  kHigh,  kHigh,  kLow,  kLow,  kZero, kHigh, kLow, kHigh,
                                kOther, kOther, kOther, kHigh, kZero, kHigh, kLow,  kHigh};

template <class T>
void expect_saturated(Type type, int zero_point, const Options& options) {
  ModelBuilder b;
  const Shape shape = Shape::of(static_cast<int32_t>(kHuge.size()));
  const int in = b.tensor({.type = Type::kFloat32, .shape = shape});
  const int out =
      b.tensor({.type = type, .shape = shape, .scales = {0.5f}, .zero_points = {zero_point}});
  b.builtin_node(fb::BuiltinOperator::QUANTIZE, {in}, {out});
  b.inputs({in});
  b.outputs({out});
  Net net(b, options);
  net.set(0, kHuge);
  const auto got = net.run<T>();
  ASSERT_EQ(got.size(), kHuge.size());
  for (size_t i = 0; i < got.size(); ++i) {
    const int want = kEnds[i] == kHigh   ? int{std::numeric_limits<T>::max()}
                     : kEnds[i] == kLow  ? int{std::numeric_limits<T>::min()}
                     : kEnds[i] == kZero ? zero_point
                                         : int{got[i]};
    EXPECT_EQ(int{got[i]}, want) << kHuge[i] << " to " << type_name(type) << ", zero point "
                                 << zero_point;
  }
}

TEST(Quantize, SaturatesAtBothEnds) {
  for (const CpuFeatures cpu : {CpuFeatures{kCpuPortable}, detect_cpu()}) {
    Options options;
    options.cpu = cpu;
    for (const int zero_point : {-128, 0, 7, 127}) {
      expect_saturated<int8_t>(Type::kInt8, zero_point, options);
    }
    for (const int zero_point : {0, 128, 255}) {
      expect_saturated<uint8_t>(Type::kUInt8, zero_point, options);
    }
    expect_saturated<int16_t>(Type::kInt16, 0, options);
  }
}

TEST(Quantize, OneNumber) {
  EXPECT_EQ(quantize_float(kInfinity, 1, 5), INT32_MAX);
  EXPECT_EQ(quantize_float(3e9f, 1, -5), INT32_MAX - 5);
  EXPECT_EQ(quantize_float(-kInfinity, 1, 5), INT32_MIN + 5);
  EXPECT_EQ(quantize_float(NAN, 1, 5), 5);
  EXPECT_EQ(quantize_float(-2.5f, 1, 5), 2);
}

TEST(ToInteger, IsDefinedForAllNumbers) {
  EXPECT_EQ(to_integer<int8_t>(127.9f), 127);
  EXPECT_EQ(to_integer<int8_t>(128.0f), 127);
  EXPECT_EQ(to_integer<int8_t>(-1e30f), -128);
  EXPECT_EQ(to_integer<uint8_t>(-0.9f), 0);
  EXPECT_EQ(to_integer<uint16_t>(kInfinity), 65535);
  EXPECT_EQ(to_integer<int32_t>(2147483520.0f), 2147483520);
  EXPECT_EQ(to_integer<int32_t>(2147483648.0f), INT32_MAX);
  EXPECT_EQ(to_integer<int32_t>(-2147483648.0f), INT32_MIN);
  EXPECT_EQ(to_integer<int64_t>(9.3e18), INT64_MAX);
  EXPECT_EQ(to_integer<uint64_t>(2e19), UINT64_MAX);
  EXPECT_EQ(to_integer<int32_t>(NAN), 0);
  EXPECT_EQ(to_integer<int32_t>(NAN, 7), 7);
}

// Rows of activations that meet 8-bit weights.
TEST(Quantize, RowsOfActivations) {
  std::vector<float> x(37, 0.25f);
  x[3] = x[35] = NAN;
  std::vector<int8_t> q(x.size());
  for (const HybridVariant& v : hybrid_variants()) {
    if ((v.needs & ~detect_cpu()) != 0) continue;
    v.round({.x = x.data(), .q = q.data(), .n = 37, .factor = 4e9f, .offset = -7, .min = -128});
    EXPECT_EQ(q[3], -7) << v.name;
    EXPECT_EQ(q[35], -7) << v.name;
    EXPECT_EQ(q[0], 127) << v.name;
  }
}

// ---- from bytes to bytes

struct Bytes {
  Type type;
  float scale;
  int zero_point;
};

constexpr int32_t kBytes = 256 + 13;  // all, and some again

Net between(const Bytes& from, const Bytes& to) {
  ModelBuilder b;
  const auto tensor = [&](const Bytes& t) {
    return b.tensor({.type = t.type,
                     .shape = Shape::of(kBytes),
                     .scales = {t.scale},
                     .zero_points = {t.zero_point}});
  };
  const int in = tensor(from), out = tensor(to);
  b.builtin_node(fb::BuiltinOperator::QUANTIZE, {in}, {out});
  b.inputs({in});
  b.outputs({out});
  return Net(b);
}

size_t tables_of(const Bytes& from, const Bytes& to) {
  return between(from, to).interpreter().memory().persistent_bytes;
}

// Where only the top bit changes, there is no table.
TEST(Quantize, BytesOfTheOtherSign) {
  for (const int zero_point : {0, 1, 128, 255}) {
    const Bytes u8 = {Type::kUInt8, 0.5f, zero_point}, s8 = {Type::kInt8, 0.5f, zero_point - 128};
    for (const bool to_signed : {false, true}) {
      const Bytes &from = to_signed ? u8 : s8, &to = to_signed ? s8 : u8;
      Net net = between(from, to);
      std::vector<uint8_t> in(kBytes);
      for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<uint8_t>(i);
      std::copy(in.begin(), in.end(), net.interpreter().input(0)->as<uint8_t>());
      const auto got = net.run<uint8_t>();
      ASSERT_EQ(got.size(), in.size());
      for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], in[i] ^ 0x80) << i;
      Bytes other = to;
      other.scale = 0.51f;
      EXPECT_LE(tables_of(from, to) + 256, tables_of(from, other));
    }
  }
}

// exp overflows floats in half of this table.
TEST(Quantize, TablesOfFunctionsThatOverflow) {
  LookupS16 t;
  fill_table_s16<float>(
      {0.01f, 0}, {0.001f, 0}, [](float x) { return real::exp(x); }, &t);
  for (const int16_t x : {int16_t{400}, int16_t{9000}, int16_t{20000}, int16_t{INT16_MAX}}) {
    EXPECT_EQ(lookup_s16(t, x), INT16_MAX) << x;
  }
}

}  // namespace
}  // namespace pipit::test
