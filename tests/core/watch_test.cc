// SPDX-License-Identifier: Apache-2.0
// Faults planted in a plan: two values in one place, and steps that write where they may not.
#include "tests/support/watch.h"

#include "tests/core/small_nets.h"

namespace pipit::test {
namespace {

// diamond(): 1 = ADD_ONE 0, 2 = REVERSE 1, 3 = COPY 1, 4 = SUM 2 3.
class Planned {
 public:
  explicit Planned(const ModelBuilder& b)
      : model_(b),
        arena_(arena_of(model_.need(preserving()))),
        net_(model_.plan(arena_, preserving())) {
    EXPECT_EQ(find_overlap(state()), "");
  }

  State& state() const { return state_in(arena_.span()); }
  Graph& graph() const { return *state().newest; }
  std::string invoke() {
    Watch watch(state());
    Numbers in = {1, 2, 3, 4, 5};
    in.resize(static_cast<size_t>(net_.input(0)->elements()));
    set(net_.input(0), in);
    EXPECT_TRUE(net_.invoke().ok());
    return watch.wrong();
  }

 private:
  static Options preserving() {
    Options options;
    options.preserve_inputs = true;
    return options;
  }

  Loaded model_;
  Arena arena_;
  Interpreter net_;
};

TEST(Watch, FindsNothingWrongWithAPlan) { EXPECT_EQ(Planned(diamond()).invoke(), ""); }

TEST(Watch, FindsTensorsInOnePlace) {
  Planned net(diamond());
  net.graph().tensors.find(2)->data = net.graph().tensors[0].as<uint8_t>() + 16;
  EXPECT_EQ(find_overlap(net.state()),
            "tensor 0 of subgraph 0 and tensor 2 of subgraph 0 share bytes while both are needed");
  EXPECT_EQ(net.invoke(),
            "REVERSE (operator 1) changes tensor 0 of subgraph 0, which is read later");
}

TEST(Watch, FindsWhatIsWrittenOverAnInputThatIsStillRead) {
  Planned net(diamond());
  net.graph().tensors.find(2)->data = net.graph().tensors[1].data;
  EXPECT_EQ(net.invoke(),
            "REVERSE (operator 1) changes tensor 1 of subgraph 0, which is read later");
}

TEST(Watch, FindsScratchMemoryInATensor) {
  Planned net(diamond());
  net.graph().steps[1].scratch = net.graph().tensors[0].as<uint8_t>();
  EXPECT_EQ(net.invoke(),
            "REVERSE (operator 1) changes tensor 0 of subgraph 0, which is read later");
}

TEST(Watch, FindsWhatIsWrittenIntoThePlan) {
  Planned net(diamond(Shape::of(1)));
  net.graph().steps[1].scratch = reinterpret_cast<uint8_t*>(&net.graph().steps[0].variant);
  EXPECT_EQ(net.invoke(), "REVERSE (operator 1) changes the plan");
}

TEST(Watch, PassesOverAGraphThatHasNoPlan) {
  const Planned net(diamond());
  Graph unplanned;  // as a failed invocation leaves it until the next
  unplanned.file = net.graph().file;
  unplanned.older = net.state().newest;
  net.state().newest = &unplanned;
  EXPECT_EQ(find_overlap(net.state()), "");
}

TEST(Watch, FindsEntriesAndVariablesInOnePlace) {
  ModelBuilder b = diamond();
  b.begin_subgraph();
  b.tensor({.shape = Shape::of(1)});
  b.tensor({.shape = Shape::of(1), .variable = true});
  b.tensor({.shape = Shape::of(1)});
  b.node("ACCUMULATE", {1, 0}, {2});
  b.inputs({0});
  b.outputs({2});
  b.signature("side", 1);
  Planned net(b);
  void*& side = net.state().subgraphs[1].first->home[0];
  void* const place = side;
  side = net.state().subgraphs[0].first->home[0];
  EXPECT_NE(find_overlap(net.state()), "");
  side = place;
  EXPECT_EQ(find_overlap(net.state()), "");
  net.state().subgraphs[1].variables = reinterpret_cast<uint8_t*>(net.graph().steps);
  EXPECT_NE(find_overlap(net.state()), "");
}

// ---- what planning itself checks at its end

// Places everything once more, after a fault in what there is.
template <class Spoil>
std::string placed_again(Spoil spoil) {
  ModelBuilder b = diamond();
  b.tensor({.shape = Shape::of(4), .variable = true});
  const Planned net(b);
  State& state = net.state();
  for (Tensor& t : net.graph().tensors) {
    if (t.storage == Storage::kActivation) t.data = nullptr;
  }
  spoil(state, net.graph());
  Message why;
  return bind_addresses(state, &why).ok() ? "" : why.text();
}

TEST(Plan, DoesNotLeadOutsideOfItsMemory) {
  EXPECT_EQ(placed_again([](State&, Graph&) {}), "");
  const std::string outside = "internal error: the plan leads outside of its memory";
  EXPECT_EQ(placed_again([](State&, Graph& g) { g.tensors.find(5)->bytes = 1 << 20; }), outside);
  EXPECT_EQ(placed_again([](State& s, Graph& g) { g.tensors.find(5)->data = s.arena.base() - 16; }),
            outside);
}

}  // namespace
}  // namespace pipit::test
