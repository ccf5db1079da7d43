// SPDX-License-Identifier: Apache-2.0
// Every function of the C interface with arguments that it must not be given: a code, a line where
// there is one, and nothing touched.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "pipit/pipit.h"
#include "tests/support/model_builder.h"

namespace pipit::test {
namespace {

template <class T>
T sized() {
  T t{};
  t.struct_bytes = sizeof(t);
  return t;
}

class Misuse : public ::testing::Test {
 protected:
  void SetUp() override {
    ModelBuilder b;
    b.tensor({.type = Type::kFloat32, .shape = Shape::of(4)});
    b.tensor({.type = Type::kFloat32, .shape = Shape::of(4)});
    b.builtin_node(fb::BuiltinOperator::ABS, {0}, {1});
    b.inputs({0});
    b.outputs({1});
    b.signature("main", 0, {{"x", 0}}, {{"y", 1}});
    file_ = in_memory(b.finish());
    ASSERT_EQ(pipit_model_copy(file_->data(), file_->size(), &model_, &why_), PIPIT_OK);
    pipit_options_init(&options_);
  }
  void TearDown() override {
    pipit_interpreter_delete(net_);
    pipit_model_close(model_);
  }

  void make() {
    auto need = sized<pipit_memory>();
    ASSERT_EQ(pipit_required_memory(model_, nullptr, &need, &why_), PIPIT_OK);
    arena_ = std::make_unique<GuardedBuffer<uint8_t>>(need.arena_bytes, Against::kUpperGuard, 16);
    ASSERT_EQ(
        pipit_interpreter_init(model_, arena_->data(), arena_->size(), nullptr, &inner_, &why_),
        PIPIT_OK);
  }

  // The call was refused, said so in a line, and made no handle.
  template <class Handle>
  void refused(pipit_code code, Handle* const& handle) {
    EXPECT_EQ(code, PIPIT_BAD_ARGUMENT);
    EXPECT_NE(why_.text[0], '\0');
    EXPECT_EQ(std::strchr(why_.text, '\n'), nullptr);
    EXPECT_EQ(handle, nullptr);
    why_.text[0] = '\0';
  }

  // A handle that is left from before.
  template <class Handle>
  static Handle* stale() {
    return reinterpret_cast<Handle*>(uintptr_t{16});
  }

  ModelBytes file_;
  pipit_model* model_ = nullptr;
  pipit_interpreter* net_ = nullptr;    // from malloc
  pipit_interpreter* inner_ = nullptr;  // in the arena
  std::unique_ptr<GuardedBuffer<uint8_t>> arena_;
  pipit_options options_;
  pipit_message why_ = {};
  alignas(64) unsigned char memory_[4096] = {};
};

TEST_F(Misuse, Models) {
  auto* m = stale<pipit_model>();
  refused(pipit_model_init(nullptr, 4096, file_->data(), file_->size(), &m, &why_), m);
  m = stale<pipit_model>();
  refused(pipit_model_init(memory_, 1, file_->data(), file_->size(), &m, &why_), m);
  m = stale<pipit_model>();
  refused(pipit_model_init(memory_, sizeof(memory_), nullptr, 100, &m, &why_), m);
  m = stale<pipit_model>();
  refused(pipit_model_init_file(memory_, sizeof(memory_), nullptr, &m, &why_), m);
  m = stale<pipit_model>();
  refused(pipit_model_init_file(nullptr, sizeof(memory_), "x", &m, &why_), m);
  m = stale<pipit_model>();
  refused(pipit_model_open(nullptr, &m, &why_), m);
  m = stale<pipit_model>();
  refused(pipit_model_copy(nullptr, 100, &m, &why_), m);
  m = stale<pipit_model>();
  EXPECT_EQ(pipit_model_open("/nowhere", &m, nullptr), PIPIT_NO_FILE);
  EXPECT_EQ(m, nullptr);
  m = stale<pipit_model>();
  EXPECT_EQ(pipit_model_copy("damaged model", 13, &m, nullptr), PIPIT_BAD_MODEL);
  EXPECT_EQ(m, nullptr);
  const pipit_model* none = nullptr;
  refused(pipit_model_init(memory_, sizeof(memory_), file_->data(), file_->size(), nullptr, &why_),
          none);
  refused(pipit_model_open("x", nullptr, &why_), none);
  refused(pipit_model_copy("x", 1, nullptr, &why_), none);
  pipit_model_release(nullptr);
  pipit_model_close(nullptr);
}

TEST_F(Misuse, WhatAModelSays) {
  auto t = sized<pipit_tensor>();
  pipit_node node;
  pipit_signature signature;
  pipit_sparsity sparsity;
  pipit_sparse_dimension dimension;
  EXPECT_STREQ(pipit_model_description(nullptr), "");
  EXPECT_EQ(pipit_model_subgraphs(nullptr), -1);
  EXPECT_EQ(pipit_model_signatures(nullptr), -1);
  EXPECT_EQ(pipit_model_find_signature(nullptr, "main"), -1);
  EXPECT_EQ(pipit_model_metadata_count(nullptr), -1);
  EXPECT_EQ(pipit_model_metadata_count(model_), 0);
  for (const int32_t wrong : {-1, 0}) {
    EXPECT_EQ(pipit_model_metadata(model_, wrong, nullptr, nullptr, nullptr), PIPIT_BAD_ARGUMENT);
  }
  EXPECT_EQ(pipit_model_find_signature(model_, nullptr), -1);
  EXPECT_EQ(pipit_model_signature(model_, 0, nullptr), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_model_node(model_, 0, 0, nullptr), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_model_tensor(model_, 0, 0, nullptr), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_model_signature_input(model_, 0, 0, nullptr, nullptr), PIPIT_OK);
  for (const pipit_model* m :
       {static_cast<const pipit_model*>(nullptr), static_cast<const pipit_model*>(model_)}) {
    for (const int32_t n : {-1, 99, INT32_MAX, INT32_MIN}) {
      EXPECT_EQ(pipit_model_tensors(m, n), -1);
      EXPECT_EQ(pipit_model_inputs(m, n, nullptr), -1);
      EXPECT_EQ(pipit_model_outputs(m, n, nullptr), -1);
      EXPECT_EQ(pipit_model_nodes(m, n), -1);
      EXPECT_EQ(pipit_model_tensor(m, 0, n, &t), PIPIT_BAD_ARGUMENT);
      EXPECT_EQ(pipit_model_sparsity(m, 0, n, &sparsity), PIPIT_BAD_ARGUMENT);
      EXPECT_EQ(pipit_model_sparse_dimension(m, 0, 0, n, &dimension), PIPIT_BAD_ARGUMENT);
      EXPECT_EQ(pipit_model_node(m, 0, n, &node), PIPIT_BAD_ARGUMENT);
      EXPECT_EQ(pipit_model_option(m, 0, n, 0, 4, 5), 5);
      EXPECT_EQ(pipit_model_signature(m, n, &signature), PIPIT_BAD_ARGUMENT);
      EXPECT_EQ(pipit_model_signature_input(m, n, 0, nullptr, nullptr), PIPIT_BAD_ARGUMENT);
      EXPECT_EQ(pipit_model_signature_output(m, 0, n, nullptr, nullptr), PIPIT_BAD_ARGUMENT);
    }
  }
  EXPECT_STREQ(pipit_type_name(-1), "unknown type");
}

TEST_F(Misuse, Options) {
  pipit_options_init(nullptr);
  const auto refuse = [&](const char* what, const auto& spoil) {
    pipit_options_init(&options_);
    spoil();
    auto need = sized<pipit_memory>();
    pipit_interpreter* none = nullptr;
    refused(pipit_required_memory(model_, &options_, &need, &why_), none);
    refused(pipit_check_operators(model_, &options_, &why_), none);
    auto* net = stale<pipit_interpreter>();
    refused(pipit_interpreter_init(model_, memory_, sizeof(memory_), &options_, &net, &why_), net);
    net = stale<pipit_interpreter>();
    EXPECT_EQ(pipit_interpreter_create(model_, &options_, 0, &net, &why_), PIPIT_BAD_ARGUMENT);
    EXPECT_NE(std::string(why_.text).find(what), std::string::npos) << why_.text;
    EXPECT_EQ(net, nullptr);
  };
  refuse("activations are NULL", [&] { options_.activation_bytes = 1 << 20; });
  refuse("activation_bytes are 0", [&] { options_.activations = memory_; });
  refuse("shapes are NULL", [&] { options_.shape_count = 1; });
  refuse("operators are NULL", [&] { options_.operator_count = 1; });
  refuse("delegates are NULL", [&] { options_.delegate_count = 1; });
  refuse("struct_bytes", [&] { options_.struct_bytes = 0; });
  refuse("isa", [&] { options_.isa = "abacus"; });
  refuse("'abacus'", [&] { options_.cpu = "abacus"; });
  refuse("both isa and cpu", [&] {
    options_.isa = "portable";
    options_.cpu = "any";
  });
}

TEST_F(Misuse, MakingInterpreters) {
  auto need = sized<pipit_memory>();
  const pipit_interpreter* none = nullptr;
  refused(pipit_required_memory(nullptr, nullptr, &need, &why_), none);
  refused(pipit_required_memory(model_, nullptr, nullptr, &why_), none);
  refused(pipit_check_operators(nullptr, nullptr, &why_), none);
  refused(pipit_interpreter_init(model_, memory_, sizeof(memory_), nullptr, nullptr, &why_), none);
  refused(pipit_interpreter_create(model_, nullptr, 0, nullptr, &why_), none);
  auto* net = stale<pipit_interpreter>();
  refused(pipit_interpreter_init(nullptr, memory_, sizeof(memory_), nullptr, &net, &why_), net);
  net = stale<pipit_interpreter>();
  refused(pipit_interpreter_init(model_, nullptr, sizeof(memory_), nullptr, &net, &why_), net);
  net = stale<pipit_interpreter>();
  refused(pipit_interpreter_create(nullptr, nullptr, 0, &net, &why_), net);
  net = stale<pipit_interpreter>();
  EXPECT_EQ(pipit_interpreter_init(model_, memory_, 64, nullptr, &net, &why_),
            PIPIT_ARENA_TOO_SMALL);
  EXPECT_EQ(net, nullptr);
  pipit_interpreter_delete(nullptr);
}

TEST_F(Misuse, Teams) {
  auto* team = stale<pipit_team>();
  refused(pipit_team_init(nullptr, 4096, 1, &team, &why_), team);
  team = stale<pipit_team>();
  refused(pipit_team_init(memory_, 1, 1, &team, &why_), team);
  team = stale<pipit_team>();
  refused(pipit_team_create(0, &team, &why_), team);
  refused(pipit_team_create(1, nullptr, &why_), static_cast<pipit_team*>(nullptr));
  EXPECT_EQ(pipit_team_threads(nullptr), -1);
  pipit_team_release(nullptr);
  pipit_team_delete(nullptr);
}

TEST_F(Misuse, NoInterpreter) {
  auto t = sized<pipit_tensor>();
  auto memory = sized<pipit_memory>();
  const pipit_interpreter* none = nullptr;
  pipit_step step;
  pipit_partition_info info;
  EXPECT_EQ(pipit_interpreter_tensors(nullptr, 0), -1);
  EXPECT_EQ(pipit_interpreter_steps(nullptr, 0), -1);
  EXPECT_EQ(pipit_interpreter_partitions(nullptr), -1);
  EXPECT_EQ(pipit_interpreter_tensor(nullptr, 0, 0, &t), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_interpreter_input(nullptr, 0, 0, &t), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_interpreter_output(nullptr, 0, 0, &t), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_interpreter_memory(nullptr, &memory), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_interpreter_step(nullptr, 0, 0, &step), PIPIT_BAD_ARGUMENT);
  pipit_cost cost;
  EXPECT_EQ(pipit_interpreter_step_cost(nullptr, 0, 0, &cost), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_interpreter_partition(nullptr, 0, &info), PIPIT_BAD_ARGUMENT);
  refused(pipit_interpreter_bind_input(nullptr, 0, 0, memory_, 16, &why_), none);
  refused(pipit_interpreter_bind_output(nullptr, 0, 0, memory_, 16, &why_), none);
  refused(pipit_interpreter_invoke(nullptr, &why_), none);
  refused(pipit_interpreter_invoke_signature(nullptr, 0, &why_), none);
  refused(pipit_interpreter_runs(nullptr, 0, &why_), none);
  refused(pipit_interpreter_resize(nullptr, nullptr, 0, 0, &why_), none);
  refused(pipit_interpreter_set_team(nullptr, nullptr, &why_), none);
  pipit_interpreter_cancel(nullptr);
  pipit_interpreter_reset_variables(nullptr);
  pipit_interpreter_delegation(nullptr, &why_);
  pipit_interpreter_set_profiler(nullptr, nullptr, nullptr);
  pipit_interpreter_time_nodes(nullptr, nullptr, 0);
}

TEST_F(Misuse, OfAnInterpreter) {
  make();
  auto t = sized<pipit_tensor>();
  const pipit_interpreter* none = nullptr;
  pipit_step step;
  for (const int32_t n : {-1, 99, INT32_MAX, INT32_MIN}) {
    EXPECT_EQ(pipit_interpreter_tensors(inner_, n), 0);
    EXPECT_EQ(pipit_interpreter_input(inner_, 0, n, &t), PIPIT_BAD_ARGUMENT);
    EXPECT_EQ(pipit_interpreter_output(inner_, n, 0, &t), PIPIT_BAD_ARGUMENT);
    EXPECT_EQ(pipit_interpreter_tensor(inner_, n, n, &t), PIPIT_BAD_ARGUMENT);
    EXPECT_EQ(pipit_interpreter_step(inner_, 0, n, &step), PIPIT_BAD_ARGUMENT);
    refused(pipit_interpreter_bind_input(inner_, 0, n, memory_, 16, &why_), none);
    refused(pipit_interpreter_bind_output(inner_, n, 0, memory_, 16, &why_), none);
    refused(pipit_interpreter_invoke_signature(inner_, n, &why_), none);
    refused(pipit_interpreter_runs(inner_, n, &why_), none);
    const pipit_input_shape shapes[] = {{n, 0, 1, {4}}, {0, n, 1, {4}}, {0, 0, n, {4}}};
    for (const pipit_input_shape& shape : shapes) {
      for (const int32_t strict : {0, 1}) {
        EXPECT_NE(pipit_interpreter_resize(inner_, &shape, 1, strict, &why_), PIPIT_OK) << n;
        EXPECT_NE(why_.text[0], '\0');
      }
    }
  }
  refused(pipit_interpreter_resize(inner_, nullptr, 1, 0, &why_), none);
  refused(pipit_interpreter_bind_input(inner_, 0, 0, memory_, 15, &why_), none);
  refused(pipit_interpreter_bind_input(inner_, 0, 0, memory_ + 1, 16, &why_), none);
  EXPECT_EQ(pipit_interpreter_input(inner_, 0, 0, nullptr), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_interpreter_invoke(inner_, &why_), PIPIT_OK);
}

TEST_F(Misuse, AnExactArenaHoldsTheSameShape) {
  make();
  auto memory = sized<pipit_memory>();
  ASSERT_EQ(pipit_interpreter_memory(inner_, &memory), PIPIT_OK);
  EXPECT_EQ(memory.arena_bytes, arena_->size());
  const pipit_input_shape same = {0, 0, 1, {4}}, larger = {0, 0, 1, {4000}};
  EXPECT_EQ(pipit_interpreter_resize(inner_, &same, 1, 0, &why_), PIPIT_OK) << why_.text;
  auto in = sized<pipit_tensor>(), out = sized<pipit_tensor>();
  pipit_interpreter_input(inner_, 0, 0, &in);
  pipit_interpreter_output(inner_, 0, 0, &out);
  const float values[] = {-1, 2, -3, 4}, answers[] = {1, 2, 3, 4};
  std::memcpy(in.data, values, sizeof(values));
  EXPECT_EQ(pipit_interpreter_resize(inner_, &larger, 1, 0, &why_), PIPIT_ARENA_TOO_SMALL);
  EXPECT_EQ(pipit_interpreter_invoke(inner_, &why_), PIPIT_OK);
  EXPECT_TRUE(std::equal(answers, answers + 4, static_cast<const float*>(out.data)));
}

TEST_F(Misuse, Nodes) {
  auto t = sized<pipit_tensor>();
  pipit_node node;
  EXPECT_EQ(pipit_prepare_inputs(nullptr), -1);
  EXPECT_EQ(pipit_prepare_outputs(nullptr), -1);
  EXPECT_EQ(pipit_prepare_input(nullptr, 0, &t), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_prepare_output(nullptr, 0, &t), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_prepare_set_output(nullptr, 0, 0, nullptr), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_prepare_options(nullptr, nullptr), nullptr);
  EXPECT_EQ(pipit_prepare_parameters(nullptr, 4), nullptr);
  pipit_prepare_scratch(nullptr, 4);
  EXPECT_EQ(pipit_prepare_defer(nullptr), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_prepare_fail(nullptr, PIPIT_OK, nullptr), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_run_input(nullptr, 0, &t), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_run_output(nullptr, 0, &t), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_run_scratch(nullptr), nullptr);
  EXPECT_EQ(pipit_run_fail(nullptr, nullptr), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_partition_subgraph(nullptr), -1);
  EXPECT_EQ(pipit_partition_nodes(nullptr), -1);
  EXPECT_EQ(pipit_partition_inputs(nullptr), -1);
  EXPECT_EQ(pipit_partition_outputs(nullptr), -1);
  EXPECT_EQ(pipit_partition_node(nullptr, 0, &node, nullptr), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_partition_option(nullptr, 0, 0, 4, 9), 9);
  EXPECT_EQ(pipit_partition_tensor(nullptr, 0, &t), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_partition_input(nullptr, 0, &t), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_partition_output(nullptr, 0, &t), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_partition_parameters(nullptr, 4), nullptr);
  pipit_partition_scratch(nullptr, 4);
  EXPECT_EQ(pipit_partition_fail(nullptr, PIPIT_OK, nullptr), PIPIT_BAD_ARGUMENT);
}

}  // namespace
}  // namespace pipit::test
