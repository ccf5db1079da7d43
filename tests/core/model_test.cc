// SPDX-License-Identifier: Apache-2.0
// The front door: well-formed files come in, everything else is refused with a message, and
// nothing crashes.
#include "pipit/model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "pipit/interpreter.h"
#include "tests/core/test_ops.h"
#include "tests/support/model_builder.h"

namespace pipit::test {
namespace {

// Uses everything that the test operators offer: constants, scratch, sharing, a variable, a shape
// that depends on values, a second subgraph and a signature.
ModelBuilder rich_model() {
  ModelBuilder b;
  const Shape four = Shape::of(4);
  const int in = b.tensor({.shape = four, .name = "in"});
  const int weights = b.tensor({.shape = four,
                                .bytes = bytes_of<int32_t>({1, 2, 3, 4}),
                                .name = "weights",
                                .scales = {0.5f},
                                .zero_points = {3}});
  const int state = b.tensor({.shape = four, .name = "state", .variable = true});
  const int length =
      b.tensor({.shape = Shape::of(1), .bytes = bytes_of<int32_t>({6}), .name = "length"});
  int values[6];
  for (int& v : values) v = b.tensor({.shape = four, .signature = {-1}});
  b.node("SUM", {in, weights}, {values[0]});
  b.node("ADD_ONE", {values[0]}, {values[1]});
  b.node("REVERSE", {values[1]}, {values[2]});
  b.node("ACCUMULATE", {state, values[2]}, {values[3]});
  b.node("CALL", {values[3]}, {values[4]}, {1});
  b.node("COUNT", {length}, {values[5]});
  b.inputs({in});
  b.outputs({values[4], values[5]});
  b.signature("serve", 0);
  b.begin_subgraph();
  const int x = b.tensor({.shape = four, .name = "x"});
  const int y = b.tensor({.shape = four, .name = "y"});
  b.node("COPY", {x}, {y});
  b.inputs({x});
  b.outputs({y});
  return b;
}

// Goes as far as it gets in an arena of bounded size; a failure must say why.
void try_to_run(const std::vector<uint8_t>& file) {
  const ModelBytes bytes = in_memory(file);
  Message why;
  const Result<Model> model = Model::parse(bytes->span(), &why);
  ASSERT_TRUE(model.ok() || !why.empty());
  if (!model.ok()) return;
  const GuardedBuffer<uint8_t> arena(16384, Against::kUpperGuard, 16);
  Result<Interpreter> net = Interpreter::create(model.value(), arena.span(), test_ops(), {}, &why);
  ASSERT_TRUE(net.ok() || !why.empty());
  if (!net.ok()) return;
  for (int i = 0; i < net.value().inputs(); ++i) {
    const Tensor& t = *net.value().input(i);
    if (t.storage == Storage::kActivation) std::fill_n(t.as<uint8_t>(), t.bytes, uint8_t{1});
  }
  for (int round = 0; round < 2; ++round) {
    const Status status = net.value().invoke(&why);
    ASSERT_TRUE(status.ok() || !why.empty());
  }
}

std::string refusal(const ModelBuilder& b) {
  const ModelBytes bytes = in_memory(b.finish());
  Message why;
  const Result<Model> model = Model::parse(bytes->span(), &why);
  if (!model.ok()) return why.text();
  const Result<size_t> need =
      Interpreter::required_arena_bytes(model.value(), test_ops(), {}, &why);
  return need.ok() ? "" : why.text();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Model, TakesAGoodFile) {
  const ModelBytes bytes = in_memory(rich_model().finish());
  Message why;
  const Result<Model> parsed = Model::parse(bytes->span(), &why);
  ASSERT_TRUE(parsed.ok()) << why.text();
  const Model& model = parsed.value();
  EXPECT_EQ(model.subgraphs(), 2);
  EXPECT_EQ(model.signatures(), 1);
  EXPECT_STREQ(model.signature_key(0), "serve");
  EXPECT_EQ(model.find_signature("serve"), 0);
  EXPECT_EQ(model.find_signature("serv"), -1);
  EXPECT_EQ(refusal(rich_model()), "");
}

TEST(Model, WantsAlignedBytes) {
  const std::vector<uint8_t> file = rich_model().finish();
  for (size_t offset = 1; offset < 16; ++offset) {
    const GuardedBuffer<uint8_t> bytes(file.size() + offset, Against::kLowerGuard, 16);
    std::copy(file.begin(), file.end(), bytes.data() + offset);
    Message why;
    const Result<Model> model = Model::parse({bytes.data() + offset, file.size()}, &why);
    EXPECT_EQ(model.status().code(), Code::kBadArgument);
    EXPECT_TRUE(contains(why.text(), "16")) << why.text();
  }
}

TEST(Model, RefusesEveryPrefix) {
  const std::vector<uint8_t> file = rich_model().finish();
  for (size_t size = 0; size < file.size(); ++size) {
    const std::vector<uint8_t> prefix(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
    const ModelBytes bytes = in_memory(prefix);
    Message why;
    const Result<Model> model = Model::parse(bytes->span(), &why);
    if (model.ok()) {
      // Only padding may be missing.
      ASSERT_GT(size + 16, file.size());
      ASSERT_NO_FATAL_FAILURE(try_to_run(prefix));
    } else {
      ASSERT_FALSE(why.empty());
    }
  }
}

TEST(Model, SurvivesEveryChangedByte) {
  const std::vector<uint8_t> file = rich_model().finish();
  for (size_t at = 0; at < file.size(); ++at) {
    SCOPED_TRACE(at);
    std::vector<uint8_t> values = {0, 0xff};
    for (int bit = 0; bit < 8; ++bit) values.push_back(static_cast<uint8_t>(file[at] ^ (1 << bit)));
    for (const uint8_t value : values) {
      if (value == file[at]) continue;
      std::vector<uint8_t> changed = file;
      changed[at] = value;
      ASSERT_NO_FATAL_FAILURE(try_to_run(changed));
    }
  }
}

TEST(Model, RefusesAnotherFormat) {
  ModelBuilder b = rich_model();
  b.version = 2;
  EXPECT_TRUE(contains(refusal(b), "version 2"));
  b.version = 3;
  b.identifier = "TFL2";
  EXPECT_TRUE(contains(refusal(b), "TFL3"));
}

// A model of one node from tensor `in` to tensor `out`.
ModelBuilder small_model(const TensorSpec& in, const std::vector<int>& inputs,
                         const std::vector<int>& outputs) {
  ModelBuilder b;
  b.tensor(in);
  b.tensor({.shape = Shape::of(4)});
  b.node("ADD_ONE", inputs, outputs);
  b.inputs({0});
  b.outputs({1});
  return b;
}

TEST(Model, ChecksIndices) {
  const TensorSpec in = {.shape = Shape::of(4)};
  EXPECT_EQ(refusal(small_model(in, {0}, {1})), "");
  for (const int wrong : {2, 3, 1000, -2, INT32_MAX, INT32_MIN}) {
    const std::string number = std::to_string(wrong);
    EXPECT_TRUE(contains(refusal(small_model(in, {wrong}, {1})), number));
    EXPECT_TRUE(contains(refusal(small_model(in, {0}, {wrong})), number));
    ModelBuilder b = small_model(in, {0}, {1});
    b.inputs({wrong});
    EXPECT_TRUE(contains(refusal(b), number));
    b = small_model(in, {0}, {1});
    b.outputs({wrong});
    EXPECT_TRUE(contains(refusal(b), number));
    b = small_model(in, {0}, {1});
    b.signature("s", static_cast<uint32_t>(wrong));
    EXPECT_TRUE(contains(refusal(b), "signature 's'"));
    b = small_model(in, {0}, {1});
    b.spoil_opcode(static_cast<uint32_t>(wrong));
    EXPECT_TRUE(contains(refusal(b), "operator code"));
    b = small_model(in, {0}, {1});
    b.spoil_buffer(static_cast<uint32_t>(wrong));
    EXPECT_TRUE(contains(refusal(b), "buffer"));
  }
  EXPECT_NE(refusal(small_model(in, {-1}, {1})), "") << "a required input is left out";
  EXPECT_NE(refusal(small_model(in, {0}, {-1})), "");
}

TEST(Model, ChecksShapesAndSizes) {
  EXPECT_TRUE(contains(refusal(small_model({.shape = Shape::of(-4)}, {0}, {1})), "[-4]"));
  EXPECT_TRUE(
      contains(refusal(small_model({.shape = Shape::of(65536, 65536)}, {0}, {1})), "65536"));
  EXPECT_TRUE(contains(refusal(small_model({.shape = Shape::of(1 << 30)}, {0}, {1})), "large"));
  // 2^62 elements by products that wrap to zero.
  EXPECT_NE(
      refusal(small_model({.shape = Shape::of(1 << 16, 1 << 16, 1 << 16, 1 << 16)}, {0}, {1})), "");
  for (const size_t bytes : {1, 12, 15, 17, 20}) {
    const TensorSpec in = {.shape = Shape::of(4), .bytes = std::vector<uint8_t>(bytes)};
    EXPECT_TRUE(contains(refusal(small_model(in, {0}, {1})), std::to_string(bytes)));
  }
}

TEST(Model, ChecksQuantization) {
  TensorSpec in = {.shape = Shape::of(4), .scales = {1, 2, 3, 4}, .zero_points = {0, 0}};
  EXPECT_TRUE(contains(refusal(small_model(in, {0}, {1})), "2 zero points"));
  in.zero_points = {int64_t{1} << 40};
  in.scales = {1};
  EXPECT_TRUE(contains(refusal(small_model(in, {0}, {1})), "zero point"));
  in.zero_points = {0};
  for (const float scale : {-1.0f, NAN, INFINITY}) {
    in.scales = {scale};
    EXPECT_TRUE(contains(refusal(small_model(in, {0}, {1})), "scale"));
  }
}

TEST(Model, ChecksTheOrderOfOperators) {
  ModelBuilder b;
  for (int i = 0; i < 3; ++i) b.tensor({.shape = Shape::of(4)});
  b.node("ADD_ONE", {1}, {2});
  b.node("ADD_ONE", {0}, {1});
  b.inputs({0});
  b.outputs({2});
  EXPECT_TRUE(contains(refusal(b), "no earlier operator computes it"));
  EXPECT_NE(refusal(small_model({.shape = Shape::of(4)}, {0}, {0})), "") << "in place of its input";
}

TEST(Model, NamesEveryMissingOperator) {
  ModelBuilder b = small_model({.shape = Shape::of(4)}, {0}, {1});
  for (const char* op : {"NOBODY", "KNOWS"}) b.node(op, {1}, {b.tensor({.shape = Shape::of(4)})});
  const std::string why = refusal(b);
  EXPECT_TRUE(contains(why, "'NOBODY'") && contains(why, "'KNOWS'")) << why;
}

TEST(Model, RefusesSubgraphsThatCallThemselves) {
  ModelBuilder b;
  b.tensor({.shape = Shape::of(4)});
  b.tensor({.shape = Shape::of(4)});
  b.node("CALL", {0}, {1}, {0});
  b.inputs({0});
  b.outputs({1});
  EXPECT_TRUE(contains(refusal(b), "calls itself"));
}

}  // namespace
}  // namespace pipit::test
