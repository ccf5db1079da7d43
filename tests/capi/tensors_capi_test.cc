// SPDX-License-Identifier: Apache-2.0
// The C interface on the digit classifier and on a model with a variable: what can be read, and
// which instructions are used.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipit/pipit.h"
#include "tests/support/model_builder.h"
#include "tests/support/place.h"

namespace pipit::test {
namespace {

using Bytes = std::vector<uint8_t>;

template <class T>
T sized() {
  T t{};
  t.struct_bytes = sizeof(t);
  return t;
}

Bytes bytes_of(const pipit_tensor& t) {
  const auto* first = static_cast<const uint8_t*>(t.data);
  return first == nullptr ? Bytes() : Bytes(first, first + t.bytes);
}

class Net {
 public:
  Net(const pipit_model* model, const pipit_options& options) {
    pipit_message why = {};
    EXPECT_EQ(pipit_interpreter_create(model, &options, 0, &net_, &why), PIPIT_OK) << why.text;
  }
  Net(const Net&) = delete;
  ~Net() { pipit_interpreter_delete(net_); }
  operator pipit_interpreter*() const { return net_; }  // NOLINT: as the functions want it

  Bytes run(const Bytes& input) const {
    auto t = sized<pipit_tensor>();
    pipit_interpreter_input(net_, 0, 0, &t);
    EXPECT_EQ(t.bytes, input.size());
    std::memcpy(t.data, input.data(), input.size());
    pipit_message why = {};
    EXPECT_EQ(pipit_interpreter_invoke(net_, &why), PIPIT_OK) << why.text;
    pipit_interpreter_output(net_, 0, 0, &t);
    return bytes_of(t);
  }

 private:
  pipit_interpreter* net_ = nullptr;
};

class Classifier : public ::testing::Test {
 protected:
  void SetUp() override {
    pipit_message why = {};
    ASSERT_EQ(
        pipit_model_open(place(PIPIT_MODELS_DIR "/digits_int8.tflite").c_str(), &model_, &why),
        PIPIT_OK)
        << why.text;
    pipit_options_init(&options_);
    auto t = sized<pipit_tensor>();
    const int32_t* inputs = nullptr;
    ASSERT_EQ(pipit_model_inputs(model_, 0, &inputs), 1);
    ASSERT_EQ(pipit_model_tensor(model_, 0, inputs[0], &t), PIPIT_OK);
    size_t count = 1;
    for (int32_t i = 0; i < t.rank; ++i) count *= static_cast<size_t>(t.shape[i]);
    for (size_t i = 0; i < count; ++i) image_.push_back(static_cast<uint8_t>(i * 7));
  }
  void TearDown() override { pipit_model_close(model_); }

  pipit_model* model_ = nullptr;
  pipit_options options_ = {};
  Bytes image_;
};

TEST_F(Classifier, UsesNoInstructionsBeyondThoseAllowed) {
  const std::vector<std::string> sets = {"portable", "neon", "dotprod", "i8mm"};
  const Bytes expected = Net(model_, options_).run(image_);
  for (size_t most = 0; most < sets.size(); ++most) {
    options_.isa = sets[most].c_str();
    const Net net(model_, options_);
    EXPECT_EQ(net.run(image_), expected) << sets[most];
    for (int32_t i = 0; i < pipit_interpreter_steps(net, 0); ++i) {
      pipit_step step = {};
      ASSERT_EQ(pipit_interpreter_step(net, 0, i, &step), PIPIT_OK);
      for (size_t more = most + 1; more < sets.size(); ++more) {
        EXPECT_EQ(std::string(step.variant).find(sets[more]), std::string::npos) << step.op;
      }
    }
  }
}

TEST_F(Classifier, EveryTensorCanBeReadWhenAllArePreserved) {
  const Bytes expected = Net(model_, options_).run(image_);
  options_.preserve_all = 1;
  const Net net(model_, options_);
  EXPECT_EQ(net.run(image_), expected);
  std::map<const void*, int32_t> seen;
  ASSERT_EQ(pipit_interpreter_tensors(net, 0), pipit_model_tensors(model_, 0));
  for (int32_t n = 0; n < pipit_model_nodes(model_, 0); ++n) {
    pipit_node node = {};
    ASSERT_EQ(pipit_model_node(model_, 0, n, &node), PIPIT_OK);
    for (int32_t i = 0; i < node.output_count; ++i) {
      auto t = sized<pipit_tensor>();
      ASSERT_EQ(pipit_interpreter_tensor(net, 0, node.outputs[i], &t), PIPIT_OK);
      ASSERT_NE(t.data, nullptr) << t.name;
      EXPECT_TRUE(seen.emplace(t.data, n).second) << t.name << " has lost its bytes";
    }
  }
  auto t = sized<pipit_tensor>();
  EXPECT_EQ(pipit_interpreter_tensor(net, 0, pipit_model_tensors(model_, 0), &t),
            PIPIT_BAD_ARGUMENT);
}

TEST_F(Classifier, TensorsSayAllThatTheFileSays) {
  const Net net(model_, options_);
  auto t = sized<pipit_tensor>();
  ASSERT_EQ(pipit_interpreter_input(net, 0, 0, &t), PIPIT_OK);
  EXPECT_STRNE(t.name, "");
  EXPECT_EQ(t.type, PIPIT_INT8);
  EXPECT_EQ(t.rank, 4);
  ASSERT_EQ(t.scale_count, 1);
  EXPECT_GT(t.scales[0], 0);
  EXPECT_EQ(t.zero_point_count, 1);
  EXPECT_EQ(t.shape_signature[1], t.shape[1]);
  pipit_node node = {};
  ASSERT_EQ(pipit_model_node(model_, 0, 0, &node), PIPIT_OK);
  ASSERT_STREQ(node.op, "CONV_2D");
  ASSERT_EQ(pipit_interpreter_tensor(net, 0, node.inputs[1], &t), PIPIT_OK);
  EXPECT_EQ(t.storage, PIPIT_STORAGE_CONSTANT);
  EXPECT_EQ(t.quantized_dimension, 0);
  EXPECT_EQ(t.scale_count, t.shape[0]);  // one for each channel
}

// sum = sum + in, a variable.
pipit_code prepare_sum(void*, pipit_prepare* node) {
  auto in = sized<pipit_tensor>();
  if (pipit_code bad = pipit_prepare_input(node, 0, &in)) return bad;
  return pipit_prepare_set_output(node, 0, in.rank, in.shape);
}

pipit_code run_sum(void*, const void*, pipit_run* node) {
  auto in = sized<pipit_tensor>(), sum = sized<pipit_tensor>(), out = sized<pipit_tensor>();
  pipit_run_input(node, 0, &in);
  pipit_run_input(node, 1, &sum);
  pipit_run_output(node, 0, &out);
  *static_cast<int32_t*>(sum.data) += *static_cast<int32_t*>(in.data);
  *static_cast<int32_t*>(out.data) = *static_cast<int32_t*>(sum.data);
  return PIPIT_OK;
}

TEST(Variables, ReturnToZero) {
  ModelBuilder b;
  const int in = b.tensor({.shape = Shape::of(1)});
  const int sum = b.tensor({.shape = Shape::of(1), .variable = true});
  const int out = b.tensor({.shape = Shape::of(1)});
  b.node("SUM_UP", {in, sum}, {out});
  b.inputs({in});
  b.outputs({out});
  const Bytes file = b.finish();
  pipit_model* model = nullptr;
  pipit_message why = {};
  ASSERT_EQ(pipit_model_copy(file.data(), file.size(), &model, &why), PIPIT_OK) << why.text;
  pipit_options options;
  pipit_options_init(&options);
  const pipit_operator sum_up = {sizeof(sum_up), "SUM_UP", nullptr, prepare_sum, run_sum};
  options.operators = &sum_up;
  options.operator_count = 1;
  {
    const Net net(model, options);
    const Bytes three = {3, 0, 0, 0};
    EXPECT_EQ(net.run(three), three);
    EXPECT_EQ(net.run(three), (Bytes{6, 0, 0, 0}));
    pipit_interpreter_reset_variables(net);
    EXPECT_EQ(net.run(three), three);
  }
  pipit_model_close(model);
}

}  // namespace
}  // namespace pipit::test
