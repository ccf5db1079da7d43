// SPDX-License-Identifier: Apache-2.0
// The C interface, in memory of the caller and with malloc.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "pipit/pipit.h"
#include "tests/support/loop.h"
#include "tests/support/model_builder.h"
#include "tests/support/place.h"

namespace pipit::test {
namespace {

using Numbers = std::vector<int32_t>;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A struct that says its size.
template <class T>
T sized() {
  T t{};
  t.struct_bytes = sizeof(t);
  return t;
}

// A model file, opened, and what it answers to numbers that count up.
class Loaded {
 public:
  explicit Loaded(const std::filesystem::path& path) {
    pipit_message why = {};
    EXPECT_EQ(pipit_model_open(path.c_str(), &model_, &why), PIPIT_OK) << why.text;
  }
  Loaded(const Loaded&) = delete;
  ~Loaded() { pipit_model_close(model_); }

  std::vector<uint8_t> run(const pipit_options& options) const {
    return run(options, options.team);
  }

  // Planned for one team, run with another.
  std::vector<uint8_t> run(const pipit_options& options, pipit_team* team) const {
    pipit_interpreter* net = nullptr;
    pipit_message why = {};
    EXPECT_EQ(pipit_interpreter_create(model_, &options, 0, &net, &why), PIPIT_OK) << why.text;
    EXPECT_EQ(pipit_interpreter_set_team(net, team, &why), PIPIT_OK) << why.text;
    auto in = sized<pipit_tensor>(), out = sized<pipit_tensor>();
    pipit_interpreter_input(net, 0, 0, &in);
    for (size_t i = 0; i < in.bytes; ++i)
      static_cast<uint8_t*>(in.data)[i] = static_cast<uint8_t>(i);
    EXPECT_EQ(pipit_interpreter_invoke(net, &why), PIPIT_OK) << why.text;
    pipit_interpreter_output(net, 0, 0, &out);
    const auto* bytes = static_cast<const uint8_t*>(out.data);
    std::vector<uint8_t> answer(bytes, bytes + out.bytes);
    pipit_interpreter_delete(net);
    return answer;
  }

 private:
  pipit_model* model_ = nullptr;
};

const std::filesystem::path kModels = place(PIPIT_MODELS_DIR);

// out = in shifted by what the context points to; the parameters hold the number of elements.
pipit_code prepare_shift(void* context, pipit_prepare* node) {
  auto in = sized<pipit_tensor>();
  if (pipit_prepare_inputs(node) != 1)
    return pipit_prepare_fail(node, PIPIT_BAD_MODEL, "one input");
  if (pipit_prepare_input(node, 0, &in) != PIPIT_OK) return PIPIT_BAD_ARGUMENT;
  if (in.rank == 2) return pipit_prepare_fail(node, PIPIT_UNSUPPORTED, "no matrices");
  if (pipit_code bad = pipit_prepare_set_output(node, 0, in.rank, in.shape)) return bad;
  auto* count = static_cast<int32_t*>(pipit_prepare_parameters(node, sizeof(int32_t)));
  if (count == nullptr) return PIPIT_ARENA_TOO_SMALL;
  *count = static_cast<int32_t>(in.bytes / sizeof(int32_t));
  return context == nullptr ? PIPIT_RUN_FAILED : PIPIT_OK;
}

pipit_code run_shift(void* context, const void* parameters, pipit_run* node) {
  auto in = sized<pipit_tensor>(), out = sized<pipit_tensor>();
  pipit_run_input(node, 0, &in);
  pipit_run_output(node, 0, &out);
  for (int32_t i = 0; i < *static_cast<const int32_t*>(parameters); ++i) {
    const int32_t value = static_cast<int32_t*>(in.data)[i];
    if (value < 0) return pipit_run_fail(node, "a negative number");
    static_cast<int32_t*>(out.data)[i] = value + *static_cast<int32_t*>(context);
  }
  return PIPIT_OK;
}

class CInterface : public ::testing::Test {
 protected:
  // in -> SHIFT -> SHIFT -> out, and a signature that names subgraph 0.
  void SetUp() override {
    ModelBuilder b;
    for (int i = 0; i < 3; ++i) b.tensor({.shape = Shape::of(4), .name = "t" + std::to_string(i)});
    b.node("SHIFT", {0}, {1});
    b.node("SHIFT", {1}, {2});
    b.inputs({0});
    b.outputs({2});
    b.signature("main", 0, {{"before", 0}}, {{"after", 2}});
    plain_ = b.finish();
    bytes_ = in_memory(plain_);
    ASSERT_EQ(
        pipit_model_init(memory_, sizeof(memory_), bytes_->data(), bytes_->size(), &model_, &why_),
        PIPIT_OK)
        << why_.text;
    pipit_options_init(&options_);
    operator_ = {sizeof(operator_), "SHIFT", &step_, prepare_shift, run_shift};
    options_.operators = &operator_;
    options_.operator_count = 1;
  }

  void init(size_t more = 0) {
    auto need = sized<pipit_memory>();
    ASSERT_EQ(pipit_required_memory(model_, &options_, &need, &why_), PIPIT_OK) << why_.text;
    arena_ =
        std::make_unique<GuardedBuffer<uint8_t>>(need.arena_bytes + more, Against::kUpperGuard, 16);
    ASSERT_EQ(
        pipit_interpreter_init(model_, arena_->data(), arena_->size(), &options_, &net_, &why_),
        PIPIT_OK)
        << why_.text;
  }

  Numbers invoke(const Numbers& in) {
    auto t = sized<pipit_tensor>();
    EXPECT_EQ(pipit_interpreter_input(net_, 0, 0, &t), PIPIT_OK);
    EXPECT_EQ(t.bytes, in.size() * sizeof(int32_t));
    std::memcpy(t.data, in.data(), t.bytes);
    EXPECT_EQ(pipit_interpreter_invoke(net_, &why_), PIPIT_OK) << why_.text;
    EXPECT_EQ(pipit_interpreter_output(net_, 0, 0, &t), PIPIT_OK);
    const auto* out = static_cast<const int32_t*>(t.data);
    return {out, out + t.bytes / sizeof(int32_t)};
  }

  int32_t step_ = 10;
  std::vector<uint8_t> plain_;
  ModelBytes bytes_;
  alignas(16) uint8_t memory_[256];
  pipit_model* model_ = nullptr;
  pipit_operator operator_ = {};
  pipit_options options_ = {};
  std::unique_ptr<GuardedBuffer<uint8_t>> arena_;
  pipit_interpreter* net_ = nullptr;
  pipit_message why_ = {};
};

TEST_F(CInterface, SaysItsVersion) {
  EXPECT_TRUE(contains(pipit_version(), "."));
  EXPECT_STREQ(pipit_type_name(PIPIT_INT8), "int8");
  EXPECT_STREQ(pipit_type_name(-1), "unknown type");
}

TEST_F(CInterface, RunsOperatorsOfTheApplication) {
  init();
  EXPECT_EQ(invoke({1, 2, 3, 4}), (Numbers{21, 22, 23, 24}));
  step_ = 1;
  EXPECT_EQ(invoke({1, 2, 3, 4}), (Numbers{3, 4, 5, 6}));
  pipit_step step = {};
  ASSERT_EQ(pipit_interpreter_step(net_, 0, 1, &step), PIPIT_OK);
  EXPECT_STREQ(step.op, "SHIFT");
  EXPECT_EQ(step.node, 1);
  EXPECT_EQ(pipit_interpreter_step(net_, 0, 2, &step), PIPIT_BAD_ARGUMENT);
}

TEST_F(CInterface, TellsWhatStepsCost) {
  init();
  pipit_cost cost = {};
  ASSERT_EQ(pipit_interpreter_step_cost(net_, 0, 1, &cost), PIPIT_OK);
  EXPECT_EQ(cost.multiply_adds, 0);
  EXPECT_EQ(cost.read_bytes, 16);
  EXPECT_EQ(cost.written_bytes, 16);
  EXPECT_EQ(cost.weight_bytes, 0);
  EXPECT_EQ(pipit_interpreter_step_cost(net_, 0, 2, &cost), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_interpreter_step_cost(net_, 0, 0, nullptr), PIPIT_BAD_ARGUMENT);
}

TEST_F(CInterface, PassesOnWhatAnOperatorSays) {
  init();
  auto t = sized<pipit_tensor>();
  pipit_interpreter_input(net_, 0, 0, &t);
  static_cast<int32_t*>(t.data)[2] = -1;
  EXPECT_EQ(pipit_interpreter_invoke(net_, &why_), PIPIT_RUN_FAILED);
  EXPECT_STREQ(why_.text, "SHIFT (operator 0): a negative number");
  const pipit_input_shape matrix = {0, 0, 2, {2, 2}};
  EXPECT_EQ(pipit_interpreter_resize(net_, &matrix, 1, 0, &why_), PIPIT_UNSUPPORTED);
  EXPECT_STREQ(why_.text, "SHIFT (operator 0): no matrices");
  EXPECT_EQ(invoke({1, 2, 3, 4}), (Numbers{21, 22, 23, 24}));
  operator_.context = nullptr;
  auto need = sized<pipit_memory>();
  EXPECT_EQ(pipit_required_memory(model_, &options_, &need, &why_), PIPIT_RUN_FAILED);
  EXPECT_TRUE(contains(why_.text, "failed with code 5")) << why_.text;
}

TEST_F(CInterface, NamesTheArenaThatSuffices) {
  auto need = sized<pipit_memory>();
  ASSERT_EQ(pipit_required_memory(model_, &options_, &need, &why_), PIPIT_OK) << why_.text;
  for (const size_t bytes : {size_t{16}, need.arena_bytes - 16}) {
    const GuardedBuffer<uint8_t> arena(bytes, Against::kUpperGuard, 16);
    EXPECT_EQ(pipit_interpreter_init(model_, arena.data(), bytes, &options_, &net_, &why_),
              PIPIT_ARENA_TOO_SMALL);
    EXPECT_TRUE(contains(why_.text, "the model needs " + std::to_string(need.arena_bytes)))
        << why_.text;
  }
}

TEST_F(CInterface, NamesMissingOperators) {
  EXPECT_EQ(pipit_check_operators(model_, &options_, &why_), PIPIT_OK);
  EXPECT_EQ(pipit_check_operators(model_, nullptr, &why_), PIPIT_UNSUPPORTED);
  EXPECT_TRUE(contains(why_.text, "SHIFT")) << why_.text;
}

TEST_F(CInterface, ResizesAndKeepsThePlanWhenItCannot) {
  init(4096);
  const pipit_input_shape two = {0, 0, 1, {2}};
  EXPECT_EQ(pipit_interpreter_resize(net_, &two, 1, 1, &why_), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_interpreter_resize(net_, &two, 1, 0, &why_), PIPIT_OK) << why_.text;
  EXPECT_EQ(invoke({1, 2}), (Numbers{21, 22}));
  const pipit_input_shape huge = {0, 0, 1, {1 << 20}};
  EXPECT_EQ(pipit_interpreter_resize(net_, &huge, 1, 0, &why_), PIPIT_ARENA_TOO_SMALL);
  const pipit_input_shape deep = {0, 0, 9, {1}};
  EXPECT_EQ(pipit_interpreter_resize(net_, &deep, 1, 0, &why_), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(invoke({5, 6}), (Numbers{25, 26}));
}

TEST_F(CInterface, BindsBuffers) {
  init();
  int32_t in[] = {1, 2, 3, 4}, out[4] = {};
  EXPECT_EQ(pipit_interpreter_bind_input(net_, 0, 0, in, sizeof(in), &why_), PIPIT_OK);
  EXPECT_EQ(pipit_interpreter_bind_output(net_, 0, 0, out, sizeof(out), &why_), PIPIT_OK);
  EXPECT_EQ(pipit_interpreter_bind_output(net_, 0, 0, out, 3, &why_), PIPIT_BAD_ARGUMENT);
  EXPECT_EQ(pipit_interpreter_invoke_signature(net_, 0, &why_), PIPIT_OK);
  EXPECT_EQ(out[3], 24);
}

TEST_F(CInterface, RebindsBuffersBetweenInvocations) {
  init();
  int32_t in[2][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}}, out[2][4] = {};
  for (const int i : {0, 1, 0}) {
    ASSERT_EQ(pipit_interpreter_bind_input(net_, 0, 0, in[i], sizeof(in[i]), &why_), PIPIT_OK);
    ASSERT_EQ(pipit_interpreter_bind_output(net_, 0, 0, out[i], sizeof(out[i]), &why_), PIPIT_OK);
    ASSERT_EQ(pipit_interpreter_invoke(net_, &why_), PIPIT_OK) << why_.text;
    EXPECT_EQ(out[i][0], in[i][0] + 20);
    in[i][0] += 100;
  }
  EXPECT_EQ(out[1][0], 25);
  ASSERT_EQ(pipit_interpreter_bind_input(net_, 0, 0, nullptr, 0, &why_), PIPIT_OK);
  ASSERT_EQ(pipit_interpreter_bind_output(net_, 0, 0, nullptr, 0, &why_), PIPIT_OK);
  EXPECT_EQ(invoke({1, 2, 3, 4}), (Numbers{21, 22, 23, 24}));
  EXPECT_EQ(out[0][0], 121);
}

TEST_F(CInterface, RunsSeveralInterpretersOverOneModel) {
  init();
  const auto first_arena = std::move(arena_);
  pipit_interpreter* first = net_;
  init();
  EXPECT_EQ(invoke({1, 2, 3, 4}), (Numbers{21, 22, 23, 24}));
  std::swap(net_, first);
  EXPECT_EQ(invoke({5, 6, 7, 8}), (Numbers{25, 26, 27, 28}));
  auto t = sized<pipit_tensor>();
  ASSERT_EQ(pipit_interpreter_output(first, 0, 0, &t), PIPIT_OK);
  EXPECT_EQ(*static_cast<int32_t*>(t.data), 21);  // untouched by the other
}

TEST_F(CInterface, SharesMemoryForActivations) {
  auto need = sized<pipit_memory>();
  ASSERT_EQ(pipit_required_memory(model_, &options_, &need, &why_), PIPIT_OK) << why_.text;
  using Buffer = GuardedBuffer<uint8_t>;
  const Buffer common(need.activation_bytes, Against::kUpperGuard, 16);
  const Buffer one(need.separate_bytes, Against::kUpperGuard, 16);
  const Buffer two(need.separate_bytes, Against::kUpperGuard, 16);
  options_.activations = common.data();
  options_.activation_bytes = common.size();
  pipit_interpreter* nets[2] = {};
  for (const int i : {0, 1}) {
    const Buffer& arena = i == 0 ? one : two;
    ASSERT_EQ(
        pipit_interpreter_init(model_, arena.data(), arena.size(), &options_, &nets[i], &why_),
        PIPIT_OK)
        << why_.text;
  }
  for (const int32_t i : {0, 1, 0, 1}) {
    net_ = nets[i];
    EXPECT_EQ(invoke({1, 2, 3, i}), (Numbers{21, 22, 23, 20 + i}));
    auto t = sized<pipit_tensor>();
    pipit_interpreter_input(net_, 0, 0, &t);
    EXPECT_GE(static_cast<uint8_t*>(t.data), common.data());
    EXPECT_LT(static_cast<uint8_t*>(t.data), common.data() + common.size());
  }
}

TEST_F(CInterface, TellsAboutTheModel) {
  const int32_t* inputs = nullptr;
  ASSERT_EQ(pipit_model_inputs(model_, 0, &inputs), 1);
  EXPECT_EQ(inputs[0], 0);
  EXPECT_EQ(pipit_model_outputs(model_, 1, nullptr), -1);
  EXPECT_EQ(pipit_model_tensors(model_, 0), 3);
  EXPECT_EQ(pipit_model_nodes(model_, 0), 2);
  auto t = sized<pipit_tensor>();
  ASSERT_EQ(pipit_model_tensor(model_, 0, 2, &t), PIPIT_OK);
  EXPECT_STREQ(t.name, "t2");
  EXPECT_EQ(t.rank, 1);
  EXPECT_EQ(t.shape[0], 4);
  EXPECT_EQ(t.type, PIPIT_INT32);
  EXPECT_EQ(pipit_model_tensor(model_, 0, 3, &t), PIPIT_BAD_ARGUMENT);
  pipit_node node = {};
  ASSERT_EQ(pipit_model_node(model_, 0, 1, &node), PIPIT_OK);
  EXPECT_EQ(node.inputs[0], 1);
  pipit_signature s = {};
  ASSERT_EQ(pipit_model_signature(model_, 0, &s), PIPIT_OK);
  EXPECT_STREQ(s.key, "main");
  EXPECT_EQ(pipit_model_find_signature(model_, "other"), -1);
}

TEST_F(CInterface, NamesTheTensorsOfSignatures) {
  pipit_signature s = {};
  const char* name = nullptr;
  int32_t tensor = -1;
  ASSERT_EQ(pipit_model_signature(model_, pipit_model_find_signature(model_, "main"), &s),
            PIPIT_OK);
  ASSERT_EQ(s.inputs, 1);
  ASSERT_EQ(s.outputs, 1);
  ASSERT_EQ(pipit_model_signature_input(model_, 0, 0, &name, &tensor), PIPIT_OK);
  EXPECT_STREQ(name, "before");
  EXPECT_EQ(tensor, 0);
  ASSERT_EQ(pipit_model_signature_output(model_, 0, 0, &name, &tensor), PIPIT_OK);
  EXPECT_STREQ(name, "after");
  EXPECT_EQ(tensor, 2);
  for (const int32_t wrong : {-1, 1}) {
    EXPECT_EQ(pipit_model_signature(model_, wrong, &s), PIPIT_BAD_ARGUMENT);
    EXPECT_EQ(pipit_model_signature_input(model_, 0, wrong, &name, &tensor), PIPIT_BAD_ARGUMENT);
    EXPECT_EQ(pipit_model_signature_output(model_, wrong, 0, &name, &tensor), PIPIT_BAD_ARGUMENT);
  }
}

TEST_F(CInterface, HasADefaultSignature) {
  pipit_signature s = {};
  const char* name = nullptr;
  int32_t tensor = -1;
  ASSERT_EQ(pipit_model_signature(model_, PIPIT_DEFAULT_SIGNATURE, &s), PIPIT_OK);
  EXPECT_STREQ(s.key, "");
  EXPECT_EQ(s.subgraph, 0);
  EXPECT_EQ(s.inputs, 1);
  EXPECT_EQ(s.outputs, 1);
  ASSERT_EQ(pipit_model_signature_input(model_, PIPIT_DEFAULT_SIGNATURE, 0, &name, &tensor),
            PIPIT_OK);
  EXPECT_STREQ(name, "t0");
  EXPECT_EQ(tensor, 0);
  ASSERT_EQ(pipit_model_signature_output(model_, PIPIT_DEFAULT_SIGNATURE, 0, &name, &tensor),
            PIPIT_OK);
  EXPECT_STREQ(name, "t2");
  EXPECT_EQ(tensor, 2);
  EXPECT_EQ(pipit_model_signature_output(model_, PIPIT_DEFAULT_SIGNATURE, 1, &name, &tensor),
            PIPIT_BAD_ARGUMENT);
  init();
  const Numbers answer = invoke({1, 2, 3, 4});
  invoke({0, 0, 0, 0});
  auto t = sized<pipit_tensor>();
  pipit_interpreter_input(net_, 0, 0, &t);
  std::memcpy(t.data, Numbers{1, 2, 3, 4}.data(), t.bytes);
  ASSERT_EQ(pipit_interpreter_invoke_signature(net_, PIPIT_DEFAULT_SIGNATURE, &why_), PIPIT_OK);
  pipit_interpreter_output(net_, 0, 0, &t);
  EXPECT_EQ(std::memcmp(t.data, answer.data(), t.bytes), 0);
}

TEST_F(CInterface, WritesNoMoreThanTheCallerKnows) {
  pipit_tensor t;
  std::memset(static_cast<void*>(&t), 0x55, sizeof(t));
  t.struct_bytes = offsetof(pipit_tensor, shape);
  ASSERT_EQ(pipit_model_tensor(model_, 0, 1, &t), PIPIT_OK);
  EXPECT_EQ(t.index, 1);
  EXPECT_EQ(t.shape[0], 0x55555555);
  t.struct_bytes = 0;
  EXPECT_EQ(pipit_model_tensor(model_, 0, 1, &t), PIPIT_BAD_ARGUMENT);
}

TEST_F(CInterface, RefusesWrongOptions) {
  auto need = sized<pipit_memory>();
  const auto refused = [&](auto&& change) {
    pipit_options options = options_;
    change(options);
    return pipit_required_memory(model_, &options, &need, &why_) == PIPIT_BAD_ARGUMENT;
  };
  EXPECT_TRUE(refused([](pipit_options& o) { o.struct_bytes = 0; }));
  EXPECT_TRUE(refused([](pipit_options& o) { o.isa = "mmx"; }));
  EXPECT_TRUE(refused([](pipit_options& o) { o.operator_count = PIPIT_MAX_OPERATORS + 1; }));
  EXPECT_TRUE(refused([&](pipit_options&) { operator_.run = nullptr; }));
}

TEST_F(CInterface, EndsEndlessLoopsAtTheCallersLimit) {
  const ModelBytes file = in_memory(loop());
  alignas(16) uint8_t memory[256];
  ASSERT_EQ(pipit_model_init(memory, sizeof(memory), file->data(), file->size(), &model_, &why_),
            PIPIT_OK);
  for (const int64_t limit : {6, 1001}) {
    options_.max_calls = limit;
    init();
    for (int32_t i = 0; i < 2; ++i) {
      auto in = sized<pipit_tensor>();
      ASSERT_EQ(pipit_interpreter_input(net_, 0, i, &in), PIPIT_OK);
      std::memset(in.data, 0, in.bytes);
    }
    EXPECT_EQ(pipit_interpreter_invoke(net_, &why_), PIPIT_RUN_FAILED);
    EXPECT_EQ(why_.text, "WHILE (operator 0): this invocation has called subgraphs " +
                             std::to_string(limit) +
                             " times: an endless loop? (max_calls sets the limit)");
  }
}

TEST_F(CInterface, SaysThatAnInvocationEndedEarly) {
  ModelBuilder b;
  for (const int32_t slots : {1, 2}) {
    b.tensor({.type = Type::kInt8, .shape = Shape::of(1, slots, 1, 3)});
  }
  b.node("CIRCULAR_BUFFER", {0}, {1});
  b.inputs({0});
  b.outputs({1});
  const ModelBytes file = in_memory(b.finish());
  alignas(16) uint8_t memory[256];
  ASSERT_EQ(pipit_model_init(memory, sizeof(memory), file->data(), file->size(), &model_, &why_),
            PIPIT_OK);
  init();
  for (const char* said : {"CIRCULAR_BUFFER (operator 0): waits for more inputs: 1", ""}) {
    why_ = {};
    EXPECT_EQ(pipit_interpreter_invoke(net_, &why_), PIPIT_OK);
    EXPECT_STREQ(why_.text, said);
  }
}

TEST_F(CInterface, SharesWorkWithATeam) {
  const Loaded big(kModels / "digits_int8.tflite");
  std::vector<std::vector<uint8_t>> outputs;
  for (const int32_t threads : {1, 2, 3, 4, 7}) {
    pipit_team* team = nullptr;
    ASSERT_EQ(pipit_team_create(threads, &team, &why_), PIPIT_OK) << why_.text;
    EXPECT_EQ(pipit_team_threads(team), threads);
    pipit_options_init(&options_);
    options_.team = team;
    options_.least_share = 1;
    outputs.push_back(big.run(options_));
    pipit_team_delete(team);
    EXPECT_EQ(outputs.back(), outputs.front()) << threads;
  }
}

TEST_F(CInterface, ChangesTheTeamOfALiveInterpreter) {
  const Loaded big(kModels / "digits_int8.tflite");
  pipit_options_init(&options_);
  options_.least_share = 1;
  const std::vector<uint8_t> alone = big.run(options_);
  pipit_team *two = nullptr, *four = nullptr;
  ASSERT_EQ(pipit_team_create(2, &two, &why_), PIPIT_OK) << why_.text;
  ASSERT_EQ(pipit_team_create(4, &four, &why_), PIPIT_OK) << why_.text;
  for (pipit_team* before : {two, four}) {
    for (pipit_team* after : {two, four, static_cast<pipit_team*>(nullptr)}) {
      options_.team = before;
      EXPECT_EQ(big.run(options_, after), alone);
    }
  }
  pipit_team_delete(two);
  pipit_team_delete(four);
}

TEST_F(CInterface, RefusesWrongTeams) {
  pipit_team* team = nullptr;
  alignas(64) uint8_t memory[64];
  EXPECT_EQ(pipit_team_init(memory, sizeof(memory), 2, &team, &why_), PIPIT_BAD_ARGUMENT);
  EXPECT_TRUE(contains(why_.text, "pipit_team_bytes()")) << why_.text;
  EXPECT_EQ(pipit_team_create(0, &team, &why_), PIPIT_BAD_ARGUMENT);
  EXPECT_TRUE(contains(why_.text, "1 thread or more")) << why_.text;
  pipit_team_delete(nullptr);
}

struct Profile {
  std::vector<int32_t> nodes;
  static void note(void* context, const pipit_step* step, int32_t begins) {
    static_cast<Profile*>(context)->nodes.push_back(begins != 0 ? step->node : -1);
  }
};

TEST_F(CInterface, ProfilesSteps) {
  init();
  Profile profile;
  pipit_interpreter_set_profiler(net_, Profile::note, &profile);
  invoke({1, 2, 3, 4});
  EXPECT_EQ(profile.nodes, (std::vector<int32_t>{0, -1, 1, -1}));
  pipit_interpreter_set_profiler(net_, nullptr, nullptr);
  uint64_t times[2] = {};
  pipit_interpreter_time_nodes(net_, times, 2);
  for (int i = 0; i < 100; ++i) invoke({1, 2, 3, 4});
  EXPECT_GT(times[0], 0u);
  EXPECT_GT(times[1], 0u);
}

TEST_F(CInterface, IsCancelled) {
  init();
  const auto cancel = [](void* context, const pipit_step*, int32_t) {
    pipit_interpreter_cancel(*static_cast<pipit_interpreter**>(context));
  };
  pipit_interpreter_set_profiler(net_, cancel, &net_);
  EXPECT_EQ(pipit_interpreter_invoke(net_, &why_), PIPIT_CANCELLED);
  EXPECT_STREQ(why_.text, "cancelled");
  pipit_interpreter_set_profiler(net_, nullptr, nullptr);
  EXPECT_EQ(pipit_interpreter_invoke(net_, &why_), PIPIT_OK) << why_.text;
}

// What it is told by each function that wants the interpreter while it runs; a second thread is
// told the same.
struct Intruder {
  pipit_interpreter* net;
  std::vector<pipit_code> codes = {};
  pipit_message why = {};
  static void intrude(void* context, const pipit_step*, int32_t) {
    auto& self = *static_cast<Intruder*>(context);
    self.codes = {
        pipit_interpreter_invoke(self.net, nullptr),
        pipit_interpreter_invoke_signature(self.net, 0, nullptr),
        pipit_interpreter_bind_input(self.net, 0, 0, nullptr, 0, nullptr),
        pipit_interpreter_bind_output(self.net, 0, 0, nullptr, 0, nullptr),
        pipit_interpreter_set_team(self.net, nullptr, nullptr),
        pipit_interpreter_resize(self.net, nullptr, 0, 0, &self.why),
    };
  }
};

TEST_F(CInterface, IsUsedByOneThreadAtATime) {
  init();
  Intruder intruder = {net_};
  pipit_interpreter_set_profiler(net_, Intruder::intrude, &intruder);
  EXPECT_EQ(invoke({1, 2, 3, 4}), (Numbers{21, 22, 23, 24}));
  EXPECT_EQ(intruder.codes, std::vector<pipit_code>(6, PIPIT_BUSY));
  EXPECT_TRUE(contains(intruder.why.text, "the interpreter is in use")) << intruder.why.text;
  pipit_interpreter_set_profiler(net_, nullptr, nullptr);
  EXPECT_EQ(invoke({1, 2, 3, 4}), (Numbers{21, 22, 23, 24}));
}

TEST_F(CInterface, TakesMemoryFromTheHeapWhenAsked) {
  pipit_model* copy = nullptr;
  ASSERT_EQ(pipit_model_copy(plain_.data(), plain_.size(), &copy, &why_), PIPIT_OK) << why_.text;
  ASSERT_EQ(pipit_interpreter_create(copy, &options_, 0, &net_, &why_), PIPIT_OK) << why_.text;
  EXPECT_EQ(invoke({0, 0, 0, 1}), (Numbers{20, 20, 20, 21}));
  pipit_interpreter_delete(net_);
  pipit_model_close(copy);
  EXPECT_EQ(pipit_model_copy("nothing", 7, &copy, &why_), PIPIT_BAD_MODEL);
  pipit_model_close(nullptr);
  pipit_interpreter_delete(nullptr);
}

TEST_F(CInterface, OpensFiles) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("capi_test." + std::to_string(getpid()));
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(plain_.data()),
             static_cast<std::streamsize>(plain_.size()));
  pipit_model* model = nullptr;
  ASSERT_EQ(pipit_model_open(path.c_str(), &model, &why_), PIPIT_OK) << why_.text;
  EXPECT_EQ(pipit_model_subgraphs(model), 1);
  pipit_model_close(model);
  std::filesystem::remove(path);
  EXPECT_EQ(pipit_model_open(path.c_str(), &model, &why_), PIPIT_NO_FILE);
  EXPECT_TRUE(contains(why_.text, "No such file")) << why_.text;
}

}  // namespace
}  // namespace pipit::test
