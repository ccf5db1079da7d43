// SPDX-License-Identifier: Apache-2.0
// Buffers that hold strings, and what only looks like one.
#include "pipit/strings.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/guarded_buffer.h"
#include "tests/support/model_builder.h"

namespace pipit::test {
namespace {

// At the end of a page, so that nothing behind it can be read.
bool holds(const std::vector<int32_t>& numbers, int32_t count, size_t characters = 0) {
  std::vector<uint8_t> bytes = bytes_of(numbers);
  bytes.resize(bytes.size() + characters);
  const GuardedBuffer<uint8_t> buffer(bytes.size(), Against::kUpperGuard);
  std::copy(bytes.begin(), bytes.end(), buffer.data());
  return valid_strings({buffer.data(), buffer.size()}, count);
}

TEST(Strings, OfValidBuffers) {
  EXPECT_TRUE(holds({0, 8}, 0));
  EXPECT_TRUE(holds({1, 12, 12}, 1));
  EXPECT_TRUE(holds({2, 16, 17, 21}, 2, 5));
  EXPECT_TRUE(holds({2, 20, 21, 21}, 2, 9));  // what no string names
}

TEST(Strings, MustLieInTheBuffer) {
  EXPECT_FALSE(holds({2, 16, 17, 22}, 2, 5));
  EXPECT_FALSE(holds({2, 16, 15, 21}, 2, 5));
  EXPECT_FALSE(holds({2, 15, 17, 21}, 2, 5));
  EXPECT_FALSE(holds({2, -16, 17, 21}, 2, 5));
}

TEST(Strings, MustBeAsManyAsAskedFor) {
  EXPECT_FALSE(holds({}, 0));
  EXPECT_FALSE(holds({0}, 0));
  EXPECT_FALSE(holds({2, 16, 16, 16}, 1));
  EXPECT_FALSE(holds({2, 16, 16, 16}, 3));
  EXPECT_FALSE(holds({-1, 16, 16, 16}, -1));
  // More than the buffer has, whose bytes would be few again if they were counted in 32 bits.
  for (const int32_t count : {3, 1 << 29, (1 << 30) - 2, (1 << 30) - 1, 1 << 30, INT32_MAX}) {
    EXPECT_FALSE(holds({count, 16, 16, 16}, count)) << count;
  }
}

}  // namespace
}  // namespace pipit::test
