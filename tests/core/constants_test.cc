// SPDX-License-Identifier: Apache-2.0
// Constants stay in the file: what a plan keeps of them is the address, where that is enough.
#include <gtest/gtest.h>

#include "tests/support/net.h"

namespace pipit::test {
namespace {

using Op = fb::BuiltinOperator;

constexpr int kWidth = 4;

std::vector<uint8_t> floats(size_t n, float first) {
  std::vector<float> values(n);
  for (float& v : values) v = first++;
  return bytes_of(values);
}

// Tensors 0, 3, 6, ... are activations, and behind each lie the weights and bias of a layer.
ModelBuilder dense_layers(int layers) {
  ModelBuilder b;
  const TensorSpec row = {.type = Type::kFloat32, .shape = Shape::of(1, kWidth)};
  int in = b.tensor(row);
  b.inputs({in});
  for (int i = 0; i < layers; ++i) {
    const int weights = b.tensor({.type = Type::kFloat32,
                                  .shape = Shape::of(kWidth, kWidth),
                                  .bytes = floats(kWidth * kWidth, 1)});
    const int bias = b.tensor(
        {.type = Type::kFloat32, .shape = Shape::of(kWidth), .bytes = floats(kWidth, 100)});
    const int out = b.tensor(row);
    b.builtin_node(Op::FULLY_CONNECTED, {in, weights, bias}, {out});
    in = out;
  }
  b.outputs({in});
  return b;
}

size_t persistent_bytes(const ModelBuilder& b) {
  Net net(b);
  EXPECT_TRUE(net.ok()) << net.why();
  return net.ok() ? net.interpreter().memory().persistent_bytes : 0;
}

// A layer keeps its step, its sizes and its output; no tensor of the two constants.
TEST(Constants, TakeNoTensors) {
  const size_t layer =
      (persistent_bytes(dense_layers(20)) - persistent_bytes(dense_layers(10))) / 10;
  const size_t output = sizeof(Tensor), step = 64, list = 4 * sizeof(void*), sizes = 176;
  EXPECT_LE(layer, output + step + list + sizes);
}

TEST(Constants, CanBeReadAllTheSame) {
  Net net(dense_layers(2));
  ASSERT_TRUE(net.ok()) << net.why();
  const Interpreter& interpreter = net.interpreter();
  const Model& model = interpreter.model();
  ASSERT_EQ(interpreter.tensors(), 7);
  for (const int i : {1, 2, 4, 5}) {
    const Tensor t = interpreter.tensor(i);
    EXPECT_TRUE(t.constant());
    EXPECT_EQ(t.index, i);
    EXPECT_EQ(t.data, model.tensor(i).data);
    EXPECT_EQ(t.bytes, model.tensor(i).bytes);
    EXPECT_EQ(t.shape, model.tensor(i).shape);
  }
  EXPECT_EQ(interpreter.tensor(0).data, interpreter.input(0)->data);
  EXPECT_EQ(interpreter.tensor(7).index, -1);
  net.set<float>(0, {1, 0, 0, 0});
  EXPECT_EQ(net.run<float>()[0], 100 + 1 * 101 + 2 * 106 + 3 * 111 + 4 * 116.f);
}

// A node that gives a constant and a layer that reads the same one each have what they need.
TEST(Constants, MayBeReadByOperatorsThatKeepThem) {
  ModelBuilder b = dense_layers(1);
  const int sum = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, kWidth)});
  b.builtin_node(Op::ADD, {3, 2}, {sum});
  b.outputs({sum});
  Net net(b);
  ASSERT_TRUE(net.ok()) << net.why();
  net.set<float>(0, {0, 1, 0, 0});
  const std::vector<float> expected = {100 + 2 + 100, 101 + 6 + 101, 102 + 10 + 102,
                                       103 + 14 + 103};
  EXPECT_EQ(net.run<float>(), expected);
}

}  // namespace
}  // namespace pipit::test
