// SPDX-License-Identifier: Apache-2.0
// Plans and runs small models in arenas between guard pages.
#include "pipit/interpreter.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/core/small_nets.h"

namespace pipit::test {
namespace {

TEST(Interpreter, RefusesEveryArenaThatIsTooSmall) {
  for (const ModelBuilder& b : {chain(0), chain(1), chain(20), diamond(), stateful()}) {
    const Loaded m(b);
    const size_t need = m.need();
    const std::string number = std::to_string(need);
    std::vector<size_t> sizes;
    for (size_t size = 0; size < need; size += 16) sizes.push_back(size);
    for (size_t size = 1; size < need; size += 37) sizes.push_back(size);
    sizes.push_back(need - 1);
    Against side = Against::kUpperGuard;
    for (const size_t size : sizes) {
      side = other(side);
      const Arena arena = arena_of(size, side);
      Message why;
      const Result<Interpreter> net =
          Interpreter::create(m.model, {arena.data(), size}, test_ops(), {}, &why);
      ASSERT_EQ(net.status().code(), Code::kArenaTooSmall) << size << " of " << need;
      ASSERT_TRUE(contains(why.text(), "needs " + number)) << why.text();
    }
  }
}

TEST(Interpreter, RunsInTheSmallestArena) {
  for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
    const Loaded m(diamond());
    const Arena arena = arena_of(m.need(), side);
    Interpreter net = m.plan(arena);
    EXPECT_EQ(net.memory().arena_bytes, m.need());
    EXPECT_EQ(invoke(net, {1, 2, 3, 4, 5}), (Numbers{8, 8, 8, 8, 8}));
    EXPECT_EQ(invoke(net, {0, 0, 0, 0, 9}), (Numbers{11, 2, 2, 2, 11}));
  }
}

// A small file can ask for a lot: to say how much must not cost as much.
TEST(Interpreter, MeasuresWithoutTheMemory) {
  ModelBuilder b;
  const Shape huge = Shape::of(1 << 26);
  const size_t huge_bytes = size_t{1} << 28;
  for (const bool variable : {false, true, false}) b.tensor({.shape = huge, .variable = variable});
  b.node("ACCUMULATE", {1, 0}, {2});
  b.inputs({0});
  b.outputs({2});
  const auto peak_kilobytes = [] {
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  const Loaded m(b);
  const auto before = peak_kilobytes();
  EXPECT_GE(m.need(), 3 * huge_bytes);
  const Arena arena = arena_of(4096);
  const Result<Interpreter> net = Interpreter::create(m.model, arena.span(), test_ops());
  EXPECT_EQ(net.status().code(), Code::kArenaTooSmall);
  EXPECT_LT(peak_kilobytes() - before, 65536);
}

// More memory than necessary changes nothing but is never touched behind the plan.
TEST(Interpreter, RunsInLargerArenas) {
  const Loaded m(diamond());
  for (size_t more = 0; more < 300; ++more) {
    const Arena arena =
        arena_of(m.need() + more, more % 2 ? Against::kLowerGuard : Against::kUpperGuard);
    Interpreter net = m.plan(arena);
    ASSERT_EQ(invoke(net, {1, 2, 3, 4, 6}), (Numbers{9, 8, 8, 8, 9}));
  }
}

TEST(Interpreter, WantsAnAlignedArena) {
  const Loaded m(chain(1));
  const Arena arena = arena_of(m.need() + 16);
  Message why;
  const Result<Interpreter> net =
      Interpreter::create(m.model, arena.span().subspan(8, m.need()), test_ops(), {}, &why);
  EXPECT_EQ(net.status().code(), Code::kBadArgument);
  EXPECT_TRUE(contains(why.text(), "16")) << why.text();
}

TEST(Interpreter, WritesInPlaceButKeepsItsInputs) {
  const Loaded m(chain(8, Shape::of(1000)));
  Options options;
  options.preserve_inputs = true;
  const Arena arena = arena_of(m.need(options));
  Interpreter net = m.plan(arena, options);
  EXPECT_EQ(invoke(net, Numbers(1000, 5)), Numbers(1000, 13));
  EXPECT_EQ(get(net.input(0)), Numbers(1000, 5));
  EXPECT_EQ(net.memory().activation_bytes, 8000u);
  // Without that promise one block is enough.
  const Arena small = arena_of(m.need());
  Interpreter other_net = m.plan(small);
  EXPECT_EQ(other_net.memory().activation_bytes, 4000u);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(invoke(other_net, Numbers(1000, 5)), Numbers(1000, 13));
  }
}

TEST(Interpreter, KeepsInputsThatTheLastStepCouldOverwrite) {
  const Loaded m(chain(1));
  Options options;
  options.preserve_inputs = true;
  const Arena arena = arena_of(m.need(options));
  Interpreter net = m.plan(arena, options);
  EXPECT_EQ(invoke(net, {1, 2, 3, 4}), (Numbers{2, 3, 4, 5}));
  EXPECT_EQ(get(net.input(0)), (Numbers{1, 2, 3, 4}));
}

TEST(Interpreter, PassesAnInputThrough) {
  const Loaded m(chain(0));
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  EXPECT_EQ(net.input(0), net.output(0));
  EXPECT_EQ(invoke(net, {7, 8, 9, 10}), (Numbers{7, 8, 9, 10}));
}

TEST(Interpreter, PreservesAllWhenAsked) {
  Options options;
  options.preserve_all = true;
  const Loaded m(diamond());
  const Arena arena = arena_of(m.need(options));
  Interpreter net = m.plan(arena, options);
  EXPECT_EQ(invoke(net, {1, 2, 3, 4, 6}), (Numbers{9, 8, 8, 8, 9}));
  ASSERT_EQ(net.tensors(), 5);
  EXPECT_EQ(get(net.tensor(0)), (Numbers{1, 2, 3, 4, 6}));
  EXPECT_EQ(get(net.tensor(1)), (Numbers{2, 3, 4, 5, 7}));
  EXPECT_EQ(get(net.tensor(2)), (Numbers{7, 5, 4, 3, 2}));
  EXPECT_EQ(get(net.tensor(3)), (Numbers{2, 3, 4, 5, 7}));
  EXPECT_EQ(get(net.tensor(4)), (Numbers{9, 8, 8, 8, 9}));
}

TEST(Interpreter, BindsTheCallersBuffers) {
  const Loaded m(chain(3));
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  const GuardedBuffer<int32_t> in(4), out(4);
  std::fill(in.span().begin(), in.span().end(), 10);
  Message why;
  ASSERT_TRUE(net.bind_input(0, in.data(), 16, &why).ok()) << why.text();
  ASSERT_TRUE(net.bind_output(0, out.data(), 16, &why).ok()) << why.text();
  ASSERT_TRUE(net.invoke(&why).ok()) << why.text();
  EXPECT_EQ(Numbers(out.span().begin(), out.span().end()), Numbers(4, 13));
  EXPECT_EQ(Numbers(in.span().begin(), in.span().end()), Numbers(4, 10));
  EXPECT_EQ(net.output(0)->data, out.data());
  // Back to the arena's own bytes.
  ASSERT_TRUE(net.bind_input(0, nullptr, 0).ok());
  ASSERT_TRUE(net.bind_output(0, nullptr, 0).ok());
  EXPECT_EQ(invoke(net, {1, 2, 3, 4}), (Numbers{4, 5, 6, 7}));
  EXPECT_EQ(out.data()[0], 13);
}

TEST(Interpreter, RunsOnOtherBuffersEachTime) {
  const Loaded m(chain(2));
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  const GuardedBuffer<int32_t> in[2] = {GuardedBuffer<int32_t>(4), GuardedBuffer<int32_t>(4)};
  const GuardedBuffer<int32_t> out[2] = {GuardedBuffer<int32_t>(4), GuardedBuffer<int32_t>(4)};
  for (int32_t round = 0; round < 6; ++round) {
    const int i = round % 2;
    std::fill(in[i].span().begin(), in[i].span().end(), round);
    ASSERT_TRUE(net.bind_input(0, in[i].data(), 16).ok());
    ASSERT_TRUE(net.bind_output(0, out[i].data(), 16).ok());
    ASSERT_TRUE(net.invoke().ok());
    EXPECT_EQ(get(net.output(0)), Numbers(4, round + 2));
    EXPECT_EQ(net.output(0)->data, out[i].data());
    if (round == 0) continue;
    EXPECT_EQ(out[1 - i].data()[0], round + 1);  // as the one before left it
  }
}

TEST(Interpreter, RefusesBuffersOfAnotherSize) {
  const Loaded m(chain(1));
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  int32_t buffer[8] = {};
  for (const size_t size : {size_t{0}, size_t{15}, size_t{17}, sizeof(buffer)}) {
    Message why;
    EXPECT_EQ(net.bind_input(0, buffer, size, &why).code(), Code::kBadArgument);
    EXPECT_FALSE(why.empty());
    EXPECT_EQ(net.bind_output(0, buffer, size).code(), Code::kBadArgument);
  }
  for (const int i : {-1, 1, INT32_MAX}) {
    EXPECT_EQ(net.bind_input(i, buffer, 16).code(), Code::kBadArgument);
    EXPECT_EQ(net.bind_output(i, buffer, 16).code(), Code::kBadArgument);
  }
  EXPECT_EQ(invoke(net, {1, 2, 3, 4}), (Numbers{2, 3, 4, 5}));
}

TEST(Interpreter, OutOfRangeIsNull) {
  const Loaded m(chain(1));
  const Arena arena = arena_of(m.need());
  const Interpreter net = m.plan(arena);
  for (const int i : {-1, 1, INT32_MAX, INT32_MIN}) {
    EXPECT_EQ(net.input(i), nullptr);
    EXPECT_EQ(net.output(i), nullptr);
    EXPECT_EQ(net.input(0, i), nullptr);
    EXPECT_EQ(net.tensor(0, i).index, -1);
    EXPECT_EQ(net.steps(i), 0);
    EXPECT_EQ(net.signature_subgraph(i), -1);
  }
  EXPECT_EQ(net.tensor(2).index, -1);
  EXPECT_EQ(net.signature_subgraph(0), -1);
  EXPECT_EQ(Interpreter().inputs(), 0);
  EXPECT_EQ(Interpreter().output(0), nullptr);
}

TEST(Interpreter, ShowsTensorsAsTypedSpans) {
  const Loaded m(diamond());
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  const Span<int32_t> in = elements_of<int32_t>(net.input(0));
  ASSERT_EQ(in.size(), 5u);
  std::fill(in.begin(), in.end(), 4);
  ASSERT_TRUE(net.invoke().ok());
  const Span<const int32_t> out = elements_of<const int32_t>(net.output(0));
  EXPECT_EQ(Numbers(out.begin(), out.end()), Numbers(5, 10));
  EXPECT_TRUE(elements_of<int8_t>(net.input(0)).empty());
  EXPECT_TRUE(elements_of<int64_t>(net.input(0)).empty());
  EXPECT_TRUE(elements_of<int32_t>(net.input(1)).empty());
}

TEST(Interpreter, TakesOtherShapesFromTheStart) {
  const InputShape wanted[] = {{.input = 0, .shape = Shape::of(2, 3)}};
  Options options;
  options.shapes = wanted;
  const Loaded m(diamond());
  const Arena arena = arena_of(m.need(options));
  Interpreter net = m.plan(arena, options);
  EXPECT_EQ(net.output(0)->shape, Shape::of(2, 3));
  EXPECT_EQ(invoke(net, {1, 2, 3, 4, 5, 6}), Numbers(6, 9));
}

TEST(Interpreter, Resizes) {
  const Loaded m(diamond());
  const InputShape larger[] = {{.input = 0, .shape = Shape::of(9)}};
  Options options;
  options.shapes = larger;
  const Arena arena = arena_of(m.need(options));
  Interpreter net = m.plan(arena);
  EXPECT_EQ(invoke(net, {1, 2, 3, 4, 5}), Numbers(5, 8));
  Message why;
  ASSERT_TRUE(net.resize(larger, &why).ok()) << why.text();
  EXPECT_EQ(invoke(net, {1, 2, 3, 4, 5, 6, 7, 8, 9}), Numbers(9, 12));
  const InputShape smaller[] = {{.input = 0, .shape = Shape::of(1)}};
  ASSERT_TRUE(net.resize(smaller, &why).ok()) << why.text();
  EXPECT_EQ(invoke(net, {1}), Numbers{4});
  const InputShape empty[] = {{.input = 0, .shape = Shape::of(0)}};
  ASSERT_TRUE(net.resize(empty, &why).ok()) << why.text();
  EXPECT_EQ(invoke(net, {}), Numbers{});
}

TEST(Interpreter, ARefusedResizeChangesNothing) {
  const Loaded m(stateful());
  const Arena arena = arena_of(m.need() + 256);
  Interpreter net = m.plan(arena);
  EXPECT_EQ(invoke(net, {3}), Numbers{3});
  const std::vector<uint8_t> before(arena.span().begin(), arena.span().end());
  const std::pair<InputShape, Code> refused[] = {
      {{.input = 0, .shape = Shape::of(2)}, Code::kBadModel},  // ACCUMULATE: shapes differ
      {{.input = 1, .shape = Shape::of(1)}, Code::kBadArgument},
      {{.input = -1, .shape = Shape::of(1)}, Code::kBadArgument},
      {{.input = 0, .shape = Shape::of(-1)}, Code::kBadArgument},
      {{.input = 0, .shape = Shape::of(1 << 30, 1 << 30)}, Code::kBadArgument},
  };
  for (const auto& [shape, code] : refused) {
    Message why;
    EXPECT_EQ(net.resize({&shape, 1}, &why).code(), code) << why.text();
    EXPECT_FALSE(why.empty());
    ASSERT_TRUE(std::equal(before.begin(), before.end(), arena.span().begin()));
  }
  EXPECT_EQ(invoke(net, {4}), Numbers{7});
}

TEST(Interpreter, AResizeThatDoesNotFitNamesTheSize) {
  const Loaded m(diamond());
  const InputShape larger[] = {{.input = 0, .shape = Shape::of(50)}};
  Options options;
  options.shapes = larger;
  const size_t need = m.need(options);
  for (size_t size = m.need(); size < need; size += 16) {
    const Arena arena = arena_of(size);
    Interpreter net = m.plan(arena);
    Message why;
    ASSERT_EQ(net.resize(larger, &why).code(), Code::kArenaTooSmall);
    ASSERT_TRUE(contains(why.text(), "needs " + std::to_string(need))) << why.text();
    ASSERT_EQ(invoke(net, {1, 2, 3, 4, 5}), Numbers(5, 8));
  }
}

TEST(Interpreter, SeveralShareOneModel) {
  const Loaded m(stateful());
  std::vector<std::unique_ptr<Arena>> arenas;
  std::vector<Interpreter> nets;
  for (int i = 0; i < 4; ++i) {
    arenas.push_back(std::make_unique<Arena>(m.need() + 64, Against::kUpperGuard, 16));
    nets.push_back(m.plan(*arenas.back()));
  }
  for (int32_t round = 1; round <= 3; ++round) {
    for (int32_t i = 0; i < 4; ++i) {
      EXPECT_EQ(invoke(nets[static_cast<size_t>(i)], {i}), Numbers{i * round});
    }
  }
}

TEST(Interpreter, VariablesKeepTheirValuesUntilReset) {
  const Loaded m(stateful());
  const Arena arena = arena_of(m.need() + 64);
  Interpreter net = m.plan(arena);
  EXPECT_EQ(invoke(net, {3}), Numbers{3});
  EXPECT_EQ(invoke(net, {4}), Numbers{7});
  net.reset_variables();
  EXPECT_EQ(invoke(net, {2}), Numbers{2});
}

TEST(Interpreter, ShapesThatDependOnValues) {
  const Loaded m(stateful());
  const Arena arena = arena_of(m.need() + 4096);
  Interpreter net = m.plan(arena);
  EXPECT_EQ(invoke(net, {3}, 1), (Numbers{1, 2, 3}));
  EXPECT_EQ(net.output(1)->storage, Storage::kDynamic);
  EXPECT_EQ(invoke(net, {0}, 1), Numbers{});
  // Nothing is left behind by an invocation: it can be repeated for ever.
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(invoke(net, {5}, 1), (Numbers{1, 2, 3, 4, 5}));
}

TEST(Interpreter, ValuesThatDoNotFitFailThatInvocationOnly) {
  const Loaded m(stateful());
  const Arena arena = arena_of(m.need() + 512);
  Interpreter net = m.plan(arena);
  int32_t fits = 0;
  bool refused = false;
  for (int32_t n = 0; n < 300; ++n) {
    set(net.input(0), {n});
    Message why;
    const Status status = net.invoke(&why);
    if (status.ok()) {
      ASSERT_EQ(net.output(1)->elements(), n);
      ASSERT_FALSE(refused) << "less fitted before";
      fits = n;
    } else {
      ASSERT_EQ(status.code(), Code::kArenaTooSmall) << why.text();
      ASSERT_FALSE(why.empty());
      refused = true;
    }
  }
  EXPECT_TRUE(refused);
  EXPECT_GT(fits, 0);
  EXPECT_EQ(invoke(net, {2}, 1), (Numbers{1, 2}));
}

TEST(Interpreter, AbsurdValuesAreRefused) {
  const Loaded m(stateful());
  const Arena arena = arena_of(m.need() + 512);
  Interpreter net = m.plan(arena);
  for (const int32_t n : {-1, INT32_MIN, INT32_MAX, 1 << 30}) {
    set(net.input(0), {n});
    Message why;
    EXPECT_FALSE(net.invoke(&why).ok()) << n;
    EXPECT_TRUE(contains(why.text(), "COUNT")) << why.text();
  }
}

TEST(Interpreter, ARunThatFailsNamesTheOperator) {
  ModelBuilder b;
  for (int i = 0; i < 3; ++i) b.tensor({.shape = Shape::of(2)});
  b.node("ADD_ONE", {0}, {1});
  b.node("REFUSE_NEGATIVE", {1}, {2});
  b.inputs({0});
  b.outputs({2});
  const Loaded m(b);
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  set(net.input(0), {0, -5});
  Message why;
  EXPECT_EQ(net.invoke(&why).code(), Code::kRunFailed);
  EXPECT_STREQ(why.text(), "REFUSE_NEGATIVE (operator 1): value -4 is negative");
  EXPECT_EQ(net.invoke().code(), Code::kRunFailed);  // nobody has to listen
  EXPECT_EQ(invoke(net, {1, 2}), (Numbers{2, 3}));
}

TEST(Interpreter, RunsTheSubgraphOfASignature) {
  ModelBuilder b = chain(1);
  b.begin_subgraph();
  for (int i = 0; i < 2; ++i) b.tensor({.shape = Shape::of(2)});
  b.node("REVERSE", {0}, {1});
  b.inputs({0});
  b.outputs({1});
  b.signature("add", 0);
  b.signature("turn", 1);
  const Loaded m(b);
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  const int turn = m.model.find_signature("turn");
  ASSERT_EQ(net.signature_subgraph(turn), 1);
  set(net.input(0, 1), {3, 4});
  ASSERT_TRUE(net.invoke_signature(turn).ok());
  EXPECT_EQ(get(net.output(0, 1)), (Numbers{4, 3}));
  set(net.input(0), {1, 2, 3, 4});
  ASSERT_TRUE(net.invoke_signature(m.model.find_signature("add")).ok());
  EXPECT_EQ(get(net.output(0)), (Numbers{2, 3, 4, 5}));
  EXPECT_EQ(get(net.output(0, 1)), (Numbers{4, 3}));
  for (const int wrong : {-1, 2}) {
    Message why;
    EXPECT_EQ(net.invoke_signature(wrong, &why).code(), Code::kBadArgument);
    EXPECT_FALSE(why.empty());
  }
}

TEST(Interpreter, CallsASubgraphTwice) {
  ModelBuilder b;
  for (int i = 0; i < 3; ++i) b.tensor({.shape = Shape::of(2)});
  b.node("CALL", {0}, {1}, {1});
  b.node("CALL", {1}, {2}, {1});
  b.inputs({0});
  b.outputs({2});
  b.begin_subgraph();
  for (int i = 0; i < 2; ++i) b.tensor({.shape = Shape::of(2)});
  b.node("ADD_ONE", {0}, {1});
  b.inputs({0});
  b.outputs({1});
  const Loaded m(b);
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  EXPECT_EQ(invoke(net, {1, 2}), (Numbers{3, 4}));
}

// What depends on constants and shapes alone is computed once: the steps vanish.
TEST(Interpreter, ComputesConstantsAtPlanTime) {
  ModelBuilder b;
  const int in = b.tensor({.shape = Shape::of(3)});
  const int three = b.tensor({.shape = Shape::of(1)});
  const int four = b.tensor({.shape = Shape::of(1)});
  const int counted = b.tensor({.shape = Shape::of(4)});
  const int out = b.tensor({.shape = Shape::of(4)});
  const int copied = b.tensor({.shape = Shape::of(3)});
  b.node("SHAPE_OF", {in}, {three});
  b.node("ADD_ONE", {three}, {four});
  b.node("COUNT", {four}, {counted});
  b.node("ADD_ONE", {counted}, {out});
  b.node("COPY", {in}, {copied});
  b.inputs({in});
  b.outputs({out, copied});
  const Loaded m(b);
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  // SHAPE_OF gives the shape [3], so ADD_ONE 4. An output of the model keeps its step.
  ASSERT_EQ(net.steps(), 2);
  EXPECT_STREQ(net.step(0).op, "ADD_ONE");
  EXPECT_STREQ(net.step(0).variant, "portable");
  EXPECT_EQ(net.step(0).node, 3);
  EXPECT_STREQ(net.step(1).op, "COPY");
  EXPECT_EQ(invoke(net, {7, 8, 9}), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(get(net.output(1)), (Numbers{7, 8, 9}));
  // With other shapes come other constants.
  const InputShape five[] = {{.input = 0, .shape = Shape::of(5)}};
  Options options;
  options.shapes = five;
  const Arena larger = arena_of(m.need(options));
  Interpreter other_net = m.plan(larger, options);
  EXPECT_EQ(invoke(other_net, {0, 0, 0, 0, 0}), (Numbers{1, 2, 3, 4, 5, 6}));
}

TEST(Interpreter, AliasesOfConstantsAreConstants) {
  // Far more than what is kept when it has to be computed.
  Numbers large(100000);
  for (size_t i = 0; i < large.size(); ++i) large[i] = static_cast<int32_t>(i);
  ModelBuilder b;
  const Shape shape = Shape::of(large.size());
  const int in = b.tensor({.shape = shape});
  const int constant = b.tensor({.shape = shape, .bytes = bytes_of(large)});
  const int alias = b.tensor({.shape = shape});
  const int out = b.tensor({.shape = shape});
  b.node("COPY", {constant}, {alias});
  b.node("SUM", {in, alias}, {out});
  b.inputs({in});
  b.outputs({out});
  const Loaded m(b);
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  ASSERT_EQ(net.steps(), 1);
  EXPECT_LT(net.memory().persistent_bytes, large.size());
  EXPECT_EQ(net.tensor(alias).data, net.tensor(constant).data);
  EXPECT_EQ(invoke(net, Numbers(large.size(), 0)), large);
}

}  // namespace
}  // namespace pipit::test
