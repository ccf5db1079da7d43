// SPDX-License-Identifier: Apache-2.0
// Threads with an interpreter each over one model: the model is only read, so nobody has to wait.
#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

#include "pipit/interpreter.h"
#include "pipit/team.h"
#include "tests/support/files.h"
#include "tests/support/model_builder.h"
#include "tests/support/place.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

constexpr int kThreads = 4;
constexpr int kInvocations = 20;
constexpr size_t kRoom = size_t{1} << 16;

using Bytes = std::vector<uint8_t>;

// All that an application does with a model, and the last outputs.
Bytes use(const Model& model, const Options& options) {
  const auto need = Interpreter::required_arena_bytes(model, all_operators(), options);
  if (!need.ok()) return {};
  const GuardedBuffer<uint8_t> arena(need.value() + kRoom, Against::kUpperGuard, 16);
  auto net = Interpreter::create(model, arena.span(), all_operators(), options);
  if (!net.ok()) return {};
  Bytes outputs;
  for (int i = 0; i < kInvocations; ++i) {
    Random random(static_cast<uint64_t>(i));
    for (int k = 0; k < net.value().inputs(); ++k) {
      const Tensor& t = *net.value().input(k);
      std::memset(t.data, static_cast<int>(random.bits() & 1), t.bytes);
    }
    if (!net.value().invoke().ok()) return {};
    if (i == kInvocations / 2 && !net.value().resize({}).ok()) return {};
  }
  for (int i = 0; i < net.value().outputs(); ++i) {
    const Tensor& t = *net.value().output(i);
    outputs.insert(outputs.end(), t.as<uint8_t>(), t.as<uint8_t>() + t.bytes);
  }
  return outputs;
}

void share(const std::string& path, Team* team) {
  const ModelBytes file = in_memory(read_file(path));
  const auto model = Model::parse(file->span());
  ASSERT_TRUE(model.ok()) << path;
  Options options;
  options.team = team;
  options.least_share = 1;
  const Bytes alone = use(model.value(), options);
  ASSERT_FALSE(alone.empty()) << path;
  std::vector<Bytes> results(kThreads);
  std::vector<std::thread> threads;
  for (Bytes& result : results) {
    threads.emplace_back([&] { result = use(model.value(), options); });
  }
  for (std::thread& t : threads) t.join();
  for (const Bytes& result : results) EXPECT_EQ(result, alone) << path;
}

const char* const kModels[] = {
    PIPIT_CASES "/while/accumulate_4/model.tflite",
    PIPIT_CASES "/svdf/f32_r1_t1_none/model.tflite",
    PIPIT_CASES "/dynamic_shape/add_1/model.tflite",
    PIPIT_MODELS "/digits_int8.tflite",
};

TEST(SharedModel, ServesSeveralThreads) {
  for (const char* model : kModels) share(place(model).c_str(), nullptr);
}

TEST(SharedModel, ServesThreadsThatShareATeam) {
  Team team;
  ASSERT_EQ(team.start(3), 3);
  for (const char* model : kModels) share(place(model).c_str(), &team);
}

}  // namespace
}  // namespace pipit::test
