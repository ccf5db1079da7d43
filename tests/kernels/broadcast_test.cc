// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/broadcast.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/random.h"

namespace pipit::test {
namespace {

using Dims = std::vector<int32_t>;

BroadcastDims view(const Dims& d) { return {d.data(), static_cast<int32_t>(d.size())}; }

int32_t elements(const Dims& d) {
  int32_t n = 1;
  for (const int32_t x : d) n *= x;
  return n;
}

// The element of an operand that belongs to result number `i`, by the definition.
int32_t element_for(const Dims& result, const Dims& operand, int32_t i) {
  int32_t at = 0, step = 1;
  for (size_t back = 1; back <= result.size(); ++back) {
    const int32_t dim = result[result.size() - back];
    const int32_t index = i % dim;
    i /= dim;
    if (back > operand.size()) continue;
    const int32_t own = operand[operand.size() - back];
    if (own != 1) at += index * step;
    step *= own;
  }
  return at;
}

void expect_walk(const Dims& result, const std::vector<Dims>& operands) {
  std::vector<BroadcastDims> views;
  for (const Dims& d : operands) views.push_back(view(d));
  const Broadcast b = make_broadcast(view(result), views.data(), static_cast<int>(views.size()));
  int32_t next = 0;
  for_each_run(b, [&](const int32_t* at, int32_t to) {
    ASSERT_EQ(to, next);
    for (int32_t i = 0; i < b.n; ++i, ++next) {
      for (size_t k = 0; k < operands.size(); ++k) {
        ASSERT_EQ(at[k] + i * b.step[k], element_for(result, operands[k], next));
      }
    }
  });
  EXPECT_EQ(next, elements(result));
}

// A shape that broadcasts to `result`.
Dims operand_of(const Dims& result, Random& random) {
  const auto missing = random.between(0, static_cast<int>(result.size()));
  Dims d(result.begin() + missing, result.end());
  for (int32_t& x : d) {
    if (random.between(0, 2) == 0) x = 1;
  }
  return d;
}

TEST(Broadcast, FollowsTheDefinition) {
  Random random(3);
  for (int i = 0; i < 3000; ++i) {
    Dims result(static_cast<size_t>(random.between(0, 8)));
    for (int32_t& x : result) x = random.between(1, 3);
    std::vector<Dims> operands;
    for (int k = random.between(1, 3); k > 0; --k) operands.push_back(operand_of(result, random));
    expect_walk(result, operands);
    if (HasFatalFailure()) return;
  }
}

TEST(Broadcast, OneRunWhereShapesAgree) {
  const Dims shape = {2, 3, 1, 5, 7};
  const BroadcastDims operands[] = {view(shape), view(shape)};
  const Broadcast b = make_broadcast(view(shape), operands, 2);
  EXPECT_EQ(b.runs, 1);
  EXPECT_EQ(b.n, 210);
}

TEST(Broadcast, ChannelsRunAsOneLoop) {
  const Dims image = {2, 8, 8, 5}, channels = {5};
  const BroadcastDims operands[] = {view(image), view(channels)};
  const Broadcast b = make_broadcast(view(image), operands, 2);
  EXPECT_EQ(b.rank, 1);
  EXPECT_EQ(b.runs, 128);
  EXPECT_EQ(b.n, 5);
}

TEST(Broadcast, NothingForAnEmptyResult) {
  expect_walk({2, 0, 3}, {{2, 0, 3}, {1, 1, 3}});
  expect_walk({0}, {{1}, {0}});
}

}  // namespace
}  // namespace pipit::test
