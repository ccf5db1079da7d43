// SPDX-License-Identifier: Apache-2.0
// Options of the C interface that newer headers have, and models of which only a part can run.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "pipit/pipit.h"
#include "tests/support/model_builder.h"

namespace pipit::test {
namespace {

// Pools of 3x3 numbers: what lies between can be a few rows.
ModelBuilder pools() {
  ModelBuilder b;
  const Shape shape = Shape::of(1, 32, 64, 8);
  int last = b.tensor({.type = Type::kFloat32, .shape = shape});
  b.inputs({last});
  for (int i = 0; i < 4; ++i) {
    const int next = b.tensor({.type = Type::kFloat32, .shape = shape});
    b.builtin_node(fb::BuiltinOperator::MAX_POOL_2D, {last}, {next},
                   {fb::BuiltinOptions::Pool2DOptions, [](flatbuffers::FlatBufferBuilder& f) {
                      return fb::CreatePool2DOptions(f, fb::Padding::SAME, 1, 1, 3, 3).Union();
                    }});
    last = next;
  }
  b.outputs({last});
  return b;
}

// Signature `save` runs subgraph 0 with an operator that nobody has, `infer` subgraph 1 without.
ModelBuilder part() {
  ModelBuilder b;
  for (const bool known : {false, true}) {
    if (known) b.begin_subgraph();
    const int in = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1)});
    const int out = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1)});
    b.inputs({in});
    b.outputs({out});
    if (known) {
      b.builtin_node(fb::BuiltinOperator::NEG, {in}, {out});
    } else {
      b.node("nobody_has_this", {in}, {out});
    }
    b.signature(known ? "infer" : "save", known ? 1 : 0, {{"x", 0}}, {{"y", 1}});
  }
  return b;
}

class COptions : public ::testing::Test {
 protected:
  void SetUp() override { pipit_options_init(&options_); }
  void TearDown() override {
    pipit_interpreter_delete(net_);
    pipit_model_close(model_);
  }
  void open(const ModelBuilder& b) {
    const auto file = b.finish();
    ASSERT_EQ(pipit_model_copy(file.data(), file.size(), &model_, &why_), PIPIT_OK) << why_.text;
  }
  pipit_code create() {
    pipit_interpreter_delete(net_);
    return pipit_interpreter_create(model_, &options_, 0, &net_, &why_);
  }
  size_t activation_bytes() {
    pipit_memory memory = {};
    memory.struct_bytes = sizeof(memory);
    EXPECT_EQ(pipit_required_memory(model_, &options_, &memory, &why_), PIPIT_OK) << why_.text;
    return memory.activation_bytes;
  }
  size_t activation_bytes_with_rows(int32_t rows) {
    options_.band_rows = rows;
    return activation_bytes();
  }
  bool says(const char* part) const {
    return std::string(why_.text).find(part) != std::string::npos;
  }

  pipit_options options_ = {};
  pipit_model* model_ = nullptr;
  pipit_interpreter* net_ = nullptr;
  pipit_message why_ = {};
};

TEST_F(COptions, BandsAreChosen) {
  open(pools());
  const size_t with = activation_bytes();
  options_.bands = PIPIT_BANDS_NEVER;
  const size_t without = activation_bytes();
  EXPECT_LT(with, without);
  options_.bands = PIPIT_BANDS_EVERYWHERE;
  EXPECT_LT(activation_bytes(), without);
  options_.band_rows = 16;
  EXPECT_GT(activation_bytes(), with);
  for (const int32_t wrong : {-1, 3}) {
    options_.bands = wrong;
    EXPECT_EQ(create(), PIPIT_BAD_ARGUMENT);
    EXPECT_TRUE(says("PIPIT_BANDS_")) << why_.text;
  }
}

// With so many rows at a time a chain saves less than a sixteenth, which is not worth it otherwise.
TEST_F(COptions, BandsKeepWithinABound) {
  open(pools());
  const size_t whole = activation_bytes_with_rows(32);
  int32_t rows = 1;
  while (activation_bytes_with_rows(rows) < whole) ++rows;
  ASSERT_LT(rows, 32);
  options_.max_activation_bytes = 1;
  EXPECT_LT(activation_bytes_with_rows(rows), whole);
}

// What an older header's struct lacks is neither written nor read.
TEST_F(COptions, OlderProgramsKeepTheirStruct) {
  constexpr size_t kOlder = offsetof(pipit_options, max_activation_bytes);
  std::memset(static_cast<void*>(&options_), 0x55, sizeof(options_));
  (pipit_options_init)(&options_);
  EXPECT_EQ(options_.struct_bytes, kOlder);
  EXPECT_EQ(options_.bands, 0x55555555);
  pipit_options_init_bytes(&options_, offsetof(pipit_options, bands));
  EXPECT_EQ(options_.max_activation_bytes, 0u);
  EXPECT_EQ(options_.bands, 0x55555555);
  open(pools());
  EXPECT_EQ(create(), PIPIT_OK) << why_.text;
}

TEST_F(COptions, ModelsOfWhichOnlyAPartRuns) {
  open(part());
  EXPECT_EQ(create(), PIPIT_UNSUPPORTED);
  EXPECT_TRUE(says("custom 'nobody_has_this'")) << why_.text;
  options_.main_may_fail = 1;
  ASSERT_EQ(create(), PIPIT_OK) << why_.text;
  EXPECT_EQ(pipit_interpreter_runs(net_, 1, &why_), PIPIT_OK);
  EXPECT_EQ(pipit_interpreter_runs(net_, 0, &why_), PIPIT_UNSUPPORTED);
  EXPECT_TRUE(says("subgraph 0 cannot run: ") && says("nobody_has_this")) << why_.text;
  EXPECT_EQ(pipit_interpreter_runs(net_, 2, &why_), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_interpreter_invoke(net_, &why_), PIPIT_UNSUPPORTED);
  const int32_t save = pipit_model_find_signature(model_, "save");
  EXPECT_EQ(pipit_interpreter_invoke_signature(net_, save, &why_), PIPIT_UNSUPPORTED);
  EXPECT_TRUE(says("nobody_has_this")) << why_.text;
  pipit_tensor x = {}, y = {};
  x.struct_bytes = y.struct_bytes = sizeof(x);
  EXPECT_EQ(pipit_interpreter_input(net_, 0, 0, &x), PIPIT_BAD_ARGUMENT);
  ASSERT_EQ(pipit_interpreter_input(net_, 1, 0, &x), PIPIT_OK);
  ASSERT_EQ(pipit_interpreter_output(net_, 1, 0, &y), PIPIT_OK);
  *static_cast<float*>(x.data) = 3;
  const int32_t infer = pipit_model_find_signature(model_, "infer");
  ASSERT_EQ(pipit_interpreter_invoke_signature(net_, infer, &why_), PIPIT_OK) << why_.text;
  EXPECT_EQ(*static_cast<float*>(y.data), -3);
}

}  // namespace
}  // namespace pipit::test
