// SPDX-License-Identifier: Apache-2.0
// The team under load: many small pieces of work, more threads than processors, several callers.
#include "pipit/team.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>
#include <vector>

#include "platform/subnormals.h"

namespace pipit {
namespace {

// Counts how often each share is done, and on how many threads.
struct Counts {
  explicit Counts(int shares) : done(static_cast<size_t>(shares)), ids(done.size()) {}

  static void add(void* counts, int share) {
    auto& c = *static_cast<Counts*>(counts);
    ++c.done[static_cast<size_t>(share)];
    c.ids[static_cast<size_t>(share)] = std::this_thread::get_id();
  }
  void expect(int times) const {
    for (size_t i = 0; i < done.size(); ++i) ASSERT_EQ(done[i], times) << "share " << i;
  }

  std::vector<int> done;  // plain: run() must order what it hands over and takes back
  std::vector<std::thread::id> ids;
};

void run(Team& team, Counts& counts) {
  team.run(Counts::add, &counts, static_cast<int>(counts.done.size()));
}

TEST(Team, IsTheCallerAloneUntilStarted) {
  Team team;
  Counts counts(5);
  run(team, counts);
  counts.expect(1);
  EXPECT_EQ(team.threads(), 1);
  for (const std::thread::id id : counts.ids) EXPECT_EQ(id, std::this_thread::get_id());
}

TEST(Team, GivesEachShareAThread) {
  Team team;
  ASSERT_EQ(team.start(7), 7);
  Counts counts(7);
  run(team, counts);
  EXPECT_EQ(counts.ids[0], std::this_thread::get_id());
  for (size_t i = 0; i < 7; ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_NE(counts.ids[i], counts.ids[j]);
  }
}

TEST(Team, DoesManySmallPiecesOfAnyNumberOfShares) {
  Team team;
  ASSERT_EQ(team.start(7), 7);
  for (int shares : {0, 1, 2, 3, 7, 8, 30}) {
    Counts counts(shares);
    for (int i = 0; i < 1000; ++i) run(team, counts);
    counts.expect(1000);
  }
}

// Threads that take no part in some pieces must not miss those that want them.
TEST(Team, WakesThoseThatSlept) {
  Team team;
  ASSERT_EQ(team.start(7), 7);
  Counts two(2), seven(7);
  for (int i = 0; i < 300; ++i) {
    for (int n = 0; n < i % 7; ++n) run(team, two);
    run(team, seven);
  }
  seven.expect(300);
}

TEST(Team, StartsAndStopsAgain) {
  Team team;
  for (int i = 0; i < 100; ++i) {
    const int threads = 1 + i % 7;
    ASSERT_EQ(team.start(threads), threads);
    Counts counts(threads);
    for (int n = 0; n < i % 3; ++n) run(team, counts);
    counts.expect(i % 3);
    if (i % 2 == 1) continue;
    team.stop();
    EXPECT_EQ(team.threads(), 1);
  }
}

TEST(Team, EndsWithoutHavingWorked) {
  for (int i = 0; i < 100; ++i) {
    Team team;
    ASSERT_EQ(team.start(3), 3);
  }
}

TEST(Team, TakesNoMoreThanItHasRoomFor) {
  Team team;
  EXPECT_EQ(team.start(1000), Team::kMostThreads);
  Counts counts(Team::kMostThreads);
  run(team, counts);
  counts.expect(1);
  EXPECT_EQ(team.start(0), 1);
  EXPECT_EQ(team.start(-3), 1);
}

TEST(Team, ServesOneCallerAtATime) {
  Team team;
  ASSERT_EQ(team.start(4), 4);
  std::vector<Counts> counts(3, Counts(4));
  std::vector<std::thread> callers;
  for (Counts& own : counts) {
    callers.emplace_back([&] {
      for (int i = 0; i < 500; ++i) run(team, own);
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const Counts& own : counts) own.expect(500);
}

TEST(Team, LetsAShareCallIt) {
  Team team;
  ASSERT_EQ(team.start(3), 3);
  struct Nest {
    Team& team;
    std::vector<Counts> inner;
  } nest{team, std::vector<Counts>(3, Counts(5))};
  team.run(
      [](void* context, int share) {
        auto& n = *static_cast<Nest*>(context);
        run(n.team, n.inner[static_cast<size_t>(share)]);
      },
      &nest, 3);
  for (const Counts& counts : nest.inner) counts.expect(1);
}

// Whether a number that only subnormal ones are near is one here.
bool knows_subnormals() {
  volatile float least_normal = std::numeric_limits<float>::min();
  volatile float half = least_normal / 2;
  return half != 0;
}

TEST(FlushSubnormals, LastsAsLongAsTheObject) {
  ASSERT_TRUE(knows_subnormals());
  {
    const FlushSubnormals flush;
    EXPECT_FALSE(knows_subnormals());
    const FlushSubnormals again;
    EXPECT_FALSE(knows_subnormals());
  }
  EXPECT_TRUE(knows_subnormals());
}

TEST(Team, FlushesSubnormalNumbersOnItsOwnThreads) {
  Team team;
  ASSERT_EQ(team.start(3), 3);
  bool known[3] = {};
  team.run(
      [](void* context, int share) { static_cast<bool*>(context)[share] = knows_subnormals(); },
      known, 3);
  EXPECT_TRUE(known[0]) << "the caller's own";
  EXPECT_FALSE(known[1]);
  EXPECT_FALSE(known[2]);
}

}  // namespace
}  // namespace pipit
