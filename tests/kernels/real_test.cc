// SPDX-License-Identifier: Apache-2.0
// Our functions of real numbers: near the C library's in double precision, right where they change
// their kind, and the same to the bit on every machine, as are the portable kernels made of them.
#include "kernels/math/real.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "kernels/contracts/activation_f32.h"
#include "kernels/contracts/function_f32.h"
#include "kernels/contracts/softmax.h"
#include "platform/subnormals.h"
#include "tests/support/bits.h"

namespace pipit::test {
namespace {

using Floats = std::vector<float>;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Floats of all kinds: every `step`th pattern of bits.
Floats sweep(uint32_t step) {
  Floats numbers;
  for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += step) {
    numbers.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  }
  return numbers;
}

// Of the size of a network's values.
Floats moderate(size_t n) {
  Floats numbers;
  for (size_t i = 0; i < n; ++i) {
    numbers.push_back(static_cast<float>(i * 7919 % n) / static_cast<float>(n) * 40 - 20);
  }
  return numbers;
}

bool is_normal_or_zero(float x) { return x == 0 || std::fpclassify(x) != FP_SUBNORMAL; }

// Units in the last place of `want` between the two.
double units_between(float got, double want) {
  const auto nearest = static_cast<float>(want);
  if (significant_bits(got) == significant_bits(nearest)) return 0;
  if (!std::isfinite(got) || !std::isfinite(nearest)) return INFINITY;
  int exponent = 0;
  (void)std::frexp(want, &exponent);
  const double unit = std::ldexp(1.0, std::max(exponent - 24, -126));
  return std::abs(static_cast<double>(got) - want) / unit;
}

struct Function {
  const char* name;
  float (*ours)(float);
  double (*theirs)(double);
};

class RealFunction : public testing::TestWithParam<Function> {};

TEST_P(RealFunction, GivesTheNearestFloat) {
  constexpr double kUnits = 0.51;
  Floats numbers = sweep(65521);
  const Floats more = moderate(20000);
  numbers.insert(numbers.end(), more.begin(), more.end());
  for (const float x : numbers) {
    if (!is_normal_or_zero(x)) continue;
    const double want = GetParam().theirs(static_cast<double>(x));
    ASSERT_LE(units_between(GetParam().ours(x), want), kUnits) << x;
  }
}

double exact_exp(double x) { return std::exp(x); }
double exact_expm1(double x) { return std::expm1(x); }
double exact_log(double x) { return std::log(x); }
double exact_tanh(double x) { return std::tanh(x); }
double exact_erfc(double x) { return std::erfc(x); }
double exact_sin(double x) { return std::sin(x); }
double exact_cos(double x) { return std::cos(x); }
double exact_floor(double x) { return std::floor(x); }
double exact_ceil(double x) { return std::ceil(x); }

const Function kFunctions[] = {
    {"exp", real::exp, exact_exp},    {"expm1", real::expm1, exact_expm1},
    {"log", real::log, exact_log},    {"tanh", real::tanh, exact_tanh},
    {"erfc", real::erfc, exact_erfc}, {"sin", real::sin, exact_sin},
    {"cos", real::cos, exact_cos},    {"floor", real::floor, exact_floor},
    {"ceil", real::ceil, exact_ceil},
};

INSTANTIATE_TEST_SUITE_P(Real, RealFunction, testing::ValuesIn(kFunctions),
                         [](const auto& p) { return std::string(p.param.name); });

// ---- of two numbers

struct Function2 {
  const char* name;
  float (*ours)(float, float);
  double (*theirs)(double, double);
};

double exact_pow(double x, double y) { return std::pow(x, y); }
double exact_atan2(double y, double x) { return std::atan2(y, x); }
double exact_hypot(double x, double y) { return std::hypot(x, y); }

const Function2 kFunctions2[] = {
    {"pow", real::pow, exact_pow},
    {"atan2", real::atan2, exact_atan2},
    {"hypot", real::hypot, exact_hypot},
};

const float kPartners[] = {0.0f,  -0.0f, 1,     -1,    2,       -3,        0.5f,       -0.75f,
                           1e-3f, 17,    1e30f, -7e9f, 1.0001f, kInfinity, -kInfinity, NAN};

class RealFunction2 : public testing::TestWithParam<Function2> {};

TEST_P(RealFunction2, GivesTheNearestFloat) {
  constexpr double kUnits = 0.51;
  Floats numbers = sweep(1048573);
  const Floats more = moderate(500);
  numbers.insert(numbers.end(), more.begin(), more.end());
  numbers.insert(numbers.end(), std::begin(kPartners), std::end(kPartners));
  for (const float x : numbers) {
    if (!is_normal_or_zero(x)) continue;
    for (const float y : kPartners) {
      const double a = x, b = y;
      ASSERT_LE(units_between(GetParam().ours(x, y), GetParam().theirs(a, b)), kUnits) << x << y;
      ASSERT_LE(units_between(GetParam().ours(y, x), GetParam().theirs(b, a)), kUnits) << y << x;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Real, RealFunction2, testing::ValuesIn(kFunctions2),
                         [](const auto& p) { return std::string(p.param.name); });

// ---- double precision

void expect_units(double got, double want, double units) {
  int exponent = 0;
  (void)std::frexp(want, &exponent);
  EXPECT_LE(std::abs(got - want), std::ldexp(units, exponent - 53)) << got << " for " << want;
}

TEST(RealDouble, IsWithinAFewUnits) {
  for (int i = 1; i <= 5000; ++i) {
    const double x = i / 97.0 - 25;
    expect_units(real::exp(x * 20), std::exp(x * 20), 4);
    expect_units(real::log(i / 300.0), std::log(i / 300.0), 4);
    expect_units(real::log1p(i / 3e4), std::log1p(i / 3e4), 4);
    expect_units(real::log2(i / 300.0), std::log2(i / 300.0), 6);
    expect_units(real::atan2(x, 2.5 - i / 1e3), std::atan2(x, 2.5 - i / 1e3), 4);
    expect_units(real::hypot(x, 1.5), std::hypot(x, 1.5), 4);
    EXPECT_NEAR(real::sin(x), std::sin(x), 0x1p-51);
    EXPECT_NEAR(real::cos(x), std::cos(x), 0x1p-51);
    EXPECT_NEAR(real::pow(i / 300.0, x / 5) / std::pow(i / 300.0, x / 5), 1, 0x1p-46);
  }
}

TEST(RealDouble, EndsOfTheRange) {
  EXPECT_EQ(real::exp(709.8), INFINITY);
  EXPECT_EQ(real::exp(-708.5), 0);
  EXPECT_EQ(real::exp(-INFINITY), 0);
  EXPECT_TRUE(std::isnan(real::exp(std::nan(""))));
  EXPECT_EQ(real::log(0.0), -INFINITY);
  EXPECT_TRUE(std::isnan(real::log(-1.0)));
  EXPECT_EQ(real::log(INFINITY), INFINITY);
  expect_units(real::hypot(3e300, 4e300), 5e300, 2);
  expect_units(real::hypot(3e-300, 4e-300), 5e-300, 2);
  expect_units(real::atan2(3e300, 3e300), real::kPi / 4, 2);
  EXPECT_EQ(real::atan2(-0.0, -1.0), -real::kPi);
}

// ---- the same bits everywhere

// Compared with what was recorded; PIPIT_PRINT_FINGERPRINTS=1 prints what to record.
void expect_fingerprint(const std::string& name, uint64_t got, uint64_t want) {
  if (std::getenv("PIPIT_PRINT_FINGERPRINTS") != nullptr) {
    std::printf("%s 0x%016llX\n", name.c_str(), static_cast<unsigned long long>(got));
  }
  EXPECT_EQ(got, want) << name;
}

constexpr uint32_t kStep = 16381;

TEST(RealEverywhere, FunctionsGiveTheSameBits) {
  const FlushSubnormals flush;
  const uint64_t recorded[] = {0x6DE88E02E7634DB8, 0x335F8EC36DA82F70, 0x765D82A09F708548,
                               0x2574AE6D3B14172B, 0x68FF61977AB77D0D, 0xA953F38395F5CD97,
                               0xB456B49CEB329F7C, 0x868B37B7BF4128DB, 0xFF092574F786C4B9};
  for (size_t i = 0; i < std::size(kFunctions); ++i) {
    Floats numbers = sweep(kStep);
    for (float& x : numbers) x = kFunctions[i].ours(x);
    expect_fingerprint(kFunctions[i].name, fingerprint<float>(numbers), recorded[i]);
  }
}

TEST(RealEverywhere, FunctionsOfTwoGiveTheSameBits) {
  const FlushSubnormals flush;
  const uint64_t recorded[] = {0x61B8438402EFE6EE, 0xC31E73AD71C13C60, 0x19D420EF3F6F28E3};
  for (size_t i = 0; i < std::size(kFunctions2); ++i) {
    Floats numbers = sweep(kStep);
    const Floats others = moderate(numbers.size());
    for (size_t k = 0; k < numbers.size(); ++k) {
      numbers[k] = k % 2 == 0 ? kFunctions2[i].ours(numbers[k], others[k])
                              : kFunctions2[i].ours(others[k], numbers[k]);
    }
    expect_fingerprint(kFunctions2[i].name, fingerprint<float>(numbers), recorded[i]);
  }
}

TEST(RealEverywhere, DoublesGiveTheSameBits) {
  const FlushSubnormals flush;
  std::vector<double> results;
  for (int i = 1; i < 20000; ++i) {
    const double x = i / 97.0 - 25, y = i / 300.0;
    const double all[] = {real::exp(x * 3), real::log(y),          real::log1p(y),
                          real::log2(y),    real::atan2(x, 2 - y), real::sin(x),
                          real::cos(x),     real::hypot(x, y),     real::pow(y, x / 5)};
    results.insert(results.end(), std::begin(all), std::end(all));
  }
  expect_fingerprint("doubles", fingerprint<double>(results), 0xE98E5B7E0F47746F);
}

struct Kernel {
  const char* name;
  UnaryFn run;
  uint64_t recorded;
};

TEST(RealEverywhere, PortableKernelsGiveTheSameBits) {
  const FlushSubnormals flush;
  const Kernel kernels[] = {
      {"exp", exp_f32_portable, 0x6DE88E02E7634DB8},
      {"sqrt", sqrt_f32_portable, 0xFB07919CC34E066A},
      {"rsqrt", rsqrt_f32_portable, 0x65F8AD800EA42130},
      {"square", square_f32_portable, 0x8C4282B4F43B7E9C},
      {"abs", abs_f32_portable, 0x75EE7117188A0B41},
      {"neg", neg_f32_portable, 0xC55C21149A4839E1},
      {"floor", floor_f32_portable, 0x868B37B7BF4128DB},
      {"ceil", ceil_f32_portable, 0xFF092574F786C4B9},
      {"round", round_f32_portable, 0x735FACEF34DD634D},
      {"hard_swish", hard_swish_f32_portable, 0x72FD23DCFCF46FFC},
      {"logistic", logistic_f32_portable, 0xDCA255996714DF34},
      {"tanh", tanh_f32_portable, 0x2574AE6D3B14172B},
      {"elu", elu_f32_portable, 0x853C90E1122261A6},
      {"gelu", gelu_f32_portable, 0x7F9D5D8E0EC348B6},
      {"gelu_by_tanh", gelu_by_tanh_f32_portable, 0x87B20BE80A548C3D},
  };
  const Floats in = sweep(kStep);
  Floats out(in.size());
  for (const Kernel& k : kernels) {
    k.run({.in = in.data(), .out = out.data(), .n = static_cast<int32_t>(in.size())});
    expect_fingerprint(k.name, fingerprint<float>(out), k.recorded);
  }
}

TEST(RealEverywhere, PortableSoftmaxGivesTheSameBits) {
  const FlushSubnormals flush;
  const Floats in = moderate(100 * 37);
  Floats out(in.size());
  const SoftmaxF32 a = {
      .in = in.data(), .out = out.data(), .rows = 100, .depth = 37, .beta = 0.75f};
  softmax_f32_portable(a);
  expect_fingerprint("softmax", fingerprint<float>(out), 0x5980845EA0E81B72);
  log_softmax_f32_portable(a);
  expect_fingerprint("log_softmax", fingerprint<float>(out), 0x014C89D45231EF0F);
}

}  // namespace
}  // namespace pipit::test
