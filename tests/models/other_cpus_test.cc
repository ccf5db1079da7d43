// SPDX-License-Identifier: Apache-2.0
// What a plan for another CPU says of its memory holds there: run on several of qemu's CPUs, each
// holds its own plans against what any of them says of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "pipit/interpreter.h"
#include "pipit/planned_cpu.h"
#include "pipit/team.h"
#include "tests/support/files.h"
#include "tests/support/model_builder.h"

namespace pipit::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> model_files() {
  std::vector<std::string> files = {PIPIT_MODELS "/digits_int8.tflite",
                                    PIPIT_MODELS "/digits_float.tflite"};
  std::error_code error;
  for (const fs::directory_entry& folder : fs::directory_iterator(PIPIT_REAL_MODELS, error)) {
    const fs::path model = folder.path() / "model.tflite";
    if (fs::is_regular_file(model, error)) files.push_back(model.string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class OtherCpus : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    bytes_ = in_memory(read_file(GetParam()));
    const Result<Model> model = Model::parse(bytes_->span());
    ASSERT_TRUE(model.ok());
    model_ = model.value();
  }

  MemoryPlan need(CpuFeatures cpu) {
    Options options = options_;
    options.cpu = cpu;
    Message why;
    const auto memory = Interpreter::required_memory(model_, all_operators(), options, &why);
    EXPECT_TRUE(memory.ok()) << why.text();
    return memory.ok() ? memory.value() : MemoryPlan();
  }

  Result<Interpreter> create(CpuFeatures cpu, size_t bytes, Message* why = nullptr) {
    Options options = options_;
    options.cpu = cpu;
    arena_ = std::make_unique<GuardedBuffer<uint8_t>>(bytes, Against::kUpperGuard, 16);
    return Interpreter::create(model_, arena_->span(), all_operators(), options, why);
  }

  void expect_runs(CpuFeatures cpu, size_t bytes) {
    Message why;
    Result<Interpreter> net = create(cpu, bytes, &why);
    ASSERT_TRUE(net.ok()) << isa_name(cpu) << " in " << bytes << ": " << why.text();
    for (int i = 0; i < net.value().inputs(); ++i) {
      const Tensor& t = *net.value().input(i);
      if (!t.constant() && t.data != nullptr) std::fill_n(t.as<uint8_t>(), t.bytes, uint8_t{1});
    }
    // Tensors whose sizes are known only then take what the arena has beyond the plan: nothing
    // here.
    const Status ran = net.value().invoke(&why);
    const bool grows = std::string(why.text()).find("behind the plan") != std::string::npos;
    ASSERT_TRUE(ran.ok() || (grows && ran.code() == Code::kArenaTooSmall)) << why.text();
  }

  ModelBytes bytes_;
  Model model_;
  Options options_;
  std::unique_ptr<GuardedBuffer<uint8_t>> arena_;
};

// One arena for all: it is exactly the largest, and each of them runs in it.
TEST_P(OtherCpus, AnArenaForAllIsTheLargest) {
  size_t most = 0;
  for (const CpuFeatures features : possible_features()) {
    most = std::max(most, need(plan_for(features)).arena_bytes);
  }
  EXPECT_EQ(need(kCpuAny).arena_bytes, most);
  expect_runs(detect_cpu(), most);
  expect_runs(detect_cpu(), need(any_with(kCpuNeon & detect_cpu())).arena_bytes);
}

// What is said of a CPU like this one is what it takes here, to the byte.
TEST_P(OtherCpus, SizesAreExact) {
  for (const CpuFeatures features : possible_features()) {
    if ((features & ~detect_cpu()) != 0) continue;
    const MemoryPlan here = need(features), said = need(plan_for(features));
    EXPECT_EQ(here.arena_bytes, said.arena_bytes) << isa_name(features);
    EXPECT_EQ(here.activation_bytes, said.activation_bytes) << isa_name(features);
    EXPECT_EQ(here.lower_bound_bytes, said.lower_bound_bytes) << isa_name(features);
    expect_runs(features, said.arena_bytes);
    EXPECT_EQ(create(features, said.arena_bytes - 16).status().code(), Code::kArenaTooSmall);
  }
}

// It runs on what this CPU has, whatever it is planned for.
TEST_P(OtherCpus, PlansForOthersRunHere) {
  for (const CpuFeatures features : possible_features()) {
    const CpuFeatures there = plan_for(features);
    expect_runs(there, need(there).arena_bytes);
  }
}

TEST_P(OtherCpus, ThreadsAreCountedIn) {
  Team team;
  options_.team = &team;
  ASSERT_EQ(team.start(3), 3);
  for (const CpuFeatures features : possible_features()) {
    if ((features & ~detect_cpu()) != 0) continue;
    EXPECT_EQ(need(features).arena_bytes, need(plan_for(features)).arena_bytes);
  }
}

std::string name_of(const testing::TestParamInfo<std::string>& info) {
  std::string name = fs::path(info.param).parent_path().filename().string() + "_" +
                     fs::path(info.param).stem().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Models, OtherCpus, testing::ValuesIn(model_files()), name_of);

TEST(OtherCpusByName, AreKnown) {
  CpuFeatures cpu = 0;
  EXPECT_TRUE(parse_cpu("cortex-a53", &cpu));
  EXPECT_EQ(planned_features(cpu), kCpuNeon);
  EXPECT_TRUE(plans_elsewhere(cpu));
  EXPECT_TRUE(parse_cpu("any", &cpu));
  EXPECT_EQ(cpu, kCpuAny);
  EXPECT_FALSE(parse_cpu("", &cpu));
  EXPECT_FALSE(parse_cpu("cortex", &cpu));
  EXPECT_EQ(parse_cpu("neoverse-v1", &cpu), sizeof(void*) == 8);
  EXPECT_EQ(parse_cpu("arm1176", &cpu), sizeof(void*) == 4);
}

TEST(OtherCpusByName, ThereIsNoPlanForAny) {
  const ModelBytes bytes = in_memory(read_file(PIPIT_MODELS "/digits_int8.tflite"));
  alignas(16) static uint8_t arena[65536];
  Options options;
  options.cpu = kCpuAny;
  Message why;
  const auto net = Interpreter::create(Model::parse(bytes->span()).value(), arena, all_operators(),
                                       options, &why);
  EXPECT_EQ(net.status().code(), Code::kBadArgument);
  EXPECT_NE(std::string(why.text()).find("for one CPU"), std::string::npos) << why.text();
}

}  // namespace
}  // namespace pipit::test
