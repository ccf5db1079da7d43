// SPDX-License-Identifier: Apache-2.0
// CIRCULAR_BUFFER: its content after each invocation, and how often what follows it runs. Numbers
// are from the public tests of TensorFlow Lite Micro.
#include "tests/kernels/one_operator.h"
#include "tests/support/net.h"

namespace pipit::test {
namespace {

using std::vector;

// A buffer, and its first slot's negation as another output.
ModelBuilder buffer(const Shape& in, const Shape& out, const IntegerOptions& options,
                    int64_t zero_point = 0) {
  ModelBuilder b;
  const auto tensor = [&](const Shape& shape) {
    return b.tensor(
        {.type = Type::kInt8, .shape = shape, .scales = {1}, .zero_points = {zero_point}});
  };
  const int input = tensor(in), slots = tensor(out), behind = tensor(out);
  b.node("CIRCULAR_BUFFER", {input}, {slots},
         options.empty() ? vector<uint8_t>() : flexbuffer(options));
  b.builtin_node(fb::BuiltinOperator::RELU, {slots}, {behind});
  b.inputs({input});
  b.outputs({slots, behind});
  return b;
}

vector<int8_t> count_from(int first, int n) {
  vector<int8_t> values;
  for (int i = 0; i < n; ++i) values.push_back(static_cast<int8_t>(first + i));
  return values;
}

// Feeds 1, 2, 3, ... and expects the last of them, and every `period` invocations a full run; after
// the others zeros, whatever was in memory.
void expect_stream(int32_t slots, int32_t depth, const IntegerOptions& options, int period) {
  // What an output holds is read after the next input has been written.
  Options kept;
  kept.preserve_inputs = true;
  Net net(buffer(Shape::of(1, 1, 1, depth), Shape::of(1, slots, 1, depth), options), kept);
  ASSERT_TRUE(net.ok()) << net.why();
  vector<int8_t> held(static_cast<size_t>(slots * depth));
  const vector<int8_t> zeros = held;
  for (int i = 0; i < 6; ++i) {
    const vector<int8_t> in = count_from(i * depth + 1, depth);
    held.erase(held.begin(), held.begin() + depth);
    held.insert(held.end(), in.begin(), in.end());
    std::fill_n(net.interpreter().output(1)->as<int8_t>(), zeros.size(), int8_t{0x55});
    net.set<int8_t>(0, in);
    EXPECT_EQ(net.run<int8_t>(), held) << i;
    const bool ran = (i + 1) % period == 0;
    EXPECT_EQ(net.get<int8_t>(1), ran ? held : zeros) << i;
  }
}

TEST(CircularBuffer, HoldsTheLastInputs) {
  expect_stream(4, 3, {}, 2);
  expect_stream(4, 3, {{"cycles_max", 1}}, 1);
  expect_stream(5, 4, {}, 1);
  expect_stream(3, 2, {{"cycles_max", 3}}, 3);
  expect_stream(1, 2, {{"cycles_max", 1}}, 1);
}

TEST(CircularBuffer, SaysWhyItsInvocationEndedAndBeginsAnewAfterAReset) {
  Net net(buffer(Shape::of(1, 1, 1, 1), Shape::of(1, 2, 1, 1), {}, -3));
  for (int i = 0; i < 2; ++i) {
    net.set<int8_t>(0, {7});
    Message why;
    EXPECT_TRUE(net.interpreter().invoke(&why).ok());
    EXPECT_STREQ(why.text(), "CIRCULAR_BUFFER (operator 0): waits for more inputs: 1");
    EXPECT_EQ(net.get<int8_t>(0), (vector<int8_t>{-3, 7}));  // at first the zero point
    net.interpreter().reset_variables();
  }
  net.set<int8_t>(0, {8});
  EXPECT_TRUE(net.invoke());
  Message why;
  EXPECT_TRUE(net.interpreter().invoke(&why).ok());
  EXPECT_TRUE(why.empty()) << why.text();
}

// COMPOSITE -> WHERE; the buffer, which waits first, is in the subgraph that the composite calls.
TEST(CircularBuffer, LeavesNothingOfWhatWasInMemoryWhereItsCallerEnds) {
  ModelBuilder b;
  const auto tensor = [&](const Shape& shape) {
    return b.tensor({.type = Type::kInt8, .shape = shape, .scales = {1}, .zero_points = {0}});
  };
  const Shape one = Shape::of(1, 1, 1, 1), two = Shape::of(1, 2, 1, 1);
  const int in = tensor(one), out = tensor(two);
  const int indices = b.tensor({.type = Type::kInt64, .shape = Shape::of(1, 4)});
  OptionsSpec composite;
  composite.type2 = fb::BuiltinOptions2::StableHLOCompositeOptions;
  composite.write = [](flatbuffers::FlatBufferBuilder& f) {
    const auto attributes = f.CreateVector(vector<uint8_t>{1});
    fb::StableHLOCompositeOptionsBuilder o(f);
    o.add_decomposition_subgraph_index(1);
    o.add_composite_attributes(attributes);
    return o.Finish().Union();
  };
  b.builtin_node(fb::BuiltinOperator::STABLEHLO_COMPOSITE, {in}, {out}, composite);
  b.builtin_node(fb::BuiltinOperator::WHERE, {out}, {indices});
  b.inputs({in});
  b.outputs({out, indices});
  b.begin_subgraph();
  const int inner = tensor(one), slots = tensor(two);
  b.node("CIRCULAR_BUFFER", {inner}, {slots}, flexbuffer({{"cycles_max", 2}}));
  b.inputs({inner});
  b.outputs({slots});
  Net net(b);
  ASSERT_TRUE(net.ok()) << net.why();
  for (const bool ran : {false, true, false}) {
    std::fill_n(net.interpreter().output(0)->as<int8_t>(), 2, int8_t{0x55});
    net.set<int8_t>(0, {7});
    EXPECT_EQ(net.run<int8_t>(), ran ? (vector<int8_t>{7, 7}) : (vector<int8_t>{0, 0}));
    EXPECT_EQ(net.get<int64_t>(1),
              ran ? (vector<int64_t>{0, 0, 0, 0, 0, 1, 0, 0}) : vector<int64_t>());
  }
}

std::string refusal(const ModelBuilder& model) { return Net(model).why(); }

TEST(CircularBuffer, RefusesWhatItCannotHold) {
  const Shape one = Shape::of(1, 1, 1, 3);
  EXPECT_NE(refusal(buffer(Shape::of(3), Shape::of(1, 4, 1, 3), {})).find("input"),
            std::string::npos);
  EXPECT_NE(refusal(buffer(Shape::of(1, 2, 1, 3), Shape::of(1, 4, 1, 3), {})).find("input"),
            std::string::npos);
  for (const Shape& out : {Shape::of(4, 3), Shape::of(1, 0, 1, 3), Shape::of(1, 4, 1, 2),
                           Shape::of(2, 4, 1, 3), Shape::of(1, 4, 2, 3)}) {
    EXPECT_NE(refusal(buffer(one, out, {})).find("output"), std::string::npos) << out.rank;
  }
  EXPECT_NE(refusal(buffer(Shape::of(1, 1, 2, 96), Shape::of(1, 4, 2, 96), {})).find("cycles_max"),
            std::string::npos);
  for (const int64_t cycles : {int64_t{INT32_MAX}, INT64_MAX}) {
    EXPECT_TRUE(Net(buffer(one, Shape::of(1, 4, 1, 3), {{"cycles_max", cycles}})).invoke());
  }
  for (const int64_t cycles : {int64_t{0}, int64_t{-1}, INT64_MIN}) {
    EXPECT_TRUE(Net(buffer(one, Shape::of(1, 4, 1, 3), {{"cycles_max", cycles}})).invoke());
  }
}

}  // namespace
}  // namespace pipit::test
