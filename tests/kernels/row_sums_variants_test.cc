// SPDX-License-Identifier: Apache-2.0
// Every variant of the sums of rows against the portable one: rows of all lengths around those of
// vectors and of full 16-bit sums, the least number at every place, unmapped pages around every
// array; and variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/contracts/row_sums.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit::test {
namespace {

using RowSumsFn = void (*)(const RowSums&);

struct Case {
  int32_t rows, depth;
  Fill fill;
  bool is_unsigned;
};

struct Found {
  std::vector<int32_t> sums;
  bool holds_min = false;
  bool operator==(const Found&) const = default;
};

Found found_by(RowSumsFn f, Span<uint8_t> bytes, const Case& c, Against side) {
  const GuardedBuffer<int32_t> sums(static_cast<size_t>(c.rows), other(side));
  Found found;
  f({bytes.data(), c.rows, c.depth, c.is_unsigned, sums.data(), &found.holds_min});
  found.sums.assign(sums.span().begin(), sums.span().end());
  return found;
}

bool agrees(RowSumsFn f, const Case& c, Against side, uint64_t seed) {
  Random random(seed);
  const GuardedBuffer<uint8_t> in(static_cast<size_t>(c.rows) * static_cast<size_t>(c.depth), side);
  fill(in.span(), c.fill, &random);
  const uint8_t least = c.is_unsigned ? 0 : 0x80;
  if (c.fill == Fill::kRandom) {  // in one place, or nowhere
    std::replace(in.span().begin(), in.span().end(), least, uint8_t{1});
    if (seed % 2 != 0) in.data()[random.bits() % in.span().size()] = least;
  }
  in.make_read_only();
  return found_by(f, in.span(), c, side) == found_by(row_sums_portable, in.span(), c, side);
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const bool is_unsigned : {false, true}) {
    for (const int32_t depth :
         {1, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 80, 127, 144, 1000}) {
      for (const Fill fill : kFills) visit(Case{5, depth, fill, is_unsigned});
      for (int i = 0; i < 8; ++i) visit(Case{3, depth, Fill::kRandom, is_unsigned});
    }
    // Sums of 16 bits are full after 8,192 bytes.
    for (const int32_t depth : {8191, 8192, 8209, 16400}) {
      for (const Fill fill : kFills) visit(Case{2, depth, fill, is_unsigned});
    }
  }
}

class RowSumsVariantTest : public testing::TestWithParam<size_t> {};

TEST_P(RowSumsVariantTest, EqualsPortable) {
  const auto& variant = row_sums_variants()[GetParam()];
  if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
  uint64_t seed = 1;
  for_each_case([&](const Case& c) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      ASSERT_TRUE(agrees(variant.run, c, side, ++seed))
          << c.rows << " rows of " << c.depth << ", fill " << static_cast<int>(c.fill)
          << (c.is_unsigned ? ", uint8" : ", int8") << ", seed " << seed;
    }
  });
}

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return row_sums_variants()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(RowSums, RowSumsVariantTest,
                         testing::Range(size_t{0}, row_sums_variants().size()), name_of);

TEST(RowSums, OfBothTypes) {
  const uint8_t rows[2][3] = {{1, 0x7f, 0xff}, {0x81, 2, 3}};
  int32_t sums[2];
  bool holds_min = false;
  row_sums_portable({rows, 2, 3, false, sums, &holds_min});
  EXPECT_EQ(sums[0], 1 + 127 - 1);
  EXPECT_EQ(sums[1], -127 + 2 + 3);
  EXPECT_FALSE(holds_min);
  row_sums_portable({rows, 2, 3, true, sums, &holds_min});
  EXPECT_EQ(sums[0], 1 + 127 + 255);
  EXPECT_EQ(sums[1], 129 + 2 + 3);
  EXPECT_FALSE(holds_min);
}

// ---- the check itself

// Forgets what is behind the last whole vector.
void whole_vectors(const RowSums& a) {
  row_sums_portable(a);
  if (a.depth % 16 == 0 || a.depth < 16 || a.is_unsigned) return;
  for (int32_t r = 0; r < a.count; ++r) {
    const auto* row = static_cast<const int8_t*>(a.rows) + r * a.depth;
    for (int32_t i = a.depth & ~15; i < a.depth; ++i) a.sums[r] -= row[i];
  }
}

// Sums in 16 bits.
void short_sums(const RowSums& a) {
  row_sums_portable(a);
  for (int32_t r = 0; r < a.count; ++r) a.sums[r] = static_cast<int16_t>(a.sums[r]);
}

// Looks at the first row only.
void first_row(const RowSums& a) {
  row_sums_portable(a);
  int32_t sum;
  *a.holds_min = false;
  row_sums_portable({a.rows, 1, a.depth, a.is_unsigned, &sum, a.holds_min});
}

TEST(RowSumsCheck, CatchesBrokenVariants) {
  const auto caught = [](RowSumsFn broken) {
    bool all = true;
    uint64_t seed = 1;
    for_each_case(
        [&](const Case& c) { all = all && agrees(broken, c, Against::kUpperGuard, ++seed); });
    return !all;
  };
  EXPECT_FALSE(caught(row_sums_portable));
  EXPECT_TRUE(caught(whole_vectors));
  EXPECT_TRUE(caught(short_sums));
  EXPECT_TRUE(caught(first_row));
}

}  // namespace
}  // namespace pipit::test
