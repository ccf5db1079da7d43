// SPDX-License-Identifier: Apache-2.0
// Every variant of what float activations need that meet 8-bit weights against the portable one:
// quantized numbers are equal, scaled sums differ by no more than a few roundings. Ragged sizes,
// special values, unmapped pages around every array; and variants broken on purpose.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/contracts/hybrid.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit {

// For messages and the names of test cases.
void PrintTo(const HybridVariant& v, std::ostream* out) { *out << v.name; }

}  // namespace pipit

namespace pipit::test {
namespace {

constexpr int32_t kSizes[] = {0, 1, 3, 4, 7, 15, 16, 17, 31, 32, 33, 100};
constexpr Against kSides[] = {Against::kLowerGuard, Against::kUpperGuard};

// Halves, whose rounding shows its direction, and what is not a number or has no bounds.
float value(Random* random, bool special) {
  const float specials[] = {NAN, INFINITY, -INFINITY, 0.49999997f, -0.49999997f};
  if (special && random->one_in(5)) return specials[random->between(0, 4)];
  return static_cast<float>(random->between(-300, 300)) / 2;
}

using Round = void (*)(const RoundS8&);

bool rounds_alike(Round variant, int32_t n, bool special, Against side, uint64_t seed) {
  Random random(seed);
  const auto count = static_cast<size_t>(n);
  const GuardedBuffer<float> x(count, side);
  const GuardedBuffer<int8_t> want(count, side), got(count, other(side));
  for (float& v : x.span()) v = value(&random, special);
  x.make_read_only();
  RoundS8 a = {.x = x.data(), .q = want.data(), .n = n};
  if (random.one_in(2)) a.min = -127;
  if (random.one_in(2)) a.offset = static_cast<float>(random.between(-128, 127));
  if (random.one_in(2)) a.factor = static_cast<float>(random.unit());
  round_s8_portable(a);
  a.q = got.data();
  variant(a);
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

template <class Visit>
void for_each_size(const Visit& visit) {
  uint64_t seed = 1;
  for (const int32_t n : kSizes) {
    for (const Against side : kSides) {
      for (int i = 0; i < 8; ++i) visit(n, side, ++seed);
    }
  }
}

bool always_rounds_alike(Round variant) {
  bool all = true;
  for_each_size([&](int32_t n, Against side, uint64_t seed) {
    for (const bool special : {false, true}) {
      all = all && rounds_alike(variant, n, special, side, seed);
    }
  });
  return all;
}

using Find = Extremes (*)(const float*, int32_t);

bool always_finds_extremes(Find variant) {
  bool all = true;
  for_each_size([&](int32_t n, Against side, uint64_t seed) {
    Random random(seed);
    const GuardedBuffer<float> x(static_cast<size_t>(n), side);
    const int32_t sign = random.between(-1, 1);  // none: any
    for (float& v : x.span()) {
      v = value(&random, seed % 2 == 0);
      if (sign != 0) v = std::fabs(v) * static_cast<float>(sign);
    }
    x.make_read_only();
    const Extremes want = extremes_portable(x.data(), n), got = variant(x.data(), n);
    all = all && want.min == got.min && want.max == got.max;
  });
  return all;
}

using Add = void (*)(const AddScaled&);

bool adds_alike(Add variant, int32_t n, Against side, uint64_t seed) {
  Random random(seed);
  const auto count = static_cast<size_t>(n);
  const GuardedBuffer<int32_t> sums(count, side), weight_sums(count, side);
  const GuardedBuffer<float> scales(count + 1, side), start(count, side);
  const GuardedBuffer<float> want(count, side), got(count, other(side));
  for (int32_t& v : sums.span()) v = random.between(-100000, 100000);
  for (int32_t& v : weight_sums.span()) v = random.between(-9999, 9999);
  for (float& v : scales.span()) v = static_cast<float>(random.unit());
  for (float& v : start.span()) v = static_cast<float>(random.unit() * 4 - 2);
  AddScaled a = {.n = n, .sums = sums.data(), .scale = 0.01f};
  if (random.one_in(2)) a.zero_point = random.between(-128, 127);
  if (a.zero_point != 0) a.weight_sums = weight_sums.data();
  a.weight_scale_step = random.between(0, 1);
  a.weight_scale = scales.data();
  if (random.one_in(2)) a.start = start.data();
  if (random.one_in(2)) a.min = 0;
  if (random.one_in(2)) a.max = 50;
  a.out = want.data();
  add_scaled_portable(a);
  a.out = got.data();
  variant(a);
  for (size_t i = 0; i < count; ++i) {
    const float w = want.span()[i];
    if (!(std::fabs(w - got.span()[i]) <= 4e-7f * (std::fabs(w) + 4))) return false;
  }
  return true;
}

bool always_adds_alike(Add variant) {
  bool all = true;
  for_each_size([&](int32_t n, Against side, uint64_t seed) {
    all = all && adds_alike(variant, n, side, seed);
  });
  return all;
}

class HybridVariantTest : public testing::TestWithParam<HybridVariant> {};

TEST_P(HybridVariantTest, AgreesWithPortable) {
  const HybridVariant& variant = GetParam();
  if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
  EXPECT_TRUE(always_finds_extremes(variant.extremes));
  EXPECT_TRUE(always_rounds_alike(variant.round));
  EXPECT_TRUE(always_adds_alike(variant.add_scaled));
}

std::string name_of(const testing::TestParamInfo<HybridVariant>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Hybrid, HybridVariantTest,
                         testing::ValuesIn(hybrid_variants().begin(), hybrid_variants().end()),
                         name_of);

// ---- the check itself

void rounds_halves_up(const RoundS8& a) {
  round_s8_portable(a);
  for (int32_t i = 0; i < a.n; ++i) {
    const float x = a.offset + a.x[i] * a.factor;
    if (x == -2.5f) a.q[i] = -2;
  }
}

Extremes forgets_the_last(const float* x, int32_t n) { return extremes_portable(x, n - 1); }

void forgets_weight_sums(const AddScaled& a) {
  AddScaled b = a;
  b.zero_point = 0;
  add_scaled_portable(b);
}

TEST(HybridCheck, CatchesBrokenVariants) {
  EXPECT_FALSE(always_rounds_alike(rounds_halves_up));
  EXPECT_FALSE(always_finds_extremes(forgets_the_last));
  EXPECT_FALSE(always_adds_alike(forgets_weight_sums));
}

}  // namespace
}  // namespace pipit::test
