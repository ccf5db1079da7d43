// SPDX-License-Identifier: Apache-2.0
// Statistics against values from tables and from formulas by hand.
#include "tools/bench/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace pipit::test {
namespace {

using tools::mann_whitney;
using tools::Sorted;
using tools::Times;

Sorted range(double from, int n, double step = 1) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back(from + step * i);
  return Sorted(values);
}

TEST(Statistics, TimesOfAll) {
  Times times(4);
  for (const double t : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) times.add(t);
  EXPECT_EQ(times.count(), 8);
  EXPECT_EQ(times.first(), 2);
  EXPECT_EQ(times.last(), 9);
  EXPECT_EQ(times.min(), 2);
  EXPECT_EQ(times.max(), 9);
  EXPECT_DOUBLE_EQ(times.mean(), 5);
  EXPECT_DOUBLE_EQ(times.deviation(), 2);
}

TEST(Statistics, OfVeryManySomeAreKeptEvenly) {
  Times times(8);
  for (int i = 1; i <= 1000; ++i) times.add(i);
  EXPECT_EQ(times.count(), 1000);
  ASSERT_GE(times.kept().size(), 4u);
  ASSERT_LE(times.kept().size(), 8u);
  const double step = times.kept()[0];
  for (size_t i = 0; i < times.kept().size(); ++i) {
    EXPECT_EQ(times.kept()[i], step * static_cast<double>(i + 1));
  }
  EXPECT_GT(times.kept().back() + step, 1000);
}

TEST(Statistics, Quantiles) {
  const Sorted s({4, 1, 3, 2});
  EXPECT_EQ(s.quantile(0), 1);
  EXPECT_EQ(s.median(), 2.5);
  EXPECT_EQ(s.quantile(1), 4);
  EXPECT_DOUBLE_EQ(s.quantile(0.9), 3.7);
  EXPECT_EQ(Sorted({7}).quantile(0.99), 7);
}

// Ranks for 95 %, as in tables for the sign test.
TEST(Statistics, IntervalsOfTheMedian) {
  EXPECT_FALSE(range(1, 5).median_interval());
  const auto six = range(1, 6).median_interval();
  ASSERT_TRUE(six);
  EXPECT_EQ(six->low, 1);
  EXPECT_EQ(six->high, 6);
  const auto twenty = range(1, 20).median_interval();
  EXPECT_EQ(twenty->low, 6);
  EXPECT_EQ(twenty->high, 15);
  const auto fifty = range(1, 50).median_interval();
  EXPECT_EQ(fifty->low, 18);
  EXPECT_EQ(fifty->high, 33);
}

// The approximation goes on where the exact ranks end.
TEST(Statistics, IntervalsOfLongSeries) {
  const auto exact = range(1, 1000).median_interval(), near = range(1, 1001).median_interval();
  ASSERT_TRUE(exact && near);
  EXPECT_EQ(exact->low, 469);
  EXPECT_NEAR(near->low, exact->low, 1);
}

TEST(Statistics, ExactTestOfShortSeries) {
  EXPECT_DOUBLE_EQ(mann_whitney(range(1, 3), range(10, 3)), 0.1);
  EXPECT_NEAR(mann_whitney(range(1, 5), range(10, 5)), 2.0 / 252, 1e-12);
  EXPECT_NEAR(mann_whitney(Sorted({1, 3, 5, 7}), Sorted({2, 4, 6, 8})), 0.685714, 1e-6);
}

TEST(Statistics, TestOfSeriesWithEqualValues) {
  EXPECT_EQ(mann_whitney(Sorted({5, 5, 5}), Sorted({5, 5})), 1);
  // U = 5.5; the squared deviation is 25/12 * (11 - 54/90).
  EXPECT_NEAR(mann_whitney(Sorted({1, 2, 2, 3, 4}), Sorted({2, 3, 4, 4, 5})), 0.162587, 1e-6);
}

TEST(Statistics, TestOfLongSeries) {
  EXPECT_LT(mann_whitney(range(100, 200, 0.1), range(115, 200, 0.1)), 1e-9);
  EXPECT_GT(mann_whitney(range(100, 200, 0.1), range(100.05, 200, 0.1)), 0.9);
  EXPECT_EQ(mann_whitney(range(1, 5), Sorted({})), 1);
}

}  // namespace
}  // namespace pipit::test
