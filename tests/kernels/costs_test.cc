// SPDX-License-Identifier: Apache-2.0
// Multiply-adds and bytes of operators, counted by hand.
#include "pipit/costs.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tests/support/net.h"

namespace pipit::test {
namespace {

TensorSpec of(const Shape& shape, Type type = Type::kFloat32) {
  return {.type = type, .shape = shape};
}

TensorSpec weights(const Shape& shape) {
  const auto bytes = static_cast<size_t>(shape.elements()) * sizeof(float);
  return {.type = Type::kFloat32, .shape = shape, .bytes = std::vector<uint8_t>(bytes, 0)};
}

// One operator with these inputs, of which those without a shape are left out, and one output.
Cost cost(fb::BuiltinOperator op, const std::vector<TensorSpec>& inputs, const Shape& output,
          const OptionsSpec& options = {}) {
  ModelBuilder b;
  std::vector<int> in, given;
  for (const TensorSpec& spec : inputs) {
    if (spec.shape.rank == 0) {
      in.push_back(-1);
      continue;
    }
    in.push_back(b.tensor(spec));
    if (spec.bytes.empty()) given.push_back(in.back());
  }
  const int out = b.tensor(of(output));
  b.builtin_node(op, in, {out}, options);
  b.inputs(given);
  b.outputs({out});
  const ModelBytes file = in_memory(b.finish());
  Message why;
  const auto model = Model::parse({file->data(), file->size()}, &why);
  EXPECT_TRUE(model.ok()) << why.text();
  return model.ok() ? cost_of_all(model.value(), nullptr) : Cost();
}

using Op = fb::BuiltinOperator;

TEST(Costs, Convolution) {
  const Cost c =
      cost(Op::CONV_2D,
           {of(Shape::of(1, 8, 8, 3)), weights(Shape::of(16, 3, 3, 3)), weights(Shape::of(16))},
           Shape::of(1, 4, 4, 16));
  EXPECT_EQ(c.multiply_adds, 4 * 4 * 16 * 3 * 3 * 3);
  EXPECT_EQ(c.weight_bytes, 4 * (16 * 27 + 16));
  EXPECT_EQ(c.read_bytes, 4 * (8 * 8 * 3 + 16 * 27 + 16));
  EXPECT_EQ(c.written_bytes, 4 * 4 * 4 * 16);
  EXPECT_EQ(c.bytes(), c.read_bytes + c.written_bytes);
}

TEST(Costs, GroupedConvolution) {
  const Cost c = cost(Op::CONV_2D, {of(Shape::of(1, 4, 4, 8)), weights(Shape::of(6, 1, 1, 4))},
                      Shape::of(1, 4, 4, 6));
  EXPECT_EQ(c.multiply_adds, 4 * 4 * 6 * 4);
}

TEST(Costs, Depthwise) {
  const Cost c =
      cost(Op::DEPTHWISE_CONV_2D, {of(Shape::of(1, 8, 8, 6)), weights(Shape::of(1, 3, 3, 6))},
           Shape::of(1, 8, 8, 6));
  EXPECT_EQ(c.multiply_adds, 8 * 8 * 6 * 9);
}

TEST(Costs, TransposedConvolutionSpreadsItsInput) {
  const Cost c = cost(
      Op::TRANSPOSE_CONV,
      {of(Shape::of(4), Type::kInt32), weights(Shape::of(5, 3, 3, 2)), of(Shape::of(1, 4, 4, 2))},
      Shape::of(1, 8, 8, 5));
  EXPECT_EQ(c.multiply_adds, 4 * 4 * 2 * 5 * 9);
}

TEST(Costs, FullyConnectedOfAnyShape) {
  const Cost c = cost(Op::FULLY_CONNECTED, {of(Shape::of(3, 2, 10)), weights(Shape::of(7, 20))},
                      Shape::of(3, 7));
  EXPECT_EQ(c.multiply_adds, 3 * 7 * 20);
}

TEST(Costs, BatchMatmulOfEitherSide) {
  const auto transposed = [](bool left) {
    return OptionsSpec{fb::BuiltinOptions::BatchMatMulOptions,
                       [left](flatbuffers::FlatBufferBuilder& b) {
                         return fb::CreateBatchMatMulOptions(b, left, false).Union();
                       }};
  };
  const Cost plain = cost(Op::BATCH_MATMUL, {of(Shape::of(2, 3, 5)), of(Shape::of(2, 5, 7))},
                          Shape::of(2, 3, 7), transposed(false));
  EXPECT_EQ(plain.multiply_adds, 2 * 3 * 5 * 7);
  const Cost left = cost(Op::BATCH_MATMUL, {of(Shape::of(2, 5, 3)), of(Shape::of(2, 5, 7))},
                         Shape::of(2, 3, 7), transposed(true));
  EXPECT_EQ(left.multiply_adds, 2 * 3 * 5 * 7);
}

TEST(Costs, LstmUsesEachWeightForEachStep) {
  const TensorSpec input = weights(Shape::of(4, 3)), recurrent = weights(Shape::of(4, 4));
  const TensorSpec none = {.shape = {}};
  // Without an input gate.
  const Cost c = cost(
      Op::UNIDIRECTIONAL_SEQUENCE_LSTM,
      {of(Shape::of(2, 5, 3)), none, input, input, input, none, recurrent, recurrent, recurrent},
      Shape::of(2, 5, 4));
  EXPECT_EQ(c.multiply_adds, 2 * 5 * 3 * (4 * 3 + 4 * 4));
}

TEST(Costs, BasicLstm) {
  const Cost c = cost(Op::LSTM,
                      {of(Shape::of(2, 3)), of(Shape::of(2, 4)), weights(Shape::of(16, 7)),
                       weights(Shape::of(16)), of(Shape::of(2, 4))},
                      Shape::of(2, 4));
  EXPECT_EQ(c.multiply_adds, 2 * 16 * 7);
}

TEST(Costs, BothDirectionsCount) {
  const TensorSpec input = weights(Shape::of(4, 3)), recurrent = weights(Shape::of(4, 4));
  const TensorSpec none = {.shape = {}}, bias = weights(Shape::of(4));
  const Cost c = cost(Op::BIDIRECTIONAL_SEQUENCE_RNN,
                      {of(Shape::of(2, 5, 3)), input, recurrent, bias, none, input, recurrent, bias,
                       none, none, none, none},
                      Shape::of(2, 5, 4));
  EXPECT_EQ(c.multiply_adds, 2 * 5 * 2 * (4 * 3 + 4 * 4));
}

TEST(Costs, Svdf) {
  const Cost c =
      cost(Op::SVDF, {of(Shape::of(2, 3)), weights(Shape::of(8, 3)), weights(Shape::of(8, 10))},
           Shape::of(2, 4));
  EXPECT_EQ(c.multiply_adds, 2 * (8 * 3 + 8 * 10));
}

TEST(Costs, ElementwiseOperatorsHaveNoProductsToSumUp) {
  const Cost c = cost(Op::MUL, {of(Shape::of(6)), of(Shape::of(6))}, Shape::of(6));
  EXPECT_EQ(c.multiply_adds, 0);
  EXPECT_EQ(c.bytes(), 3 * 6 * 4);
}

TEST(Costs, PiecesOfALargeTable) {
  const Cost c = cost(Op::GATHER, {weights(Shape::of(1000, 8)), of(Shape::of(2), Type::kInt32)},
                      Shape::of(2, 8));
  EXPECT_EQ(c.read_bytes, 2 * 8 * 4 + 2 * 4);
  EXPECT_EQ(c.weight_bytes, 2 * 8 * 4);
}

TEST(Costs, ShapesAreNoData) {
  EXPECT_EQ(cost(Op::SHAPE, {of(Shape::of(1000))}, Shape::of(1)).read_bytes, 0);
}

TEST(Costs, PlannedShapesGoBeforeTheFiles) {
  ModelBuilder b;
  const int in = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, 10)});
  const int table = b.tensor(weights(Shape::of(7, 10)));
  const int out = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, 7)});
  b.builtin_node(Op::FULLY_CONNECTED, {in, table, -1}, {out},
                 {fb::BuiltinOptions::FullyConnectedOptions, [](flatbuffers::FlatBufferBuilder& f) {
                    return fb::CreateFullyConnectedOptions(f).Union();
                  }});
  b.inputs({in});
  b.outputs({out});
  const ModelBytes file = in_memory(b.finish());
  const auto model = Model::parse({file->data(), file->size()});
  ASSERT_TRUE(model.ok());
  const InputShape shapes[] = {{0, Shape::of(4, 10)}};
  Options options;
  options.shapes = shapes;
  Net net(b, options);
  ASSERT_TRUE(net.ok()) << net.why();
  EXPECT_EQ(cost_of(model.value(), nullptr, 0).multiply_adds, 7 * 10);
  EXPECT_EQ(cost_of(model.value(), &net.interpreter(), 0).multiply_adds, 4 * 7 * 10);
}

// Two convolutions that run in bands are one step.
TEST(Costs, StepsOfSeveralOperators) {
  ModelBuilder b;
  const OptionsSpec options = {fb::BuiltinOptions::Conv2DOptions,
                               [](flatbuffers::FlatBufferBuilder& f) {
                                 return fb::CreateConv2DOptions(f, fb::Padding::SAME, 1, 1).Union();
                               }};
  const int in = b.tensor(of(Shape::of(1, 16, 16, 2)));
  const int middle = b.tensor(of(Shape::of(1, 16, 16, 8)));
  const int out = b.tensor(of(Shape::of(1, 16, 16, 2)));
  b.builtin_node(Op::CONV_2D, {in, b.tensor(weights(Shape::of(8, 3, 3, 2))), -1}, {middle},
                 options);
  b.builtin_node(Op::CONV_2D, {middle, b.tensor(weights(Shape::of(2, 3, 3, 8))), -1}, {out},
                 options);
  b.inputs({in});
  b.outputs({out});
  const ModelBytes file = in_memory(b.finish());
  const auto model = Model::parse({file->data(), file->size()});
  ASSERT_TRUE(model.ok());
  constexpr int64_t kEach = 16 * 16 * 9 * 2 * 8;
  for (const Bands bands : {Bands::kNever, Bands::kEverywhere}) {
    Options how;
    how.bands = bands;
    Net net(b, how);
    ASSERT_TRUE(net.ok()) << net.why();
    const int steps = net.interpreter().steps();
    ASSERT_EQ(steps, bands == Bands::kNever ? 2 : 1);
    for (int i = 0; i < steps; ++i) {
      EXPECT_EQ(cost_of_step(model.value(), net.interpreter(), i).multiply_adds, 2 / steps * kEach);
    }
  }
}

TEST(Costs, SumsDoNotWrap) {
  Cost c;
  c.multiply_adds = INT64_MAX - 1;
  c.read_bytes = INT64_MAX;
  c.written_bytes = 1;
  c += c;
  EXPECT_EQ(c.multiply_adds, INT64_MAX);
  EXPECT_EQ(c.bytes(), INT64_MAX);
}

}  // namespace
}  // namespace pipit::test
