// SPDX-License-Identifier: Apache-2.0
// A delegate written in C claims convolutions and additions of a model; results stay the same.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "pipit/pipit.h"
#include "tests/support/model_builder.h"

extern "C" const pipit_delegate* pipit_delegate_create(const char* const* keys,
                                                       const char* const* values, size_t count,
                                                       pipit_message* why);

namespace pipit::test {
namespace {

using Floats = std::vector<float>;

// Small whole numbers, whose sums are exact in any order.
std::vector<uint8_t> whole_numbers(int n) {
  Floats values;
  for (int i = 0; i < n; ++i) values.push_back(static_cast<float>(i * 7 % 11 - 5));
  return bytes_of(values);
}

OptionsSpec convolution(int stride) {
  return {fb::BuiltinOptions::Conv2DOptions, [stride](flatbuffers::FlatBufferBuilder& b) {
            return fb::CreateConv2DOptions(b, fb::Padding::VALID, stride, stride,
                                           fb::ActivationFunctionType::RELU)
                .Union();
          }};
}

int float_tensor(ModelBuilder& b, const Shape& shape, std::vector<uint8_t> bytes = {}) {
  return b.tensor({.type = Type::kFloat32, .shape = shape, .bytes = std::move(bytes)});
}

// in -> CONV -> a; a -> CONV -> b; b + a' -> NEG -> out, where a' is cut from a by another CONV.
ModelBuilder network() {
  ModelBuilder b;
  const int in = float_tensor(b, Shape::of(1, 7, 6, 2));
  const int w = float_tensor(b, Shape::of(3, 2, 2, 2), whole_numbers(24));
  const int w3 = float_tensor(b, Shape::of(3, 2, 2, 3), whole_numbers(36));
  const int bias = float_tensor(b, Shape::of(3), whole_numbers(3));
  const int first = float_tensor(b, Shape::of(1, 6, 5, 3));
  const int second = float_tensor(b, Shape::of(1, 3, 2, 3));
  const int third = float_tensor(b, Shape::of(1, 3, 2, 3));
  const int sum = float_tensor(b, Shape::of(1, 3, 2, 3));
  const int out = float_tensor(b, Shape::of(1, 3, 2, 3));
  b.builtin_node(fb::BuiltinOperator::CONV_2D, {in, w, bias}, {first}, convolution(1));
  b.builtin_node(fb::BuiltinOperator::CONV_2D, {first, w3, bias}, {second}, convolution(2));
  b.builtin_node(fb::BuiltinOperator::NEG, {second}, {third});
  b.builtin_node(fb::BuiltinOperator::ADD, {second, third}, {sum});
  b.builtin_node(fb::BuiltinOperator::ADD, {sum, second}, {out});
  b.inputs({in});
  b.outputs({out});
  return b;
}

class Delegates : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::vector<uint8_t> file = network().finish();
    ASSERT_EQ(pipit_model_copy(file.data(), file.size(), &model_, &why_), PIPIT_OK) << why_.text;
    pipit_options_init(&options_);
  }
  void TearDown() override { pipit_model_close(model_); }

  void use(const char* option = nullptr) {
    const char* yes = "1";
    list_[0] = pipit_delegate_create(&option, &yes, option == nullptr ? 0 : 1, &why_);
    options_.delegates = list_;
    options_.delegate_count = 1;
  }

  Floats run() {
    pipit_interpreter* net = nullptr;
    EXPECT_EQ(pipit_interpreter_create(model_, &options_, 0, &net, &why_), PIPIT_OK) << why_.text;
    pipit_tensor in = {}, out = {};
    in.struct_bytes = out.struct_bytes = sizeof(in);
    pipit_interpreter_input(net, 0, 0, &in);
    const std::vector<uint8_t> values = whole_numbers(84);
    std::memcpy(in.data, values.data(), in.bytes);
    EXPECT_EQ(pipit_interpreter_invoke(net, &why_), PIPIT_OK) << why_.text;
    pipit_interpreter_output(net, 0, 0, &out);
    const Floats answer(static_cast<float*>(out.data), static_cast<float*>(out.data) + 18);
    pipit_interpreter_delegation(net, &report_);
    partitions_ = pipit_interpreter_partitions(net);
    has_last_ = pipit_interpreter_partition(net, partitions_ - 1, &last_) == PIPIT_OK;
    last_node_ = has_last_ ? last_.nodes[last_.node_count - 1] : -1;
    EXPECT_EQ(pipit_interpreter_partition(net, partitions_, &last_), PIPIT_BAD_ARGUMENT);
    pipit_interpreter_delete(net);
    return answer;
  }

  std::string refusal() {
    pipit_memory memory = {};
    memory.struct_bytes = sizeof(memory);
    EXPECT_NE(pipit_required_memory(model_, &options_, &memory, &why_), PIPIT_OK);
    return why_.text;
  }

  pipit_model* model_ = nullptr;
  pipit_options options_ = {};
  const pipit_delegate* list_[1] = {};
  pipit_message why_ = {}, report_ = {};
  pipit_partition_info last_ = {};
  int32_t partitions_ = 0, last_node_ = 0;
  bool has_last_ = false;
};

TEST_F(Delegates, ComputeTheSame) {
  const Floats alone = run();
  EXPECT_EQ(partitions_, 0);
  EXPECT_NE(alone, Floats(18, 0.0f));
  use();
  for (const int32_t all : {0, 1}) {
    options_.preserve_all = all;
    EXPECT_EQ(run(), alone) << report_.text;
    EXPECT_STREQ(report_.text, "sample computes 4 of 5 operators in 2 partitions: 0-1; 3-4");
    EXPECT_EQ(partitions_, 2);
    EXPECT_EQ(last_node_, 4);
  }
}

TEST_F(Delegates, RefuseInTheirOwnName) {
  use("refuse");
  EXPECT_EQ(refusal(), "sample (operators 0-1): told to refuse");
  use("no");
  EXPECT_EQ(list_[0], nullptr);
  EXPECT_STREQ(why_.text, "no such accelerator");
  EXPECT_EQ(refusal(),
            "delegate 0 is incomplete: it needs struct_bytes, a name, `claims` and `run`");
}

TEST_F(Delegates, HaveToBeComplete) {
  use();
  pipit_delegate broken = *list_[0];
  list_[0] = &broken;
  broken.run = nullptr;
  EXPECT_EQ(refusal(),
            "delegate 0 'sample' is incomplete: it needs struct_bytes, a name, `claims` and `run`");
  options_.delegate_count = PIPIT_MAX_DELEGATES + 1;
  EXPECT_EQ(refusal(), "more than 8 delegates");
}

TEST_F(Delegates, ReadOptionsOfTheFile) {
  EXPECT_EQ(pipit_model_option(model_, 0, 1, 1, 4, 9), 2);   // stride_w
  EXPECT_EQ(pipit_model_option(model_, 0, 1, 4, 4, 9), 9);   // dilation_w_factor: left out
  EXPECT_EQ(pipit_model_option(model_, 0, 1, 99, 4, 9), 9);  // no such field
  EXPECT_EQ(pipit_model_option(model_, 0, 1, 1, 3, 9), 9);   // no such size
  pipit_model_option(model_, 0, 1, 3, 8, 9);                 // the size of none there, yet harmless
  EXPECT_EQ(pipit_model_option(model_, 0, 3, 0, 1, 9), 9);   // no options
  EXPECT_EQ(pipit_model_option(model_, 0, 5, 0, 1, 9), 9);   // no such node
}

}  // namespace
}  // namespace pipit::test
