// SPDX-License-Identifier: Apache-2.0
// Every variant of the search for the largest byte against the portable one: rows of all lengths
// around those of vectors, many equal bytes, every order, unmapped pages around every array; and
// variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "kernels/contracts/arg_max.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit::test {
namespace {

using ArgMaxFn = void (*)(const ArgMaxU8&);

struct Case {
  int32_t rows, size;
  Fill fill;
  uint8_t flip;
};

bool agrees(ArgMaxFn variant, const Case& c, Against side, uint64_t seed) {
  Random random(seed);
  const auto rows = static_cast<size_t>(c.rows), size = static_cast<size_t>(c.size);
  const GuardedBuffer<uint8_t> in(rows * size, side);
  const GuardedBuffer<int32_t> want(rows, side), got(rows, other(side));
  fill(in.span(), c.fill, &random);
  in.make_read_only();
  ArgMaxU8 a = {in.data(), want.data(), c.rows, c.size, c.flip};
  arg_max_u8_portable(a);
  a.out = got.data();
  variant(a);
  return std::equal(want.span().begin(), want.span().end(), got.span().begin());
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t size :
       {1, 2, 15, 16, 17, 21, 31, 32, 33, 47, 48, 49, 64, 255, 256, 257, 1001}) {
    for (const int order : {0x00, 0x80, 0xff, 0x7f}) {
      const auto flip = static_cast<uint8_t>(order);
      for (const Fill fill : kFills) visit(Case{7, size, fill, flip});
      visit(Case{1, size, Fill::kRandom, flip});
      visit(Case{32, size, Fill::kRandom, flip});
    }
  }
}

class ArgMaxVariantTest : public testing::TestWithParam<size_t> {};

TEST_P(ArgMaxVariantTest, EqualsPortable) {
  const auto& variant = arg_max_u8_variants()[GetParam()];
  if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
  uint64_t seed = 1;
  for_each_case([&](const Case& c) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      ASSERT_TRUE(agrees(variant.run, c, side, ++seed))
          << c.rows << " rows of " << c.size << ", fill " << static_cast<int>(c.fill) << ", flip "
          << int{c.flip} << ", seed " << seed;
    }
  });
}

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return arg_max_u8_variants()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(ArgMax, ArgMaxVariantTest,
                         testing::Range(size_t{0}, arg_max_u8_variants().size()), name_of);

// ---- the check itself

TEST(ArgMax, FindsTheFirstOfEqualBytes) {
  const uint8_t rows[2][4] = {{3, 250, 250, 1}, {7, 200, 7, 9}};
  int32_t found[2] = {};
  arg_max_u8_portable({rows[0], found, 2, 4, 0});
  EXPECT_EQ(found[0], 1);
  EXPECT_EQ(found[1], 1);
  arg_max_u8_portable({rows[0], found, 2, 4, 0x7f});  // as int8, 250 is -6 and 200 is -56
  EXPECT_EQ(found[0], 1);
  EXPECT_EQ(found[1], 1);
  arg_max_u8_portable({rows[0], found, 2, 4, 0x80});
  EXPECT_EQ(found[0], 0);
  EXPECT_EQ(found[1], 3);
  arg_max_u8_portable({rows[0], found, 2, 4, 0xff});
  EXPECT_EQ(found[0], 3);
  EXPECT_EQ(found[1], 0);
}

// Keeps the last of equal bytes.
void last_one(const ArgMaxU8& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    int best = -1;
    for (int32_t i = 0; i < a.size; ++i) {
      const int value = a.in[r * a.size + i] ^ a.flip;
      if (value >= best) a.out[r] = i;
      best = std::max(best, value);
    }
  }
}

// Counts wrongly in a vector that overlaps the one before.
void overlaps(const ArgMaxU8& a) {
  arg_max_u8_portable(a);
  for (int32_t r = 0; r < a.rows; ++r) {
    if (a.size > 16 && a.out[r] >= a.size / 16 * 16) --a.out[r];
  }
}

TEST(ArgMaxCheck, CatchesBrokenVariants) {
  const auto caught = [](ArgMaxFn broken) {
    bool all = true;
    uint64_t seed = 1;
    for_each_case(
        [&](const Case& c) { all = all && agrees(broken, c, Against::kUpperGuard, ++seed); });
    return !all;
  };
  EXPECT_FALSE(caught(arg_max_u8_portable));
  EXPECT_TRUE(caught(last_one));
  EXPECT_TRUE(caught(overlaps));
}

}  // namespace
}  // namespace pipit::test
