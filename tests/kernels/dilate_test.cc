// SPDX-License-Identifier: Apache-2.0
// STABLEHLO_PAD and DILATE write every element of their output; the recorded cases have no padding
// that leaves the shape as it was.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/support/net.h"

namespace pipit::test {
namespace {

using Dimensions = std::vector<int64_t>;
using Values = std::vector<int32_t>;

// What becomes of `in` with 7 as the padding, where nothing is left of what the output held before.
Values run(const ModelBuilder& b, const Values& in) {
  Net net(b);
  const Span<int32_t> before = elements_of<int32_t>(net.interpreter().output(0));
  std::fill(before.begin(), before.end(), 0x55555555);
  net.set<int32_t>(0, in);  // may have the same bytes
  return net.run<int32_t>();
}

Values padded(const Shape& shape, const Values& in, const Dimensions& low, const Dimensions& high,
              const Dimensions& interior) {
  OptionsSpec spec;
  spec.type2 = fb::BuiltinOptions2::StablehloPadOptions;
  spec.write = [&](flatbuffers::FlatBufferBuilder& f) {
    return fb::CreateStablehloPadOptionsDirect(f, &low, &high, &interior).Union();
  };
  ModelBuilder b;
  const int x = b.tensor({.shape = shape}), y = b.tensor({.shape = shape});
  const int value = b.tensor({.bytes = bytes_of<int32_t>({7})});
  b.builtin_node(fb::BuiltinOperator::STABLEHLO_PAD, {x, value}, {y}, spec);
  b.inputs({x});
  b.outputs({y});
  return run(b, in);
}

Values padded(const Values& in, int64_t low, int64_t high, int64_t interior) {
  return padded(Shape::of(in.size()), in, {low}, {high}, {interior});
}

TEST(StablehloPad, FillsWhereOnlyTheShapeStays) {
  EXPECT_EQ(padded({1, 2, 3}, 1, -1, 0), (Values{7, 1, 2}));
  EXPECT_EQ(padded({1, 2, 3}, -2, 2, 0), (Values{3, 7, 7}));
  EXPECT_EQ(padded({1, 2, 3}, 3, -3, 0), (Values{7, 7, 7}));
  EXPECT_EQ(padded({1, 2, 3}, -1, -1, 1), (Values{7, 2, 7}));
  EXPECT_EQ(padded(Shape::of(2, 2), {1, 2, 3, 4}, {0, -1}, {0, 1}, {0, 0}), (Values{2, 7, 4, 7}));
}

TEST(StablehloPad, CopiesWhatItNeitherMovesNorPads) {
  EXPECT_EQ(padded({1, 2, 3}, 0, 0, 0), (Values{1, 2, 3}));
  EXPECT_EQ(padded({1}, 0, 0, 5), (Values{1}));
  EXPECT_EQ(padded({1, 2, 3}, -1, 0, 0), (Values{2, 3}));
}

TEST(Dilate, FillsBetween) {
  ModelBuilder b;
  const int x = b.tensor({.shape = Shape::of(2)}), y = b.tensor({.shape = Shape::of(4)});
  const int by = b.tensor({.shape = Shape::of(1), .bytes = bytes_of<int32_t>({3})});
  const int value = b.tensor({.bytes = bytes_of<int32_t>({7})});
  b.builtin_node(fb::BuiltinOperator::DILATE, {x, by, value}, {y});
  b.inputs({x});
  b.outputs({y});
  EXPECT_EQ(run(b, {1, 2}), (Values{1, 7, 7, 2}));
}

}  // namespace
}  // namespace pipit::test
