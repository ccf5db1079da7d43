// SPDX-License-Identifier: Apache-2.0
// Models of which only a part can run, and interpreters whose plan is lost.
#include "pipit/op.h"
#include "tests/core/small_nets.h"

namespace pipit::test {
namespace {

// `main` is subgraph 0, `side` subgraph 1.
ModelBuilder two_signatures(const char* main, const char* side) {
  ModelBuilder b;
  for (const char* op : {main, side}) {
    if (op == side) b.begin_subgraph();
    b.tensor({.shape = Shape::of(4)});
    b.tensor({.shape = Shape::of(4)});
    b.node(op, {0}, {1});
    b.inputs({0});
    b.outputs({1});
  }
  b.signature("main", 0, {{"x", 0}}, {{"y", 1}});
  b.signature("side", 1, {{"x", 0}}, {{"y", 1}});
  return b;
}

TEST(Entries, ThatCannotRunAreLeftOut) {
  const Loaded m(two_signatures("ADD_ONE", "FlexSave"));
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  EXPECT_EQ(invoke(net, {1, 2, 3, 4}), (Numbers{2, 3, 4, 5}));
  Message why;
  EXPECT_EQ(net.runs(1, &why).code(), Code::kUnsupported);
  EXPECT_TRUE(contains(why.text(), "custom 'FlexSave'")) << why.text();
  why.clear();
  EXPECT_EQ(net.invoke_signature(1, &why).code(), Code::kUnsupported);
  EXPECT_TRUE(contains(why.text(), "custom 'FlexSave'")) << why.text();
  EXPECT_EQ(net.inputs(1), 0);
  why.clear();
  EXPECT_FALSE(check_operators(m.model, test_ops(), {}, &why).ok());
  EXPECT_TRUE(contains(why.text(), "custom 'FlexSave'")) << why.text();
}

TEST(Entries, SubgraphZeroIsNeededUnlessTheApplicationSaysOtherwise) {
  const Loaded m(two_signatures("FlexSave", "ADD_ONE"));
  Message why;
  EXPECT_EQ(Interpreter::required_memory(m.model, test_ops(), {}, &why).status().code(),
            Code::kUnsupported);
  EXPECT_TRUE(contains(why.text(), "custom 'FlexSave'")) << why.text();
  Options options;
  options.main_may_fail = true;
  const Arena arena = arena_of(m.need(options));
  Interpreter net = m.plan(arena, options);
  EXPECT_FALSE(net.invoke().ok());
  set(net.input(0, 1), {1, 2, 3, 4});
  EXPECT_TRUE(net.invoke_signature(1).ok());
  EXPECT_EQ(get(net.output(0, 1)), (Numbers{2, 3, 4, 5}));
}

TEST(Entries, SomethingHasToRun) {
  const Loaded m(two_signatures("FlexSave", "FlexRestore"));
  Options options;
  options.main_may_fail = true;
  Message why;
  EXPECT_EQ(Interpreter::required_memory(m.model, test_ops(), options, &why).status().code(),
            Code::kUnsupported);
  EXPECT_TRUE(contains(why.text(), "custom 'FlexSave'")) << why.text();
}

TEST(Entries, WhatIsAskedForHasToRun) {
  const Loaded m(two_signatures("ADD_ONE", "FlexSave"));
  const InputShape shape = {0, Shape::of(2), 1};
  Options options;
  options.shapes = {&shape, 1};
  EXPECT_FALSE(Interpreter::required_memory(m.model, test_ops(), options).ok());
}

TEST(Entries, ShapesAreForSubgraphsThatAreThere) {
  const Loaded m(chain(1));
  const Arena arena = arena_of(m.need());
  Interpreter net = m.plan(arena);
  for (const int subgraph : {-1, 1, INT32_MAX}) {
    const InputShape shape = {0, Shape::of(2), subgraph};
    Message why;
    EXPECT_EQ(net.resize({&shape, 1}, &why).code(), Code::kBadArgument);
    EXPECT_TRUE(contains(why.text(), "there is no such subgraph")) << why.text();
  }
  EXPECT_EQ(invoke(net, {1, 2, 3, 4}), (Numbers{2, 3, 4, 5}));
}

// ---- FICKLE: accepts so many times

Status run_fickle(const Step&, Run&) { return {}; }

Status prepare_fickle(Prepare& p) {
  int& left = *static_cast<int*>(const_cast<void*>(p.user()));
  if (left-- <= 0) return p.unsupported("has changed its mind");
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  return p.run(run_fickle);
}

TEST(Entries, AnOperatorThatChangesItsMindLeavesNothingToRun) {
  ModelBuilder b;
  b.tensor({.shape = Shape::of(4)});
  b.tensor({.shape = Shape::of(4)});
  b.node("FICKLE", {0}, {1});
  b.inputs({0});
  b.outputs({1});
  const Loaded m(b);
  int left = 1000;
  const Op op = {kCustomOp, "FICKLE", prepare_fickle, 0, &left};
  const Op* const list[] = {&op};
  Options options;
  options.operators = list;
  const Arena arena = arena_of(m.need(options));
  Interpreter net = m.plan(arena, options);
  const InputShape shape = {0, Shape::of(2)};
  left = 1;  // to measure
  Message why;
  EXPECT_EQ(net.resize({&shape, 1}, &why).code(), Code::kUnsupported);
  EXPECT_TRUE(contains(why.text(), "has changed its mind")) << why.text();
  why.clear();
  EXPECT_EQ(net.invoke(&why).code(), Code::kBadArgument);
  EXPECT_TRUE(contains(why.text(), "there is no plan")) << why.text();
  EXPECT_EQ(net.input(0), nullptr);
  EXPECT_EQ(net.inputs(), 0);
  EXPECT_EQ(net.steps(), 0);
  net.reset_variables();
  left = 2;
  EXPECT_TRUE(net.resize({&shape, 1}, &why).ok());
  EXPECT_TRUE(net.invoke().ok());
  EXPECT_EQ(net.input(0)->shape, Shape::of(2));
}

}  // namespace
}  // namespace pipit::test
