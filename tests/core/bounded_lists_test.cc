// SPDX-License-Identifier: Apache-2.0
// Delegates, signatures, calls and names: what there may be many of takes time in proportion, from
// planning to what an application asks of the plan.
#include <gmock/gmock.h>

#include "pipit/delegate.h"
#include "tests/core/bounded.h"

namespace pipit::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TensorSpec one_float() { return {.type = Type::kFloat32, .shape = Shape::of(1)}; }

// Claims runs of so many operators, and leaves the one behind each.
struct Claimer {
  int run_length;
  Delegate delegate = {"npu", this, claims, prepare};

  static bool claims(const Delegate& d, const Partition& p) {
    const int length = static_cast<const Claimer*>(d.context)->run_length;
    return p.number(0) % (length + 1) != length;
  }
  static Status prepare(const Delegate&, Partition& p) {
    return p.run([](const Step&, Run&) -> Status { return {}; });
  }
};

// A row of operators. Each but the first adds what the first has left to what the one before it
// has, so partitions read tensors from far away.
std::vector<uint8_t> sums(int operators) {
  ModelBuilder b;
  const int in = b.tensor(one_float());
  int last = in;
  for (int i = 0; i < operators; ++i) {
    const int next = b.tensor(one_float());
    b.builtin_node(fb::BuiltinOperator::ADD, {last, in}, {next},
                   {fb::BuiltinOptions::AddOptions, [](flatbuffers::FlatBufferBuilder& f) {
                      return fb::CreateAddOptions(f).Union();
                    }});
    last = next;
  }
  b.inputs({in});
  b.outputs({last});
  return b.finish();
}

Planned delegated(int operators, int run_length) {
  Claimer claimer = {run_length};
  const Delegate* const list[] = {&claimer.delegate};
  Options options;
  options.delegates = list;
  int listed = 0;
  const Planned p = plan(sums(operators), options, [&](const Interpreter& net) {
    Message report;
    net.delegation(&report);
    for (int i = 0; i < net.partitions(); ++i) {
      listed += static_cast<int>(net.partition(i).nodes.size());
    }
    for (int i = 0; i < net.steps(); ++i) {
      listed += net.step(i).variant == std::string("delegate") ? 0 : 1;
    }
  });
  EXPECT_EQ(listed, operators);
  return p;
}

TEST(BoundedLists, APartitionOfManyOperators) {
  expect_linear([](int n) { return delegated(n, n); }, kMany / 16);
}

TEST(BoundedLists, ManyPartitions) {
  expect_linear([](int n) { return delegated(n, 1); }, kMany / 16);
}

// Signatures of which each runs a subgraph of its own.
std::vector<uint8_t> entries(int n, const char* unknown) {
  ModelBuilder b;
  for (int i = 0; i < n; ++i) {
    if (i != 0) b.begin_subgraph();
    const int in = b.tensor(one_float()), out = b.tensor(one_float());
    if (i == 0 || unknown == nullptr) {
      b.builtin_node(fb::BuiltinOperator::ABS, {in}, {out});
    } else {
      b.node(unknown, {in}, {out});
    }
    b.inputs({in});
    b.outputs({out});
    b.signature(std::to_string(i), static_cast<uint32_t>(i));
  }
  return b.finish();
}

Planned plan_entries(int n, const char* unknown) {
  int running = 0;
  const Planned p = plan(entries(n, unknown), {}, [&](const Interpreter& net) {
    for (int i = 0; i < n; ++i) running += net.runs(i).ok() ? 1 : 0;
  });
  EXPECT_EQ(running, unknown == nullptr ? n : 1);
  return p;
}

TEST(BoundedLists, ManySignatures) {
  expect_linear([](int n) { return plan_entries(n, nullptr); }, kMany / 8);
}

TEST(BoundedLists, ManySignaturesThatCannotRun) {
  expect_linear([](int n) { return plan_entries(n, "Nobody"); }, kMany / 8);
}

TEST(BoundedLists, ManyVariables) {
  expect_linear(
      [](int n) {
        ModelBuilder b;
        for (int i = 0; i < n; ++i) {
          b.tensor({.type = Type::kFloat32, .shape = Shape::of(1), .variable = true});
        }
        return plan(b.finish(), {}, [](Interpreter net) { net.reset_variables(); });
      },
      kMany / 4);
}

OptionsSpec if_options(int subgraph) {
  return {fb::BuiltinOptions::IfOptions, [=](flatbuffers::FlatBufferBuilder& f) {
            return fb::CreateIfOptions(f, subgraph, subgraph).Union();
          }};
}

Shape empty(int i) { return Shape::of(0, i); }

// So many calls of subgraph 1, each with a shape of its own as the last of `arguments` values.
void add_calls(ModelBuilder& b, int calls, int arguments) {
  std::vector<int> inputs = {b.tensor({.type = Type::kBool})}, outputs;
  for (int i = 1; i < arguments; ++i) inputs.push_back(b.tensor(one_float()));
  std::vector<int> passed = inputs;
  passed.push_back(0);
  for (int i = 0; i < calls; ++i) {
    passed.back() = b.tensor({.type = Type::kFloat32, .shape = empty(i)});
    inputs.push_back(passed.back());
    outputs.push_back(b.tensor({.type = Type::kFloat32, .shape = empty(i)}));
    b.builtin_node(fb::BuiltinOperator::IF, passed, {outputs.back()}, if_options(1));
  }
  b.inputs(inputs);
  b.outputs(outputs);
}

// The absolute values of its last argument; all of them are read, and there are more tensors.
void add_callee(ModelBuilder& b, int arguments, int more) {
  b.begin_subgraph();
  std::vector<int> inputs;
  for (int i = 1; i < arguments; ++i) {
    inputs.push_back(b.tensor(one_float()));
    b.builtin_node(fb::BuiltinOperator::ABS, {inputs.back()}, {b.tensor(one_float())});
  }
  inputs.push_back(b.tensor({.type = Type::kFloat32, .shape = empty(0)}));
  const int out = b.tensor({.type = Type::kFloat32, .shape = empty(0)});
  b.builtin_node(fb::BuiltinOperator::ABS, {inputs.back()}, {out});
  for (int i = 0; i < more; ++i) b.tensor(one_float());
  b.inputs(inputs);
  b.outputs({out});
}

// Each would be planned, or compared with what has been, for each call.
TEST(BoundedLists, WhatIsCalledWithManyShapesIsCounted) {
  struct Case {
    int calls, arguments, more;
  };
  for (const Case& c : {Case{1000, 1000, 0}, Case{1000, 1, 20'000}}) {
    ModelBuilder b;
    add_calls(b, c.calls, c.arguments);
    add_callee(b, c.arguments, c.more);
    const Planned p = plan(b.finish());
    EXPECT_THAT(p.why, HasSubstr("with too many different lists of shapes for a file of"));
  }
  ModelBuilder b;
  add_calls(b, 100, 10);
  add_callee(b, 10, 1000);
  EXPECT_EQ(plan(b.finish()).why, "");
}

// What many signatures call is planned for each that cannot run.
TEST(BoundedLists, WhatManySignaturesCallInVainIsCounted) {
  ModelBuilder b;
  for (int i = 0; i < 500; ++i) {
    if (i != 0) b.begin_subgraph();
    const int yes = b.tensor({.type = Type::kBool});
    const int in = b.tensor(one_float()), out = b.tensor(one_float());
    b.inputs({yes, in});
    b.outputs({out});
    if (i == 0) {
      b.builtin_node(fb::BuiltinOperator::ABS, {in}, {out});
    } else {
      b.builtin_node(fb::BuiltinOperator::IF, {yes, in}, {out}, if_options(500));
    }
    b.signature(std::to_string(i), static_cast<uint32_t>(i));
  }
  b.begin_subgraph();
  const int in = b.tensor(one_float()), out = b.tensor({.type = Type::kInt8});
  b.builtin_node(fb::BuiltinOperator::ABS, {in}, {out});
  for (int i = 0; i < 20'000; ++i) b.tensor(one_float());
  b.inputs({in});
  b.outputs({out});
  Message first, last;
  const Planned p = plan(b.finish(), {}, [&](const Interpreter& net) {
    EXPECT_TRUE(net.runs(0).ok());
    EXPECT_FALSE(net.runs(1, &first).ok());
    EXPECT_FALSE(net.runs(499, &last).ok());
  });
  EXPECT_EQ(p.why, "");
  EXPECT_THAT(first.text(), HasSubstr("ABS (operator 0 of subgraph 500)"));
  EXPECT_THAT(last.text(), HasSubstr("with too many different lists of shapes for a file of"));
}

// Custom operators of so many names that nobody has.
std::vector<uint8_t> unknown_operators(int n, const std::string& name) {
  flatbuffers::FlatBufferBuilder f;
  const auto tensor = fb::CreateTensor(f, f.CreateVector(std::vector<int32_t>{1}));
  const auto list = f.CreateVector(std::vector<int32_t>{0});
  std::vector<flatbuffers::Offset<fb::Operator>> nodes;
  std::vector<flatbuffers::Offset<fb::OperatorCode>> codes;
  for (int i = 0; i < n; ++i) {
    const auto text = f.CreateString(name + std::to_string(i));
    codes.push_back(fb::CreateOperatorCode(f, 32, text, 1, fb::BuiltinOperator::CUSTOM));
    nodes.push_back(fb::CreateOperator(f, static_cast<uint32_t>(i), list, list));
  }
  const auto tensors = f.CreateVector(std::vector<flatbuffers::Offset<fb::Tensor>>{tensor});
  const auto graph = fb::CreateSubGraph(f, tensors, list, list, f.CreateVector(nodes));
  const auto graphs = f.CreateVector(std::vector<flatbuffers::Offset<fb::SubGraph>>{graph});
  const auto code_list = f.CreateVector(codes);
  fb::FinishModelBuffer(f, fb::CreateModel(f, 3, code_list, graphs));
  return {f.GetBufferPointer(), f.GetBufferPointer() + f.GetSize()};
}

TEST(BoundedLists, UnknownOperatorsAreNamedInOneShortLine) {
  const Planned few = plan(unknown_operators(kMany / 16, "x"));
  const Planned many = plan(unknown_operators(kMany / 4, "x"));
  const Planned long_name = plan(unknown_operators(2, std::string(1 << 20, 'y') + "\n"));
  for (const Planned* p : {&few, &many, &long_name}) {
    EXPECT_THAT(p->why, HasSubstr("operators that this build does not run: custom '"));
    EXPECT_LT(p->why.size(), Message::kCapacity);
    EXPECT_THAT(p->why, Not(HasSubstr("\n")));
  }
  EXPECT_LT(many.seconds, 8 * few.seconds + 0.01);
}

// Variables whose names differ only at their ends: each is read once, and not with every other.
TEST(BoundedLists, LongNamesOfVariables) {
  const auto named = [](int n, size_t length) {
    ModelBuilder b;
    for (int i = 0; i < n; ++i) {
      const std::string name = std::string(length, 'v') + std::to_string(i);
      b.builtin_node(fb::BuiltinOperator::VAR_HANDLE, {}, {b.tensor({.type = Type::kResource})},
                     {fb::BuiltinOptions::VarHandleOptions, [=](flatbuffers::FlatBufferBuilder& f) {
                        return fb::CreateVarHandleOptionsDirect(f, "", name.c_str()).Union();
                      }});
    }
    return plan(b.finish());
  };
  expect_linear([&](int n) { return named(n, 20'000); }, 1000);
}

// LSH_PROJECTION of very many constant items, none of which has a byte.
TEST(BoundedLists, ItemsWithoutBytesAreNotWalked) {
  constexpr int32_t kItems = 500'000'000;
  ModelBuilder b;
  const auto floats = [&b](const Shape& shape, const std::vector<uint8_t>& bytes) {
    return b.tensor({.type = Type::kFloat32, .shape = shape, .bytes = bytes});
  };
  const int hash = floats(Shape::of(1, 1), bytes_of<float>({1}));
  const int value = floats({}, bytes_of<float>({1}));
  const int dims = b.tensor({.shape = Shape::of(2), .bytes = bytes_of<int32_t>({kItems, 0})});
  const int items = floats(Shape::of(kItems, 0), {});
  b.builtin_node(fb::BuiltinOperator::FILL, {dims, value}, {items});
  const int bits = b.tensor({.shape = Shape::of(1)}), out = b.tensor({.shape = Shape::of(1)});
  b.builtin_node(fb::BuiltinOperator::LSH_PROJECTION, {hash, items}, {bits},
                 {fb::BuiltinOptions::LSHProjectionOptions, [](flatbuffers::FlatBufferBuilder& f) {
                    return fb::CreateLSHProjectionOptions(f, fb::LSHProjectionType::SPARSE).Union();
                  }});
  b.builtin_node(fb::BuiltinOperator::NEG, {bits}, {out});
  b.outputs({out});
  const Planned p = plan(b.finish(), {}, [](Interpreter net) { EXPECT_TRUE(net.invoke().ok()); });
  EXPECT_EQ(p.why, "");
  EXPECT_LT(p.seconds, 1);
}

// Pools of very many rows, which would be walked one by one.
std::vector<uint8_t> pools(int32_t rows, int32_t width) {
  ModelBuilder b;
  const auto add = [&](int in, int32_t from, int32_t to) {
    const int out = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, rows, to, 1)});
    b.builtin_node(
        fb::BuiltinOperator::MAX_POOL_2D, {in}, {out},
        {fb::BuiltinOptions::Pool2DOptions, [=](flatbuffers::FlatBufferBuilder& f) {
           return fb::CreatePool2DOptions(f, fb::Padding::VALID, 1, 1, from / to, 1).Union();
         }});
    return out;
  };
  const int in = b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, rows, width, 1)});
  int last = in;
  for (int i = 0; i < 8; ++i) last = add(last, 1, 1);
  last = add(last, width, 1);
  b.inputs({in});
  b.outputs({last});
  return b.finish();
}

TEST(BoundedLists, RowsOfChainsAreWalkedForSoLong) {
  const auto activations = [](int32_t rows, int32_t band_rows, Bands bands) {
    Options options;
    options.bands = bands;
    options.band_rows = band_rows;
    const ModelBytes file = in_memory(pools(rows, 8));
    const Model model = Model::parse(file->span()).value();
    const auto plan = Interpreter::required_memory(model, all_operators(), options);
    EXPECT_TRUE(plan.ok());
    return plan.ok() ? plan.value().activation_bytes : 0;
  };
  constexpr int32_t kRows = 1 << 12, kManyRows = 1 << 19;
  EXPECT_LT(activations(kRows, 1, Bands::kWhereTheyPay), activations(kRows, 1, Bands::kNever));
  const double begin = cpu_seconds();
  EXPECT_EQ(activations(kManyRows, 1, Bands::kWhereTheyPay),
            activations(kManyRows, 1, Bands::kNever));
  EXPECT_LT(cpu_seconds() - begin, 90);  // of an emulator
}

}  // namespace
}  // namespace pipit::test
