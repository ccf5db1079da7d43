// SPDX-License-Identifier: Apache-2.0
// EMBEDDING_LOOKUP of tables with a scale for each block, which the recorded cases lack.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/math/half.h"
#include "tests/support/net.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

constexpr int kRows = 5, kColumns = 64, kBlock = 16, kBlocks = kColumns / kBlock;

struct Table {
  std::vector<int> values;
  std::vector<uint16_t> scales;
};

Table make_table(int bits, Random& random) {
  Table t;
  for (int i = 0; i < kRows * kColumns; ++i) {
    t.values.push_back(random.between(-(1 << (bits - 1)), (1 << (bits - 1)) - 1));
  }
  for (int i = 0; i < kRows * kBlocks; ++i) {
    t.scales.push_back(float_to_half(static_cast<float>(random.between(1, 100)) / 64));
  }
  return t;
}

// Low bits first.
std::vector<uint8_t> packed(const std::vector<int>& values, int bits) {
  std::vector<uint8_t> bytes(values.size() * static_cast<size_t>(bits) / 8);
  const size_t per_byte = 8 / static_cast<size_t>(bits);
  for (size_t i = 0; i < values.size(); ++i) {
    const int field = (values[i] & ((1 << bits) - 1)) << (i % per_byte * static_cast<size_t>(bits));
    bytes[i / per_byte] = static_cast<uint8_t>(bytes[i / per_byte] | field);
  }
  return bytes;
}

ModelBuilder make_model(const Table& t, int bits, Type out) {
  ModelBuilder b;
  b.tensor({.shape = Shape::of(2)});
  b.tensor({.type = bits == 4 ? Type::kInt4 : Type::kInt2,
            .shape = Shape::of(kRows, kColumns),
            .bytes = packed(t.values, bits),
            .block = kBlock,
            .block_scales = 3});
  b.tensor({.type = out, .shape = Shape::of(2, kColumns)});
  b.tensor(
      {.type = Type::kFloat16, .shape = Shape::of(kRows, kBlocks), .bytes = bytes_of(t.scales)});
  b.builtin_node(fb::BuiltinOperator::EMBEDDING_LOOKUP, {0, 1}, {2});
  b.inputs({0});
  b.outputs({2});
  return b;
}

float wanted(const Table& t, size_t row, size_t column) {
  return static_cast<float>(t.values[row * kColumns + column]) *
         half_to_float(t.scales[row * kBlocks + column / kBlock]);
}

TEST(EmbeddingLookup, ScaleForEachBlock) {
  Random random(1);
  for (const int bits : {4, 2}) {
    const Table t = make_table(bits, random);
    Net floats(make_model(t, bits, Type::kFloat32)), halves(make_model(t, bits, Type::kFloat16));
    for (Net* net : {&floats, &halves}) net->set<int32_t>(0, {4, 1});
    const auto f = floats.run<float>();
    const auto h = halves.run<uint16_t>();
    ASSERT_EQ(f.size(), 2u * kColumns);
    ASSERT_EQ(h.size(), 2u * kColumns);
    for (size_t i = 0; i < f.size(); ++i) {
      const float x = wanted(t, i < kColumns ? 4 : 1, i % kColumns);
      EXPECT_EQ(f[i], x) << bits << ' ' << i;
      EXPECT_EQ(h[i], float_to_half(x)) << bits << ' ' << i;
    }
  }
}

TEST(EmbeddingLookup, IdsBeyondTheTableFail) {
  Random random(1);
  Net net(make_model(make_table(4, random), 4, Type::kFloat32));
  for (const int32_t id : {-1, kRows}) {
    net.set<int32_t>(0, {0, id});
    EXPECT_FALSE(net.invoke());
  }
}

}  // namespace
}  // namespace pipit::test
