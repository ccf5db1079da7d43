// SPDX-License-Identifier: Apache-2.0
// What an application adds to an interpreter: memory that several share, operators of its own, a
// profiler; and what it can ask of the file.
#include <string>
#include <vector>

#include "pipit/op.h"
#include "tests/core/small_nets.h"

namespace pipit::test {
namespace {

// Two interpreters over one block for activations.
class Shared : public ::testing::Test {
 protected:
  Result<MemoryPlan> need(const Loaded& m) {
    return Interpreter::required_memory(m.model, test_ops(), {});
  }
};

TEST_F(Shared, ActivationsLieWhereTheApplicationSays) {
  const Loaded a(diamond()), b(diamond(Shape::of(3)));
  const MemoryPlan of_a = need(a).value(), of_b = need(b).value();
  EXPECT_LT(need(Loaded(diamond(Shape::of(999)))).value().separate_bytes, 4000u);
  const Arena common = arena_of(std::max(of_a.activation_bytes, of_b.activation_bytes));
  const Arena arena_a = arena_of(of_a.separate_bytes), arena_b = arena_of(of_b.separate_bytes);
  Options options;
  options.activations = common.span();
  EXPECT_EQ(a.need(options), of_a.separate_bytes);
  Interpreter net_a = a.plan(arena_a, options), net_b = b.plan(arena_b, options);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(invoke(net_a, {1, 2, 3, 4, 5}), (Numbers{8, 8, 8, 8, 8}));
    EXPECT_EQ(invoke(net_b, {1, 2, 4}), (Numbers{7, 6, 7}));
  }
  for (const Interpreter* net : {&net_a, &net_b}) {
    const auto* in = net->input(0)->as<uint8_t>();
    EXPECT_TRUE(in >= common.data() && in < common.data() + common.size());
  }
}

TEST_F(Shared, VariablesStayWithTheirInterpreter) {
  const Loaded m(stateful());
  const MemoryPlan plan = need(m).value();
  const Arena common = arena_of(plan.activation_bytes + 256);
  const Arena one = arena_of(plan.separate_bytes), two = arena_of(plan.separate_bytes);
  Options options;
  options.activations = common.span();
  Interpreter first = m.plan(one, options), second = m.plan(two, options);
  EXPECT_EQ(invoke(first, {3}), (Numbers{3}));
  EXPECT_EQ(invoke(second, {5}), (Numbers{5}));
  EXPECT_EQ(invoke(first, {4}), (Numbers{7}));
  EXPECT_EQ(invoke(second, {1}), (Numbers{6}));
}

TEST_F(Shared, NamesWhichOfTheTwoIsTooSmall) {
  const Loaded m(diamond());
  const MemoryPlan plan = need(m).value();
  const Arena arena = arena_of(plan.separate_bytes), common = arena_of(plan.activation_bytes);
  Options options;
  Message why;
  options.activations = common.span().subspan(0, plan.activation_bytes - 16);
  EXPECT_EQ(Interpreter::create(m.model, arena.span(), test_ops(), options, &why).status().code(),
            Code::kArenaTooSmall);
  EXPECT_TRUE(contains(why.text(), "for activations")) << why.text();
  EXPECT_TRUE(contains(why.text(), std::to_string(plan.activation_bytes))) << why.text();
  options.activations = common.span();
  const Span<uint8_t> less = arena.span().subspan(0, plan.separate_bytes - 16);
  EXPECT_EQ(Interpreter::create(m.model, less, test_ops(), options, &why).status().code(),
            Code::kArenaTooSmall);
  EXPECT_TRUE(contains(why.text(), std::to_string(plan.separate_bytes))) << why.text();
}

// ---- the application's operators

Status add_ten(const Step& s, Run&) {
  for (int i = 0; i < s.input(0).elements(); ++i) {
    s.output(0).as<int32_t>()[i] = s.input(0).as<int32_t>()[i] + 10;
  }
  return {};
}

Status prepare_add_ten(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  return p.run(add_ten, nullptr, "mine");
}

TEST(OwnOperators, ComeBeforeTheTable) {
  const Loaded m(chain(2));
  const Op own = {.code = kCustomOp, .name = "ADD_ONE", .prepare = prepare_add_ten};
  const Op* const table[] = {&own};
  Options options;
  options.operators = table;
  const Arena arena = arena_of(m.need(options));
  Interpreter net = m.plan(arena, options);
  EXPECT_EQ(invoke(net, {1, 2, 3, 4}), (Numbers{21, 22, 23, 24}));
  EXPECT_STREQ(net.step(0).variant, "mine");
}

TEST(OwnOperators, ServeWhatTheTableLacks) {
  const Loaded m(chain(1));
  Message why;
  EXPECT_EQ(check_operators(m.model, {}, {}, &why).code(), Code::kUnsupported);
  EXPECT_TRUE(contains(why.text(), "ADD_ONE")) << why.text();
  const Op own = {.code = kCustomOp, .name = "ADD_ONE", .prepare = prepare_add_ten};
  const Op* const table[] = {&own};
  Options options;
  options.operators = table;
  EXPECT_TRUE(check_operators(m.model, {}, options).ok());
  EXPECT_TRUE(Interpreter::required_arena_bytes(m.model, {}, options).ok());
}

// What only an accelerator has is named with what to do about it.
TEST(OwnOperators, OfAnEdgeTpuAreNamed) {
  ModelBuilder b;
  b.tensor({.shape = Shape::of(4)});
  b.tensor({.shape = Shape::of(4)});
  b.node("edgetpu-custom-op", {0}, {1});
  b.inputs({0});
  b.outputs({1});
  const Loaded m(b);
  Message why;
  EXPECT_EQ(check_operators(m.model, {}, {}, &why).code(), Code::kUnsupported);
  EXPECT_TRUE(contains(why.text(),
                       "custom 'edgetpu-custom-op' (compiled for a Coral Edge TPU: take the file "
                       "without _edgetpu in its name, or load its delegate)"))
      << why.text();
}

// ---- the profiler

struct Log {
  std::vector<std::string> lines;
  static void note(void* context, const StepInfo& step, bool begins) {
    static_cast<Log*>(context)->lines.push_back((begins ? "begin " : "end ") +
                                                std::string(step.op) + std::to_string(step.node));
  }
};

TEST(Profiling, TellsOfEachStep) {
  const Loaded m(diamond());
  Log log;
  Options options;
  options.profiler = {Log::note, &log};
  const Arena arena = arena_of(m.need(options));
  Interpreter net = m.plan(arena, options);
  EXPECT_EQ(invoke(net, {1, 2, 3, 4, 5}), (Numbers{8, 8, 8, 8, 8}));
  EXPECT_EQ(log.lines, (std::vector<std::string>{"begin ADD_ONE0", "end ADD_ONE0", "begin REVERSE1",
                                                 "end REVERSE1", "begin COPY2", "end COPY2",
                                                 "begin SUM3", "end SUM3"}));
  net.set_profiler({});
  invoke(net, {1, 2, 3, 4, 5});
  EXPECT_EQ(log.lines.size(), 8u);
}

// ---- cancelling

// Cancels when a step is through.
struct Canceller {
  Interpreter net;
  int after = 0;
  int begun = 0;

  static void step(void* context, const StepInfo& info, bool begins) {
    auto& self = *static_cast<Canceller*>(context);
    self.begun += begins ? 1 : 0;
    if (!begins && info.node == self.after) self.net.cancel();
  }
};

TEST(Cancelling, EndsBeforeTheNextStep) {
  const Loaded m(diamond());
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  Canceller canceller = {net, 1};
  net.set_profiler({Canceller::step, &canceller});
  Message why;
  EXPECT_EQ(net.invoke(&why).code(), Code::kRunFailed);
  EXPECT_STREQ(why.text(), "cancelled");
  EXPECT_TRUE(net.cancelled());
  EXPECT_EQ(canceller.begun, 3);  // the third was told of, and not run
  net.set_profiler({});
  net.cancel();  // nothing runs, nothing happens
  EXPECT_EQ(invoke(net, {1, 2, 3, 4, 5}), (Numbers{8, 8, 8, 8, 8}));
  EXPECT_FALSE(net.cancelled());
}

// ---- strict resizes

TEST(StrictResize, ChangesOpenDimensionsOnly) {
  ModelBuilder b;
  const Shape shape = Shape::of(1, 4);
  const int in = b.tensor({.shape = shape, .signature = {-1, 4}});
  const int out = b.tensor({.shape = shape});
  b.node("ADD_ONE", {in}, {out});
  b.inputs({in});
  b.outputs({out});
  const Loaded m(b);
  const Arena arena = arena_of(m.need() + 1024);
  Interpreter net = m.plan(arena);
  Message why;
  const InputShape open[] = {{.input = 0, .shape = Shape::of(2, 4)}};
  ASSERT_TRUE(net.resize_strict(open, &why).ok()) << why.text();
  EXPECT_EQ(net.output(0)->shape, Shape::of(2, 4));
  for (const Shape& fixed : {Shape::of(2, 5), Shape::of(8)}) {
    const InputShape closed[] = {{.input = 0, .shape = fixed}};
    why.clear();
    EXPECT_EQ(net.resize_strict(closed, &why).code(), Code::kBadArgument);
    EXPECT_TRUE(contains(why.text(), "[-1,4]")) << why.text();
    EXPECT_EQ(net.output(0)->shape, Shape::of(2, 4));
  }
}

// ---- buffers of the application

TEST(Binding, RefusesBuffersThatSplitElements) {
  const Loaded m(chain(1));
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  alignas(16) uint8_t bytes[20];
  Message why;
  EXPECT_EQ(net.bind_input(0, bytes + 1, 16, &why).code(), Code::kBadArgument);
  EXPECT_TRUE(contains(why.text(), "aligned")) << why.text();
  EXPECT_TRUE(net.bind_input(0, bytes + 4, 16).ok());
}

ModelBuilder two_signatures() {
  ModelBuilder b = chain(1);
  b.begin_subgraph();
  for (int i = 0; i < 2; ++i) b.tensor({.shape = Shape::of(2), .name = "t" + std::to_string(i)});
  b.node("REVERSE", {0}, {1});
  b.inputs({0});
  b.outputs({1});
  b.signature("turn", 1, {{"forwards", 0}}, {{"backwards", 1}, {"as it was", 0}});
  return b;
}

TEST(Binding, ReachesTheSubgraphsOfSignatures) {
  const Loaded m(two_signatures());
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  int32_t in[] = {3, 4}, out[] = {0, 0};
  ASSERT_TRUE(net.bind_input(0, in, sizeof(in), nullptr, 1).ok());
  ASSERT_TRUE(net.bind_output(0, out, sizeof(out), nullptr, 1).ok());
  ASSERT_TRUE(net.invoke_signature(0).ok());
  EXPECT_EQ(out[0], 4);
  EXPECT_EQ(out[1], 3);
  EXPECT_EQ(net.bind_input(0, in, sizeof(in), nullptr, 2).code(), Code::kBadArgument);
}

// ---- the file

TEST(Structure, IsThatOfTheFile) {
  const Loaded m(two_signatures());
  const Model& model = m.model;
  ASSERT_EQ(model.subgraphs(), 2);
  EXPECT_EQ(model.tensors(1), 2);
  EXPECT_EQ(model.tensor(1, 1).shape, Shape::of(2));
  EXPECT_EQ(model.tensor(1, 1).index, 1);
  EXPECT_STREQ(model.tensor(1, 1).name, "t1");
  EXPECT_EQ(model.tensor(1, 1).bytes, 8u);
  EXPECT_EQ(model.tensor(1, 1).data, nullptr);
  ASSERT_EQ(model.inputs(1).size(), 1u);
  EXPECT_EQ(model.outputs(1)[0], 1);
  ASSERT_EQ(model.nodes(1), 1);
  EXPECT_STREQ(model.node(0, 1).op, "REVERSE");
  EXPECT_EQ(model.node(0, 1).code, kCustomOp);
  EXPECT_EQ(model.node(0, 1).inputs[0], 0);
  EXPECT_EQ(model.node(0, 1).outputs[0], 1);
  EXPECT_EQ(model.signature_subgraph(0), 1);
}

TEST(Structure, SignaturesNameTheirTensors) {
  const Loaded m(two_signatures());
  const Model& model = m.model;
  ASSERT_EQ(model.signatures(), 1);
  EXPECT_STREQ(model.signature_key(0), "turn");
  EXPECT_EQ(model.find_signature("turn"), 0);
  EXPECT_EQ(model.find_signature("tur"), -1);
  ASSERT_EQ(model.signature_inputs(0), 1);
  EXPECT_STREQ(model.signature_input(0, 0).name, "forwards");
  EXPECT_EQ(model.signature_input(0, 0).tensor, 0);
  ASSERT_EQ(model.signature_outputs(0), 2);
  EXPECT_STREQ(model.signature_output(0, 0).name, "backwards");
  EXPECT_EQ(model.signature_output(0, 0).tensor, 1);
  EXPECT_STREQ(model.signature_output(0, 1).name, "as it was");
  EXPECT_EQ(model.signature_output(0, 1).tensor, 0);
}

// By the file's side and by the interpreter's.
TEST(Structure, TensorsSayAllThatTheFileSays) {
  ModelBuilder b = chain(1, Shape::of(1, 2));
  const int image = b.tensor({.shape = Shape::of(1, 2),
                              .name = "image",
                              .scales = {0.5F, 2},
                              .zero_points = {3, -4},
                              .dimension = 1,
                              .signature = {-1, 2}});
  const int out = b.tensor({.shape = Shape::of(1, 2)});
  b.node("ADD_ONE", {image}, {out});
  b.inputs({0, image});
  const Loaded m(b);
  const Arena arena = arena_of(m.need());
  const Interpreter net = m.plan(arena);
  for (const Tensor& t : {m.model.tensor(image), *net.input(1)}) {
    EXPECT_STREQ(t.name, "image");
    EXPECT_EQ(t.index, image);
    EXPECT_EQ(t.type, Type::kInt32);
    EXPECT_EQ(t.shape, Shape::of(1, 2));
    EXPECT_EQ(shape_signature(t), Shape::of(-1, 2));
    EXPECT_EQ(t.scale, 0.5F);
    EXPECT_EQ(t.zero_point, 3);
    const Quantization q = quantization(t);
    EXPECT_EQ(q.dimension, 1);
    ASSERT_EQ(q.scales.size(), 2u);
    ASSERT_EQ(q.zero_points.size(), 2u);
    EXPECT_EQ(q.scales[1], 2);
    EXPECT_EQ(q.zero_points[1], -4);
  }
  EXPECT_EQ(quantization(*net.input(0)).scales.size(), 0u);
  EXPECT_EQ(shape_signature(*net.input(0)), Shape::of(1, 2));
}

TEST(Structure, InterpretersReadConstantsWhereTheyLie) {
  ModelBuilder b = chain(1);
  const int c = b.tensor({.shape = Shape::of(4), .bytes = bytes_of<int32_t>({7, 8, 9, 10})});
  const int sum = b.tensor({.shape = Shape::of(4)});
  b.node("SUM", {1, c}, {sum});
  b.outputs({sum});
  const Loaded m(b);
  const Arena one = arena_of(m.need()), two = arena_of(m.need());
  Interpreter first = m.plan(one), second = m.plan(two);
  EXPECT_EQ(invoke(first, {1, 2, 3, 4}), (Numbers{9, 11, 13, 15}));
  EXPECT_EQ(invoke(second, {1, 2, 3, 4}), (Numbers{9, 11, 13, 15}));
  const Span<const uint8_t> file = m.model.file();
  for (const Interpreter* net : {&first, &second}) {
    const auto* at = net->tensor(c).as<uint8_t>();
    EXPECT_EQ(at, m.model.tensor(c).data);
    EXPECT_TRUE(at >= file.data() && at < file.data() + file.size());
  }
}

TEST(Structure, ConstantsHaveTheirBytes) {
  ModelBuilder b = chain(1);
  const int c = b.tensor({.shape = Shape::of(2), .bytes = bytes_of<int32_t>({7, 8})});
  const Loaded m(b);
  EXPECT_TRUE(m.model.tensor(c).constant());
  const Tensor t = m.model.tensor(c);
  EXPECT_EQ(get(&t), (Numbers{7, 8}));
}

}  // namespace
}  // namespace pipit::test
