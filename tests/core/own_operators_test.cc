// SPDX-License-Identifier: Apache-2.0
// Operators that an application brings: with state, scratch memory, options and a pointer of its
// own; and resources that operators share by handles.
#include <cstring>
#include <vector>

#include "core/flexbuffer.h"
#include "kernels/ops/compute.h"
#include "pipit/op.h"
#include "tests/core/small_nets.h"

namespace pipit::test {
namespace {

// ---- BLUR: the mean of the last two inputs, times a factor of the application, in the order that
// the options ask for

struct Blur {
  int32_t* before;
  int32_t factor;
  bool backwards;
};

Status run_blur(const Step& s, Run&) {
  const auto& p = *s.params<Blur>();
  auto* sums = reinterpret_cast<int32_t*>(s.scratch);
  const int32_t n = s.input(0).elements();
  for (int32_t i = 0; i < n; ++i) {
    const int32_t now = s.input(0).as<int32_t>()[i];
    sums[i] = (now + p.before[i]) / 2 * p.factor;
    p.before[i] = now;
  }
  for (int32_t i = 0; i < n; ++i) s.output(0).as<int32_t>()[i] = sums[p.backwards ? n - 1 - i : i];
  return {};
}

Status prepare_blur(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  const auto n = static_cast<size_t>(p.input(0).elements());
  Blur* blur = p.allocate<Blur>();
  if (blur == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(p.state(n, &blur->before));
  if (p.user() == nullptr) return p.unsupported("without a factor");
  blur->factor = *static_cast<const int32_t*>(p.user());
  blur->backwards = p.custom_options().size() == 1 && p.custom_options()[0] != 0;
  p.scratch(n * sizeof(int32_t));
  return p.run(run_blur, blur, "mine");
}

ModelBuilder blurred(uint8_t backwards, int32_t n = 3) {
  ModelBuilder b;
  b.tensor({.shape = Shape::of(n)});
  b.tensor({.shape = Shape::of(n)});
  b.node("BLUR", {0}, {1}, {backwards});
  b.inputs({0});
  b.outputs({1});
  return b;
}

// ---- WATCHED: tells what it was planned for

struct Plans {
  std::vector<bool>* measured;
};

Status run_watched(const Step& s, Run&) {
  std::memcpy(s.output(0).data, s.input(0).data, s.input(0).bytes);
  return {};
}

Status prepare_watched(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  bool computed = false;
  compute(p, [&] { computed = true; });
  static_cast<const Plans*>(p.user())->measured->push_back(!computed);
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  return p.run(run_watched, nullptr, "mine");
}

// What constants give may decide about shapes, so it is computed even where only sizes are asked
// for.
TEST(OwnOperators, KnowWhetherOnlyTheSizeOfThePlanIsWanted) {
  ModelBuilder b;
  for (int i = 0; i < 3; ++i) b.tensor({.shape = Shape::of(2)});
  b.tensor({.shape = Shape::of(2), .bytes = bytes_of<int32_t>({1, 2})});
  b.node("WATCHED", {0}, {1}, {});
  b.node("WATCHED", {3}, {2}, {});
  b.inputs({0});
  b.outputs({1, 2});
  const Loaded m(b);
  std::vector<bool> measured;
  const Plans plans = {&measured};
  const Op op = {kCustomOp, "WATCHED", prepare_watched, 0, &plans};
  const Op* const list[] = {&op};
  Options options;
  options.operators = list;
  const Arena arena = arena_of(m.need(options));
  EXPECT_EQ(measured, (std::vector<bool>{true, false}));
  measured.clear();
  Interpreter net = m.plan(arena, options);
  EXPECT_EQ(measured, (std::vector<bool>{false, false}));
  set(net.input(0), {7, 8});
  ASSERT_TRUE(net.invoke().ok());
  EXPECT_EQ(get(net.output(0)), (Numbers{7, 8}));
  EXPECT_EQ(get(net.output(1)), (Numbers{1, 2}));
}

struct OwnOperators {
  int32_t factor = 10;
  Op blur = {kCustomOp, "BLUR", prepare_blur, kOpNoFold, &factor};
  const Op* list[1] = {&blur};
  Options options = {};
  OwnOperators() { options.operators = list; }
};

TEST(OwnOperators, HaveStateScratchOptionsAndAPointer) {
  const OwnOperators own;
  for (const uint8_t backwards : {uint8_t{0}, uint8_t{1}}) {
    const Loaded m(blurred(backwards));
    const Arena arena = arena_of(m.need(own.options));
    Interpreter net = m.plan(arena, own.options);
    EXPECT_STREQ(net.step(0).op, "BLUR");
    EXPECT_STREQ(net.step(0).variant, "mine");
    for (int round = 0; round < 2; ++round) {
      Numbers first = {10, 20, 30}, second = {60, 40, 20};
      if (backwards != 0) std::reverse(first.begin(), first.end());
      if (backwards != 0) std::reverse(second.begin(), second.end());
      EXPECT_EQ(invoke(net, {2, 4, 6}), first);
      EXPECT_EQ(invoke(net, {10, 4, -2}), second);
      net.reset_variables();
    }
  }
}

TEST(OwnOperators, AreUnknownToOthers) {
  const Loaded m(blurred(0));
  Message why;
  EXPECT_FALSE(check_operators(m.model, test_ops(), {}, &why).ok());
  EXPECT_TRUE(contains(why.text(), "custom 'BLUR'")) << why.text();
  EXPECT_TRUE(check_operators(m.model, test_ops(), OwnOperators().options, &why).ok());
}

TEST(OwnOperators, ReplaceThoseOfTheTable) {
  OwnOperators own;
  own.blur.name = "ADD_ONE";
  const Loaded m(chain(1, Shape::of(1)));
  const Arena arena = arena_of(m.need(own.options));
  Interpreter net = m.plan(arena, own.options);
  EXPECT_EQ(invoke(net, {4}), (Numbers{20}));
}

// ---- resources: HANDLE makes one, KEEP stores 0, 1, ..., n - 1 in it, RECALL sums it up

extern const Op kHandle;

Status run_handle(const Step& s, Run&) {
  std::memcpy(s.output(0).data, s.params<int32_t>(), sizeof(int32_t));
  return {};
}

Status prepare_handle(Prepare& p) {
  int32_t* number = p.allocate<int32_t>();
  if (number == nullptr) return Code::kArenaTooSmall;
  ResourceName name;
  name.number = p.custom_options()[0];
  PIPIT_TRY(p.make_resource(name, number));
  PIPIT_TRY(p.set_output(0, Shape()));
  p.fold();
  return p.run(run_handle, number);
}

Status run_keep(const Step& s, Run& run) {
  Resource* r = run.resource(s.input(0), kHandle);
  if (r == nullptr) return run.fail(s, "no resource");
  const int32_t n = s.input(1).as<int32_t>()[0];
  PIPIT_TRY(run.resize(s, r, static_cast<size_t>(n) * sizeof(int32_t)));
  for (int32_t i = 0; i < n; ++i) reinterpret_cast<int32_t*>(r->data)[i] = i;
  r->is_set = true;
  return {};
}

Status prepare_keep(Prepare& p) {
  p.reserve_resource(0, kHandle, 2 * sizeof(int32_t));
  return p.run(run_keep);
}

Status run_recall(const Step& s, Run& run) {
  const Resource* r = run.resource(s.input(0), kHandle);
  if (r == nullptr || !r->is_set) return run.fail(s, "nothing is kept");
  int32_t sum = 0;
  for (size_t i = 0; i < r->bytes / sizeof(int32_t); ++i) {
    sum += reinterpret_cast<const int32_t*>(r->data)[i];
  }
  s.output(0).as<int32_t>()[0] = sum;
  return {};
}

Status prepare_recall(Prepare& p) {
  PIPIT_TRY(p.set_output(0, Shape::of(1)));
  return p.run(run_recall);
}

const Op kHandle = {kCustomOp, "HANDLE", prepare_handle, kOpNoFold | kOpMakesResource};
const Op kKeep = {kCustomOp, "KEEP", prepare_keep, kOpNoFold};
const Op kRecall = {kCustomOp, "RECALL", prepare_recall, kOpNoFold};
const Op* const kResourceOps[] = {&kHandle, &kKeep, &kRecall};

constexpr int kHandles = 3;

// Input i: how many numbers resource i is to hold; output i: their sum. All are recalled only when
// all are kept.
ModelBuilder keepers() {
  ModelBuilder b;
  std::vector<int> handles, in, out;
  for (int i = 0; i < kHandles; ++i) {
    handles.push_back(b.tensor({.type = Type::kResource, .shape = Shape()}));
    in.push_back(b.tensor({.shape = Shape::of(1)}));
    out.push_back(b.tensor({.shape = Shape::of(1)}));
    b.node("HANDLE", {}, {handles.back()}, {static_cast<uint8_t>(i)});
  }
  for (size_t i = 0; i < kHandles; ++i) b.node("KEEP", {handles[i], in[i]}, {});
  for (size_t i = 0; i < kHandles; ++i) b.node("RECALL", {handles[i]}, {out[i]});
  b.inputs(in);
  b.outputs(out);
  return b;
}

int32_t sum_below(int32_t n) { return n * (n - 1) / 2; }

Status keep(Interpreter& net, const Numbers& sizes, Message* why) {
  for (int i = 0; i < kHandles; ++i) set(net.input(i), {sizes[static_cast<size_t>(i)]});
  return net.invoke(why);
}

void expect_kept(Interpreter& net, const Numbers& sizes) {
  Message why;
  ASSERT_TRUE(keep(net, sizes, &why).ok()) << why.text();
  for (int i = 0; i < kHandles; ++i) {
    EXPECT_EQ(get(net.output(i)), Numbers{sum_below(sizes[static_cast<size_t>(i)])}) << i;
  }
}

TEST(Resources, GrowAtTheEndOfTheArena) {
  Options options;
  options.operators = kResourceOps;
  const Loaded m(keepers());
  const size_t need = m.need(options);
  constexpr size_t kMore = 1024;
  const Arena arena = arena_of(need + kMore);
  Interpreter net = m.plan(arena, options);
  for (int round = 0; round < 2; ++round) {
    expect_kept(net, {2, 2, 2});
    expect_kept(net, {2, 9, 2});
    expect_kept(net, {30, 10, 2});
    expect_kept(net, {31, 60, 40});
    expect_kept(net, {100, 60, 5});
    Message why;
    EXPECT_EQ(keep(net, {100, 20000, 5}, &why).code(), Code::kArenaTooSmall);
    EXPECT_TRUE(contains(why.text(), "keeps 80000 bytes")) << why.text();
    net.reset_variables();
  }
}

TEST(Resources, FitTheSmallestArenaWhenTheirSizeIsPlanned) {
  Options options;
  options.operators = kResourceOps;
  const Loaded m(keepers());
  const Arena arena = arena_of(m.need(options));
  Interpreter net = m.plan(arena, options);
  expect_kept(net, {2, 1, 0});
  Message why;
  EXPECT_EQ(keep(net, {2, 20000, 0}, &why).code(), Code::kArenaTooSmall) << why.text();
}

TEST(Resources, AreSafeWhereActivationsAreShared) {
  const Loaded m(keepers());
  Options options;
  options.operators = kResourceOps;
  const auto memory = Interpreter::required_memory(m.model, test_ops(), options);
  ASSERT_TRUE(memory.ok());
  const Arena activations = arena_of(memory.value().activation_bytes + 512);
  options.activations = activations.span();
  const Arena arena = arena_of(memory.value().separate_bytes + 512);
  Interpreter net = m.plan(arena, options);
  expect_kept(net, {50, 2, 2});
}

}  // namespace
}  // namespace pipit::test
