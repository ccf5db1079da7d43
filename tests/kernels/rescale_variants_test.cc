// SPDX-License-Identifier: Apache-2.0
// Every variant of the way from integer sums to bytes against the portable one: ragged rows,
// extreme sums and scales, products that are exact halves, unmapped pages around every array; and
// variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/contracts/rescale.h"
#include "tests/support/any_scale.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit::test {
namespace {

struct Case {
  int32_t rows, outputs;
  Fill sums;
  int32_t scale_step;
};

template <class Out>
bool agrees(void (*portable)(const Rescale<int32_t, Out>&),
            void (*variant)(const Rescale<int32_t, Out>&), const Case& c, Against side,
            uint64_t seed) {
  constexpr int32_t kMin = std::numeric_limits<Out>::min(), kMax = std::numeric_limits<Out>::max();
  Random random(seed);
  const auto outputs = static_cast<size_t>(c.outputs), n = static_cast<size_t>(c.rows) * outputs;
  const GuardedBuffer<int32_t> sums(n, side);
  const GuardedBuffer<double> scale(c.scale_step == 0 ? 1 : outputs, side);
  const GuardedBuffer<Out> want(n, side), got(n, other(side));
  fill(sums.span(), c.sums, &random);
  for (double& s : scale.span()) s = any_scale(&random);
  // Sums of usual magnitude, of which the results are not all limits.
  if (c.sums == Fill::kRandom) {
    for (int32_t& s : sums.span()) s >>= random.between(0, 24);
  }
  sums.make_read_only();
  scale.make_read_only();
  Rescale<int32_t, Out> a;
  a.rows = c.rows;
  a.outputs = c.outputs;
  a.sums = sums.data();
  a.sums_stride = a.out_stride = c.outputs;
  a.scale = scale.data();
  a.scale_step = c.scale_step;
  a.zero_point = random.one_in(2) ? random.between(kMin, kMax) : kMin;
  a.min = random.one_in(2) ? kMin : random.between(kMin, a.zero_point);
  a.max = random.one_in(2) ? kMax : random.between(a.zero_point, kMax);
  a.out = want.data();
  portable(a);
  a.out = got.data();
  variant(a);
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t outputs : {1, 2, 7, 15, 16, 17, 31, 32, 33, 48, 100, 1000}) {
    for (const int32_t step : {0, 1}) {
      for (int i = 0; i < 8; ++i) visit(Case{2, outputs, Fill::kRandom, step});
      for (const Fill sums : kFills) visit(Case{1, outputs, sums, step});
    }
  }
}

// Both lists have the same instruction sets, in the same order.
class RescaleVariantTest : public testing::TestWithParam<size_t> {
 protected:
  template <class Out>
  void check() {
    const auto variants = rescale_variants<int32_t, Out>();
    const auto& variant = variants[GetParam()];
    if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
    uint64_t seed = 1;
    for_each_case([&](const Case& c) {
      for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
        ASSERT_TRUE(agrees(variants[0].run, variant.run, c, side, ++seed))
            << c.rows << " rows of " << c.outputs << ", fill " << static_cast<int>(c.sums)
            << ", scale step " << c.scale_step << ", seed " << seed;
      }
    });
  }
};

TEST_P(RescaleVariantTest, Int8EqualsPortable) { check<int8_t>(); }
TEST_P(RescaleVariantTest, UInt8EqualsPortable) { check<uint8_t>(); }

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return rescale_variants<int32_t, int8_t>()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(Rescale, RescaleVariantTest,
                         testing::Range(size_t{0}, rescale_variants<int32_t, int8_t>().size()),
                         name_of);

// ---- the check itself

TEST(RescaleCheck, TheListsAreAlike) {
  const auto s8 = rescale_variants<int32_t, int8_t>();
  const auto u8 = rescale_variants<int32_t, uint8_t>();
  ASSERT_EQ(s8.size(), u8.size());
  for (size_t i = 0; i < s8.size(); ++i) EXPECT_STREQ(s8[i].name, u8[i].name);
}

using Round = double (*)(double);

template <Round round>
void rounds(const RescaleS8& a) {
  for (int32_t i = 0; i < a.rows * a.outputs; ++i) {
    const double x = a.sums[i] * a.scale[i % a.outputs * a.scale_step];
    a.out[i] = static_cast<int8_t>(std::clamp(round(x) + a.zero_point, 1.0 * a.min, 1.0 * a.max));
  }
}

double away(double x) { return std::round(x); }
double to_even(double x) { return std::nearbyint(x); }
double up(double x) { return std::floor(x + 0.5); }
double twice(double x) { return std::round(std::round(2 * x) / 2); }

TEST(RescaleCheck, CatchesBrokenVariants) {
  const auto caught = [](void (*broken)(const RescaleS8&)) {
    bool all = true;
    uint64_t seed = 1;
    for_each_case([&](const Case& c) {
      all = all && agrees<int8_t>(rescale_s8_portable, broken, c, Against::kUpperGuard, ++seed);
    });
    return !all;
  };
  EXPECT_FALSE(caught(rounds<away>));
  EXPECT_TRUE(caught(rounds<to_even>));
  EXPECT_TRUE(caught(rounds<up>));
  EXPECT_TRUE(caught(rounds<twice>));
}

}  // namespace
}  // namespace pipit::test
