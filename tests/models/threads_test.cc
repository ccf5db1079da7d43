// SPDX-License-Identifier: Apache-2.0
// Results are the same, bit for bit, whatever the number of threads: no share may compute an output
// in another way than the whole would.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include "pipit/interpreter.h"
#include "pipit/team.h"
#include "tests/support/files.h"
#include "tests/support/isas.h"
#include "tests/support/model_builder.h"
#include "tests/support/place.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

// Operators that threads share, and real models small enough for an emulator.
const char* const kOperators[] = {
    "add",
    "average_pool_2d",
    "conv_2d",
    "depthwise_conv_2d",
    "fully_connected",
    "l2_pool_2d",
    "leaky_relu",
    "logistic",
    "max_pool_2d",
    "mul",
    "prelu",
    "quantize",
    "relu6",
    "resize_bilinear",
    "softmax",
    "space_to_depth",
    "squared_difference",
    "sub",
    "resize_nearest_neighbor",
    "transpose_conv",
};
const char* const kRealModels[] = {
    "anomaly_float",     "anomaly_int8",       "kws_float",     "kws_int8",     "keras_lstm_mnist",
    "micro_speech_int8", "person_detect_int8", "resnet8_float", "resnet8_int8",
};

// Extra memory for tensors whose shape is known only while running.
constexpr size_t kRoom = size_t{1} << 18;

std::vector<fs::path> cases_of(const std::string& op) {
  const fs::path folder = fs::path(place(PIPIT_CASES)) / op;
  return fs::is_directory(folder) ? models_below(folder) : std::vector<fs::path>();
}

void fill(const Tensor& t, Random& random) {
  if (t.data == nullptr || t.constant()) return;
  for (size_t i = 0; i < t.bytes; ++i) {
    const bool index = t.type == Type::kInt32 || t.type == Type::kInt64;
    t.as<uint8_t>()[i] = static_cast<uint8_t>(index ? 0 : random.bits());
  }
  if (t.type != Type::kFloat32) return;
  for (int32_t i = 0; i < t.elements(); ++i) {
    t.as<float>()[i] = static_cast<float>(random.unit() * 2 - 1);
  }
}

// What a model answers, or why it does not.
struct Answer {
  std::string refusal;
  std::vector<Bytes> outputs;
};

Answer refused(const Message& why) { return {why.text(), {}}; }

Answer answer(const Bytes& file, CpuFeatures cpu, int threads) {
  const ModelBytes bytes = in_memory(file);
  Team team;
  EXPECT_EQ(team.start(threads), threads);
  Options options;
  options.cpu = cpu;
  options.team = &team;
  options.least_share = 1;
  Message why;
  const Result<Model> model = Model::parse(bytes->span(), &why);
  if (!model.ok()) return refused(why);
  const Result<size_t> need =
      Interpreter::required_arena_bytes(model.value(), all_operators(), options, &why);
  if (!need.ok()) return refused(why);
  const GuardedBuffer<uint8_t> arena(need.value() + kRoom, Against::kUpperGuard, 16);
  Result<Interpreter> created =
      Interpreter::create(model.value(), arena.span(), all_operators(), options, &why);
  if (!created.ok()) return refused(why);
  Interpreter& net = created.value();
  Random random(1);
  for (int i = 0; i < net.inputs(); ++i) fill(*net.input(i), random);
  if (!net.invoke(&why).ok()) return refused(why);
  Answer a;
  for (int i = 0; i < net.outputs(); ++i) {
    const Tensor& t = *net.output(i);
    a.outputs.emplace_back(t.as<uint8_t>(), t.as<uint8_t>() + t.bytes);
  }
  return a;
}

// Returns whether it ran at all.
bool compare(const fs::path& path, CpuFeatures cpu, std::initializer_list<int> counts) {
  SCOPED_TRACE(path.string());
  const Bytes file = read_file(path);
  const Answer alone = answer(file, cpu, 1);
  for (const int threads : counts) {
    const Answer shared = answer(file, cpu, threads);
    EXPECT_EQ(shared.refusal, alone.refusal) << threads << " threads";
    EXPECT_TRUE(shared.outputs == alone.outputs) << threads << " threads";
  }
  return alone.refusal.empty();
}

class Threads : public testing::TestWithParam<CpuFeatures> {};

TEST_P(Threads, ChangeNoOperatorsResult) {
  int ran = 0;
  for (const char* op : kOperators) {
    for (const fs::path& path : cases_of(op)) ran += compare(path, GetParam(), {3}) ? 1 : 0;
    if (HasFailure()) return;
  }
  EXPECT_GE(ran, 100);
}

TEST_P(Threads, ChangeNoModelsResult) {
  for (const char* name : {"digits_int8.tflite", "digits_float.tflite"}) {
    EXPECT_TRUE(compare(fs::path(place(PIPIT_MODELS)) / name, GetParam(), {2, 3, 4, 7}));
  }
  for (const char* name : kRealModels) {
    const fs::path path = fs::path(place(PIPIT_REAL_MODELS)) / name / "model.tflite";
    if (!fs::exists(path)) continue;
    EXPECT_TRUE(compare(path, GetParam(), {4, 7}));
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, Threads, testing::ValuesIn(instruction_sets()),
                         [](const auto& isa) { return isa_name(isa.param); });

}  // namespace
}  // namespace pipit::test
