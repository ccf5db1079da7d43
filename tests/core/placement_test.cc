// SPDX-License-Identifier: Apache-2.0
// Where blocks of memory are placed: no two blocks that are alive together share a byte.
#include "core/placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/limits.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

struct Planned {
  std::vector<Block> blocks;
  Placement placement;
  bool ok = false;
};

constexpr size_t kPlenty = size_t{1} << 20;

Planned plan(std::vector<Block> blocks, int32_t steps, size_t arena_bytes = kPlenty) {
  alignas(kArenaAlign) static uint8_t memory[kPlenty];
  Arena arena({memory, arena_bytes});
  Planned result{std::move(blocks), {}, false};
  const size_t mark = arena.temporary_mark();
  uint64_t pairs = kMostPlacementPairs;
  result.ok = place(result.blocks, steps, arena, &pairs, &result.placement);
  EXPECT_EQ(arena.temporary_mark(), mark) << "temporary memory was not given back";
  return result;
}

std::vector<Block> random_blocks(Random& random, size_t count, int32_t steps, int32_t most_bytes) {
  std::vector<Block> blocks(count);
  for (Block& b : blocks) {
    b.bytes = static_cast<size_t>(random.between(0, most_bytes));
    b.first = random.between(0, steps - 1);
    // Mostly short lives, as activations have.
    const int32_t most = steps - 1 - b.first;
    b.last = b.first + random.between(0, random.one_in(4) ? most : std::min(most, 2));
  }
  return blocks;
}

size_t slow_lower_bound(const std::vector<Block>& blocks, int32_t steps) {
  size_t most = 0;
  for (int32_t step = 0; step < steps; ++step) {
    size_t sum = 0;
    for (const Block& b : blocks)
      if (b.first <= step && step <= b.last) sum += b.bytes.aligned(kArenaAlign).size();
    most = std::max(most, sum);
  }
  return most;
}

void expect_no_overlap(const std::vector<Block>& blocks) {
  for (size_t i = 0; i < blocks.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const Block &a = blocks[i], &b = blocks[j];
      if (a.first > b.last || b.first > a.last || a.bytes == 0 || b.bytes == 0) continue;
      if (a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset) continue;
      FAIL() << "blocks " << i << " and " << j;
    }
  }
}

void expect_sound(const std::vector<Block>& asked, const Planned& got, int32_t steps) {
  ASSERT_TRUE(got.ok);
  ByteCount end;
  for (size_t i = 0; i < asked.size(); ++i) {
    const Block& b = got.blocks[i];
    ASSERT_EQ(b.offset, b.offset.aligned(kArenaAlign));
    ASSERT_GE(b.bytes, asked[i].bytes);
    ASSERT_EQ(b.first, asked[i].first);
    ASSERT_EQ(b.last, asked[i].last);
    end = std::max(end, b.offset + b.bytes);
  }
  ASSERT_LE(end, got.placement.bytes);
  ASSERT_EQ(got.placement.lower_bound, slow_lower_bound(asked, steps));
  ASSERT_GE(got.placement.bytes, got.placement.lower_bound);
  expect_no_overlap(got.blocks);
}

TEST(Placement, RandomBlocksNeverOverlap) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE(round);
    const int32_t steps = random.between(1, 60);
    const auto count = static_cast<size_t>(random.between(0, 120));
    const std::vector<Block> asked = random_blocks(random, count, steps, 5000);
    const Planned got = plan(asked, steps);
    ASSERT_NO_FATAL_FAILURE(expect_sound(asked, got, steps));
    ByteCount sum, end;
    for (const Block& b : got.blocks) {
      sum += b.bytes;
      end = std::max(end, b.offset + b.bytes);
    }
    EXPECT_LE(got.placement.bytes, sum) << "worse than no sharing at all";
    EXPECT_EQ(got.placement.bytes, end);
  }
}

TEST(Placement, SameBlocksGiveTheSamePlaces) {
  Random random(2);
  for (const size_t count : {size_t{50}, size_t{kExactBlocks} + 100}) {
    const std::vector<Block> asked = random_blocks(random, count, 40, 1000);
    const Planned one = plan(asked, 40), two = plan(asked, 40);
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(one.blocks[i].offset, two.blocks[i].offset);
    EXPECT_EQ(one.placement.bytes, two.placement.bytes);
  }
}

TEST(Placement, ManyBlocksNeverOverlap) {
  Random random(3);
  for (const size_t beyond : {1, 1000}) {
    SCOPED_TRACE(beyond);
    const std::vector<Block> asked = random_blocks(random, kExactBlocks + beyond, 900, 3000);
    const Planned got = plan(asked, 900);
    ASSERT_NO_FATAL_FAILURE(expect_sound(asked, got, 900));
    // Blocks that are not alive together do share.
    ByteCount sum;
    for (const Block& b : got.blocks) sum += b.bytes;
    EXPECT_LT(got.placement.bytes * 4, sum);
  }
}

// Two blocks at one place, each alive in some steps; the second begins where the first ends. The
// room that is left beside the smaller one is used.
TEST(Placement, PutsOneBlockOverAnother) {
  std::vector<Block> blocks = {{1600, 0, 0, 1}, {160, 0, 1, 2}, {1440, 0, 2, 3}};
  blocks[1].over = 0;
  const Planned got = plan(blocks, 4);
  EXPECT_EQ(got.placement.bytes, 1600u);
  EXPECT_EQ(got.blocks[0].offset, got.blocks[1].offset);
  Random random(7);
  for (int i = 0; i < 200; ++i) {
    blocks = random_blocks(random, 12, 9, 400);
    for (size_t k = 1; k < blocks.size(); k += 3) {
      blocks[k].first = blocks[k - 1].last;
      blocks[k].last = std::max(blocks[k].last, blocks[k].first);
      blocks[k].over = static_cast<int32_t>(k - 1);
    }
    const Planned many = plan(blocks, 9);
    ASSERT_TRUE(many.ok);
    for (size_t k = 0; k < blocks.size(); ++k) {
      const Block& b = many.blocks[k];
      ASSERT_TRUE(b.over < 0 || b.offset == many.blocks[k - 1].offset) << i;
      for (size_t j = 0; j < k; ++j) {
        const Block& a = many.blocks[j];
        const bool together = a.first <= b.last && b.first <= a.last;
        const bool meet = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
        ASSERT_FALSE(together && meet && b.over != static_cast<int32_t>(j)) << i;
      }
    }
  }
}

TEST(Placement, ReachesTheLowerBoundOfAChain) {
  std::vector<Block> chain;
  for (int32_t i = 0; i < 100; ++i) {
    chain.push_back({16 * (1 + i * 37 % 50), 0, i, i + 1});
  }
  const Planned got = plan(chain, 101);
  ASSERT_NO_FATAL_FAILURE(expect_sound(chain, got, 101));
  EXPECT_EQ(got.placement.bytes, got.placement.lower_bound);
}

// Layers of any size, of which some are read again much later: half of these graphs are beyond the
// orders alone.
TEST(Placement, ReachesTheLowerBoundOfMostGraphs) {
  Random random(5);
  constexpr int kGraphs = 50;
  int reached = 0;
  for (int g = 0; g < kGraphs; ++g) {
    constexpr int32_t kSteps = 30;
    std::vector<Block> graph;
    for (int32_t s = 0; s < kSteps; ++s) {
      const int32_t life = random.one_in(4) ? random.between(1, kSteps) : 1;
      graph.push_back({1000 * random.between(1, 64), 0, s, std::min(kSteps, s + life)});
    }
    const Planned got = plan(graph, kSteps + 1);
    ASSERT_NO_FATAL_FAILURE(expect_sound(graph, got, kSteps + 1));
    reached += got.placement.bytes == got.placement.lower_bound ? 1 : 0;
  }
  EXPECT_GE(reached, kGraphs * 9 / 10);
}

TEST(Placement, NothingTakesNothing) {
  const Planned got = plan({}, 1);
  EXPECT_TRUE(got.ok);
  EXPECT_EQ(got.placement.bytes, 0u);
  EXPECT_EQ(got.placement.lower_bound, 0u);
}

// Sizes whose sum is beyond any machine have no places, and the result says so.
TEST(Placement, SizesBeyondAnyMachineAreUnbounded) {
  constexpr int64_t kLarge = int64_t{1} << 40;
  for (const ByteCount bytes : {ByteCount::unbounded(), ByteCount(INT64_MAX), ByteCount(-1)}) {
    const Planned got = plan({{16, 0, 0, 1}, {bytes, 0, 1, 2}}, 3);
    EXPECT_TRUE(got.ok);
    EXPECT_FALSE(got.placement.bytes.bounded());
  }
  const Planned got = plan({{kLarge, 0, 0, 1}, {kLarge, 0, 1, 2}}, 3);
  EXPECT_EQ(got.placement.bytes, 2 * kLarge);
}

TEST(ByteCount, NeverWraps) {
  constexpr ByteCount kMost = UINT64_MAX - 1, kUnbounded = ByteCount::unbounded();
  static_assert(kMost.bounded() && !kUnbounded.bounded());
  static_assert(kMost + 1 == kUnbounded && kUnbounded + kUnbounded == kUnbounded);
  static_assert(ByteCount(UINT64_MAX / 2) * 2 == kMost && kMost * 2 == kUnbounded);
  static_assert(kUnbounded * 0 == kUnbounded && kMost * 0 == 0 && ByteCount(0) * kMost == 0);
  static_assert(kUnbounded - kMost == kUnbounded && ByteCount(3) - 5 == 0);
  static_assert(kMost.aligned(16) == kUnbounded && ByteCount(17).aligned(16) == 32);
  static_assert(ByteCount(-1) == kUnbounded && ByteCount(int64_t{1} << 40).value() >> 40 == 1);
  // A size of this machine never becomes small.
  EXPECT_EQ(kUnbounded.size(), SIZE_MAX);
  EXPECT_EQ((ByteCount(SIZE_MAX) + 1).size(), SIZE_MAX);
  EXPECT_EQ((ByteCount(SIZE_MAX) * 16).size(), SIZE_MAX);
}

// In every size of arena it either succeeds as with plenty or says that it cannot.
TEST(Placement, SaysWhenTemporaryMemoryDoesNotSuffice) {
  Random random(4);
  for (const size_t count : {size_t{20}, size_t{kExactBlocks} + 1}) {
    const std::vector<Block> asked = random_blocks(random, count, 30, 100);
    const Planned plenty = plan(asked, 30);
    size_t enough = 0;
    for (size_t bytes = 0; bytes < 65536; bytes += count < 100 ? 16 : 4096) {
      const Planned got = plan(asked, 30, bytes);
      if (!got.ok) continue;
      ASSERT_EQ(got.placement.bytes, plenty.placement.bytes);
      if (enough == 0) enough = bytes;
    }
    EXPECT_GT(enough, 0u);
    EXPECT_FALSE(plan(asked, 30, 0).ok);
  }
}

}  // namespace
}  // namespace pipit::test
