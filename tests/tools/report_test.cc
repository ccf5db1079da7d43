// SPDX-License-Identifier: Apache-2.0
// What the command prints of a model takes time, and room, in proportion to what there is to print.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/core/bounded.h"
#include "tools/costs.h"
#include "tools/describe.h"
#include "tools/profile.h"

namespace pipit::test {
namespace {

void run_step(const Profiler& profiler, int node, int subgraph) {
  const StepInfo step = {"ADD", "portable", node, subgraph};
  profiler.step(profiler.context, step, true);
  profiler.step(profiler.context, step, false);
}

// Subgraphs may run in any order, a loop's in turn.
TEST(Report, ProfilesOfManySteps) {
  expect_linear(
      [](int n) {
        tools::Profile profile;
        const double begin = cpu_seconds();
        profile.begin();
        for (int i = 0; i < n; ++i) run_step(profile.profiler(), i, 0);
        for (int i = n; i-- > 0;) run_step(profile.profiler(), i, i % 2);
        const auto rows = static_cast<int>(profile.json().size());
        EXPECT_EQ(rows, n + n / 2);
        return Planned{"", cpu_seconds() - begin, rows};
      },
      40'000);
}

TEST(Report, ProfilesHaveARowForEachStep) {
  tools::Profile profile;
  for (int i = 0; i < 2; ++i) {
    profile.begin();
    for (const int node : {0, 2, 1, 2}) run_step(profile.profiler(), node, 3);
  }
  const tools::Json rows = profile.json();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1]["node"], 2);
  EXPECT_EQ(rows[1]["runs"], 4);
  EXPECT_EQ(rows[2]["node"], 1);
}

TEST(Report, ScaledNumbersHaveThreeDigits) {
  EXPECT_EQ(tools::scaled(0), "0");
  EXPECT_EQ(tools::scaled(999), "999");
  EXPECT_EQ(tools::scaled(999.7), "1 k");
  EXPECT_EQ(tools::scaled(12'345'678), "12.3 M");
  EXPECT_EQ(tools::scaled(5e20), "500 E");
}

// One long name does not make all rows as long.
TEST(Report, TablesWithALongCell) {
  expect_linear(
      [](int n) {
        std::vector<std::vector<std::string>> rows(static_cast<size_t>(n), {"T", "", "name"});
        rows.push_back({"T12", "", std::string(static_cast<size_t>(n) * 10, 'x')});
        const double begin = cpu_seconds();
        const std::string text = tools::table(rows, "  ");
        EXPECT_EQ(text.substr(0, 22), "  T    name\n  T    nam");
        return Planned{"", cpu_seconds() - begin, n};
      },
      20'000);
}

}  // namespace
}  // namespace pipit::test
