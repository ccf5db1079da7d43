// SPDX-License-Identifier: Apache-2.0
// Time to parse and plan grows with the file's size and no faster, whatever the file looks like,
// and what calls itself or never ends is found out.
#include "tests/core/bounded.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/loop.h"

namespace pipit::test {
namespace {

using ::testing::HasSubstr;

// A row of operators, each on what the one before it left.
std::vector<uint8_t> chain(int operators, fb::BuiltinOperator op) {
  ModelBuilder b;
  int last = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1)});
  b.inputs({last});
  for (int i = 0; i < operators; ++i) {
    const int next = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1)});
    b.builtin_node(op, {last}, {next});
    last = next;
  }
  b.outputs({last});
  return b.finish();
}

// Operators on constants, all of whose results are outputs.
std::vector<uint8_t> many_outputs(int operators) {
  ModelBuilder b;
  const int in = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1), .bytes = {0, 0, 0, 0}});
  std::vector<int> outputs;
  for (int i = 0; i < operators; ++i) {
    outputs.push_back(b.tensor({.type = Type::kFloat32, .shape = Shape::of(1)}));
    b.builtin_node(fb::BuiltinOperator::ABS, {in}, {outputs.back()});
  }
  b.outputs(outputs);
  return b.finish();
}

// One operator with very many inputs and outputs.
std::vector<uint8_t> wide(int each) {
  ModelBuilder b;
  const int axis = b.tensor({.shape = {}, .bytes = bytes_of<int32_t>({0})});
  const int in = b.tensor({.type = Type::kFloat32, .shape = Shape::of(each)});
  std::vector<int> outputs;
  for (int i = 0; i < each; ++i) {
    outputs.push_back(b.tensor({.type = Type::kFloat32, .shape = Shape::of(1)}));
  }
  b.builtin_node(fb::BuiltinOperator::SPLIT, {axis, in}, outputs,
                 {fb::BuiltinOptions::SplitOptions, [=](flatbuffers::FlatBufferBuilder& f) {
                    return fb::CreateSplitOptions(f, each).Union();
                  }});
  b.inputs({in});
  b.outputs(outputs);
  return b.finish();
}

TEST(Bounded, AMillionOperators) {
  expect_linear([](int n) { return plan(chain(n, fb::BuiltinOperator::ABS)); }, kMany);
}

TEST(Bounded, OperatorsThatWriteInPlace) {
  expect_linear([](int n) { return plan(chain(n, fb::BuiltinOperator::RESHAPE)); }, kMany / 4);
}

TEST(Bounded, ManyOutputs) {
  expect_linear([](int n) { return plan(many_outputs(n)); }, kMany / 4);
}

TEST(Bounded, AnOperatorWithManyOutputs) {
  expect_linear([](int n) { return plan(wide(n)); }, 60'000);
}

// Lists that many tables share cost the file nothing.
TEST(Bounded, SharedListsAreRefused) {
  constexpr size_t kTensors = 20'000, kScales = 20'000;
  flatbuffers::FlatBufferBuilder f;
  const auto scales = f.CreateVector(std::vector<float>(kScales, 1.0f));
  const auto quantization = fb::CreateQuantizationParameters(f, 0, 0, scales);
  const auto shape = f.CreateVector(std::vector<int32_t>{static_cast<int32_t>(kScales)});
  const auto tensor = fb::CreateTensor(f, shape, fb::TensorType::INT8, 0, 0, quantization);
  const auto graph = fb::CreateSubGraph(
      f, f.CreateVector(std::vector<flatbuffers::Offset<fb::Tensor>>(kTensors, tensor)));
  const auto graphs = f.CreateVector(std::vector<flatbuffers::Offset<fb::SubGraph>>{graph});
  fb::FinishModelBuffer(f, fb::CreateModel(f, 3, 0, graphs));
  const Planned p = plan({f.GetBufferPointer(), f.GetBufferPointer() + f.GetSize()});
  EXPECT_THAT(p.why, HasSubstr("the file's lists have more elements than the file has bytes"));
  EXPECT_LT(p.seconds, 1);
}

// The same for constants.
TEST(Bounded, SharedConstantsAreRefused) {
  constexpr size_t kBytes = size_t{1} << 22;
  ModelBuilder b;
  const int in = b.tensor({.type = Type::kInt8, .shape = Shape::of(1)});
  const int large = b.tensor(
      {.type = Type::kInt8, .shape = Shape::of(kBytes), .bytes = std::vector<uint8_t>(kBytes)});
  std::vector<int> outputs;
  for (int i = 0; i < 8000; ++i) {
    outputs.push_back(b.tensor({.type = Type::kInt8, .shape = Shape::of(kBytes)}));
    b.builtin_node(fb::BuiltinOperator::ADD, {in, large}, {outputs.back()});
  }
  b.inputs({in});
  b.outputs(outputs);
  const Planned p = plan(b.finish());
  EXPECT_THAT(p.why, HasSubstr("bytes of constants from a file of"));
  EXPECT_LT(p.seconds, 1);
}

// A few bytes that ask for a table with a row for each of very many pixels.
TEST(Bounded, TablesFarLargerThanTheFileAreRefused) {
  for (const auto op :
       {fb::BuiltinOperator::RESIZE_BILINEAR, fb::BuiltinOperator::RESIZE_NEAREST_NEIGHBOR}) {
    ModelBuilder b;
    const int in = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, 1, 1, 1)});
    const int size = b.tensor({.shape = Shape::of(2), .bytes = bytes_of<int32_t>({1 << 28, 1})});
    const int out = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, 1 << 28, 1, 1)});
    b.builtin_node(op, {in, size}, {out});
    b.inputs({in});
    b.outputs({out});
    const Planned p = plan(b.finish());
    EXPECT_THAT(p.why, HasSubstr("bytes, too much for a file of"));
    EXPECT_LT(p.seconds, 1);
  }
}

// Operators on constants are computed while planning, as long as that takes little.
TEST(Bounded, ConstantsAreFoldedForSoLong) {
  constexpr int kOperators = 100, kDepth = 100;
  ModelBuilder b;
  const auto constant = [&](const Shape& shape) {
    return b.tensor({.type = Type::kFloat32,
                     .shape = shape,
                     .bytes = std::vector<uint8_t>(4 * static_cast<size_t>(shape.elements()))});
  };
  const int in = constant(Shape::of(1, kDepth)), weights = constant(Shape::of(kDepth, kDepth));
  std::vector<int> outputs;
  for (int i = 0; i < kOperators; ++i) {
    const int middle = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, kDepth)});
    b.builtin_node(
        fb::BuiltinOperator::FULLY_CONNECTED, {in, weights, -1}, {middle},
        {fb::BuiltinOptions::FullyConnectedOptions, [](flatbuffers::FlatBufferBuilder& f) {
           return fb::CreateFullyConnectedOptions(f).Union();
         }});
    outputs.push_back(b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, kDepth)}));
    b.builtin_node(fb::BuiltinOperator::ABS, {middle}, {outputs.back()});
  }
  b.outputs(outputs);
  const Planned p = plan(b.finish());
  EXPECT_EQ(p.why, "");
  EXPECT_GT(p.steps, kOperators + 1);  // not all of the products
  EXPECT_LT(p.steps, 2 * kOperators);
}

// The sum of many items without a byte, all constant: SLICE, RESHAPE, and then a walk over them.
std::vector<uint8_t> sum_of_nothing(int32_t items) {
  ModelBuilder b;
  const auto list = [&b](const std::vector<int32_t>& values) {
    return b.tensor({.shape = Shape::of(values.size()), .bytes = bytes_of(values)});
  };
  const int none = b.tensor({}), many = b.tensor({}), sum = b.tensor({}), out = b.tensor({});
  const int in = b.tensor({.shape = Shape::of(1)});
  b.builtin_node(fb::BuiltinOperator::SLICE, {list({1}), list({0}), list({0})}, {none});
  b.builtin_node(fb::BuiltinOperator::RESHAPE, {none, list({items, 0})}, {many});
  b.builtin_node(fb::BuiltinOperator::SUM, {many, list({0, 1})}, {sum});
  b.builtin_node(fb::BuiltinOperator::MAXIMUM, {in, sum}, {out});
  b.inputs({in});
  b.outputs({out});
  return b.finish();
}

TEST(Bounded, ItemsWithoutBytesCountWhenTheyAreFolded) {
  const Planned few = plan(sum_of_nothing(9)), many = plan(sum_of_nothing(1 << 27));
  EXPECT_EQ(few.why + many.why, "");
  EXPECT_EQ(few.steps, 1);
  EXPECT_EQ(many.steps, 2);
}

// A fingerprint of each item for each bit is more work than the bytes tell.
TEST(Bounded, HashesAreNotFolded) {
  ModelBuilder b;
  const int seeds = b.tensor(
      {.type = Type::kFloat32, .shape = Shape::of(1, 1), .bytes = bytes_of(std::vector<float>{1})});
  const int items = b.tensor({.shape = Shape::of(1), .bytes = bytes_of(std::vector<int32_t>{1})});
  const int hash = b.tensor({}), out = b.tensor({}), in = b.tensor({.shape = Shape::of(1)});
  b.builtin_node(fb::BuiltinOperator::LSH_PROJECTION, {seeds, items}, {hash},
                 {fb::BuiltinOptions::LSHProjectionOptions, [](flatbuffers::FlatBufferBuilder& f) {
                    return fb::CreateLSHProjectionOptions(f, fb::LSHProjectionType::DENSE).Union();
                  }});
  b.builtin_node(fb::BuiltinOperator::MAXIMUM, {in, hash}, {out});
  b.inputs({in});
  b.outputs({out});
  EXPECT_EQ(plan(b.finish()).steps, 2);
}

// Subgraph i calls subgraph i + 1, whatever comes in.
std::vector<uint8_t> nest(int depth) {
  ModelBuilder b;
  for (int i = 0; i <= depth; ++i) {
    if (i != 0) b.begin_subgraph();
    const int yes = b.tensor({.type = Type::kBool, .shape = {}, .bytes = {1}});
    const int in = b.tensor({.type = Type::kFloat32, .shape = Shape::of(2)});
    const int out = b.tensor({.type = Type::kFloat32, .shape = Shape::of(2)});
    if (i == depth) {
      b.builtin_node(fb::BuiltinOperator::ABS, {in}, {out});
    } else {
      b.builtin_node(fb::BuiltinOperator::IF, {yes, in}, {out},
                     {fb::BuiltinOptions::IfOptions, [=](flatbuffers::FlatBufferBuilder& f) {
                        return fb::CreateIfOptions(f, i + 1, i + 1).Union();
                      }});
    }
    b.inputs({in});
    b.outputs({out});
  }
  return b.finish();
}

TEST(Bounded, DeepNestingIsRefused) {
  EXPECT_EQ(plan(nest(15)).why, "");
  EXPECT_THAT(plan(nest(16)).why, HasSubstr("is called from more than 16 others"));
  EXPECT_THAT(plan(nest(5000)).why, HasSubstr("is called from more than 16 others"));
}

// Calls of one subgraph, each with an empty input of another shape.
std::vector<uint8_t> many_calls(int calls) {
  ModelBuilder b;
  const auto empty = [&b](int i) {
    return b.tensor({.type = Type::kFloat32, .shape = Shape::of(0, i)});
  };
  const int yes = b.tensor({.type = Type::kBool});
  std::vector<int> inputs = {yes}, outputs;
  for (int i = 0; i < calls; ++i) {
    inputs.push_back(empty(i));
    outputs.push_back(empty(i));
    b.builtin_node(fb::BuiltinOperator::IF, {yes, inputs.back()}, {outputs.back()},
                   {fb::BuiltinOptions::IfOptions, [](flatbuffers::FlatBufferBuilder& f) {
                      return fb::CreateIfOptions(f, 1, 1).Union();
                    }});
  }
  b.inputs(inputs);
  b.outputs(outputs);
  b.begin_subgraph();
  const int in = empty(0), out = empty(0);
  b.builtin_node(fb::BuiltinOperator::ABS, {in}, {out});
  b.inputs({in});
  b.outputs({out});
  return b.finish();
}

// The model itself is one of 2048.
TEST(Bounded, PlansOfSubgraphsAreCounted) {
  EXPECT_EQ(plan(many_calls(2047)).why, "");
  EXPECT_THAT(plan(many_calls(2048)).why,
              HasSubstr("subgraphs are called with more than 2048 different lists of shapes"));
}

std::vector<uint8_t> many_variables(int variables) {
  ModelBuilder b;
  for (int i = 0; i < variables; ++i) {
    const int handle = b.tensor({.type = Type::kResource});
    b.builtin_node(fb::BuiltinOperator::VAR_HANDLE, {}, {handle},
                   {fb::BuiltinOptions::VarHandleOptions, [=](flatbuffers::FlatBufferBuilder& f) {
                      const std::string name = std::to_string(i);
                      return fb::CreateVarHandleOptionsDirect(f, "", name.c_str()).Union();
                    }});
  }
  return b.finish();
}

TEST(Bounded, VariablesAreCounted) {
  EXPECT_EQ(plan(many_variables(1024)).why, "");
  EXPECT_THAT(plan(many_variables(1025)).why,
              HasSubstr("the model has more than 1024 variables and tables"));
}

// Variables of one long name, which lies in the file once, in containers of their own: each is told
// from the others by reading it.
std::vector<uint8_t> long_names(int variables, size_t length) {
  ModelBuilder b;
  for (int i = 0; i < variables; ++i) {
    b.builtin_node(fb::BuiltinOperator::VAR_HANDLE, {}, {b.tensor({.type = Type::kResource})},
                   {fb::BuiltinOptions::VarHandleOptions, [=](flatbuffers::FlatBufferBuilder& f) {
                      const auto container = f.CreateString(std::to_string(i));
                      const auto name = f.CreateSharedString(std::string(length, 'n'));
                      return fb::CreateVarHandleOptions(f, container, name).Union();
                    }});
  }
  return b.finish();
}

TEST(Bounded, NamesAreReadInProportionToTheFile) {
  EXPECT_EQ(plan(long_names(16, 1 << 20)).why, "");
  EXPECT_THAT(plan(long_names(1000, 1 << 20)).why, HasSubstr("are too long for a file of"));
}

// What an invocation of a looping model ends with: "" when it runs.
class Looping {
 public:
  explicit Looping(int64_t max_calls)
      : file_(in_memory(loop())), arena_(size_t{1} << 14, Against::kUpperGuard, 16) {
    Options options;
    options.max_calls = max_calls;
    net_ = Interpreter::create(Model::parse(file_->span()).value(), arena_.span(), all_operators(),
                               options)
               .value();
  }
  std::string invoke(int32_t a, int32_t b) {
    *net_.input(0)->as<int32_t>() = a;
    *net_.input(1)->as<int32_t>() = b;
    Message why;
    return net_.invoke(&why).ok() ? "" : why.text();
  }

 private:
  ModelBytes file_;
  GuardedBuffer<uint8_t> arena_;
  Interpreter net_;
};

TEST(Bounded, EndlessLoopsEndAtTheCallersLimit) {
  EXPECT_EQ(Looping(5).invoke(0, 0),
            "WHILE (operator 0): this invocation has called subgraphs 5 times: an endless loop? "
            "(max_calls sets the limit)");
  EXPECT_EQ(Looping(70'000).invoke(0, 0),
            "WHILE (operator 0): this invocation has called subgraphs 70000 times: an endless "
            "loop? (max_calls sets the limit)");
}

// Ten turns ask eleven times whether to go on. Each invocation has all of the limit.
TEST(Bounded, TheLimitIsExact) {
  Looping enough(21), short_of_one(20);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(enough.invoke(-9, 1), "");
    EXPECT_THAT(short_of_one.invoke(-9, 1), HasSubstr("called subgraphs 20 times"));
    EXPECT_EQ(short_of_one.invoke(-8, 1), "");
    EXPECT_THAT(enough.invoke(0, 0), HasSubstr("called subgraphs 21 times"));
  }
}

}  // namespace
}  // namespace pipit::test
