// SPDX-License-Identifier: Apache-2.0
// Delegates: what they are shown, what becomes of their claims, and that results stay the same.
#include "pipit/delegate.h"

#include <string>
#include <vector>

#include "tests/core/small_nets.h"

namespace pipit::test {
namespace {

// Computes ADD_ONE, SUM, COPY and REVERSE, as far as its list says, from what the file says.
struct Adder {
  std::vector<std::string> wanted;
  std::vector<std::string> seen;
  int runs = 0;
  bool tired = false;
  bool fails = false;
  Delegate delegate = {"adder", this, claims, prepare};

  static Adder& of(const Delegate& d) { return *static_cast<Adder*>(d.context); }

  static bool claims(const Delegate& d, const Partition& p) {
    Adder& self = of(d);
    EXPECT_EQ(p.nodes(), 1);
    const std::string op = p.node(0).op;
    self.seen.push_back(op + std::to_string(p.number(0)));
    return std::find(self.wanted.begin(), self.wanted.end(), op) != self.wanted.end();
  }

  // What to compute, with bytes of its own for what lies between its nodes.
  struct Job {
    Adder* self;
    int nodes;
    struct Part {
      char op;
      int32_t n;
      int operands[2];  // >= 0: an input of the step; < 0: the result of part ~i
      int output;       // of the step, or -1
    } parts[8];
  };

  static int operand(const Partition& p, const Job& job, int tensor) {
    for (int i = 0; i < p.inputs(); ++i) {
      if (p.input(i).index == tensor) return i;
    }
    for (int i = 0; i < job.nodes; ++i) {
      if (p.node(i).outputs[0] == tensor) return ~i;
    }
    ADD_FAILURE() << "tensor " << tensor << " is nobody's";
    return 0;
  }

  static Status prepare(const Delegate& d, Partition& p) {
    if (of(d).fails) return p.fail(Code::kUnsupported, "out of order");
    Job* job = p.allocate<Job>();
    if (job == nullptr) return Code::kArenaTooSmall;
    job->self = &of(d);
    for (int i = 0; i < p.nodes(); ++i) {
      const Node node = p.node(i);
      Job::Part& part = job->parts[i];
      part = {node.op[0], p.tensor(node.outputs[0])->elements(), {0, 0}, -1};
      for (size_t k = 0; k < node.inputs.size(); ++k) {
        part.operands[k] = operand(p, *job, node.inputs[k]);
      }
      for (int o = 0; o < p.outputs(); ++o) {
        if (p.output(o).index == node.outputs[0]) part.output = o;
      }
      job->nodes = i + 1;
    }
    p.scratch(sizeof(int32_t) * 8 * 8);
    return p.run(run, job);
  }

  static Status run(const Step& s, Run& run) {
    const Job& job = *s.params<Job>();
    ++job.self->runs;
    if (job.self->tired) return run.fail(s, "tired");
    auto* between = reinterpret_cast<int32_t(*)[8]>(s.scratch);
    const auto value = [&](int operand, int32_t i) {
      return operand < 0 ? between[~operand][i] : s.input(operand).as<int32_t>()[i];
    };
    for (int part = 0; part < job.nodes; ++part) {
      const Job::Part& p = job.parts[part];
      for (int32_t i = 0; i < p.n; ++i) {
        int32_t& y = between[part][i];
        if (p.op == 'A') y = value(p.operands[0], i) + 1;
        if (p.op == 'C') y = value(p.operands[0], i);
        if (p.op == 'R') y = value(p.operands[0], p.n - 1 - i);
        if (p.op == 'S') y = value(p.operands[0], i) + value(p.operands[1], i);
        if (p.output >= 0) s.output(p.output).as<int32_t>()[i] = y;
      }
    }
    return {};
  }
};

// A model, planned with delegates.
struct Planned {
  Planned(const ModelBuilder& b, std::vector<const Delegate*> list, bool preserve_all = false)
      : loaded(b), delegates(std::move(list)), arena(make(preserve_all)) {
    net = loaded.plan(arena, options);
    net.delegation(&report);
  }
  Arena make(bool preserve_all) {
    options.delegates = delegates;
    options.preserve_inputs = true;
    options.preserve_all = preserve_all;
    return arena_of(loaded.need(options));
  }

  Loaded loaded;
  std::vector<const Delegate*> delegates;
  Options options;
  Arena arena;
  Interpreter net;
  Message report;
};

TEST(Delegates, ComputeWhatTheyClaim) {
  for (const std::vector<std::string>& wanted :
       std::vector<std::vector<std::string>>{{},
                                             {"ADD_ONE"},
                                             {"COPY"},
                                             {"SUM"},
                                             {"ADD_ONE", "SUM"},
                                             {"ADD_ONE", "REVERSE"},
                                             {"COPY", "SUM"},
                                             {"ADD_ONE", "REVERSE", "COPY", "SUM"}}) {
    for (const bool preserve_all : {false, true}) {
      Adder adder = {wanted, {}};
      Planned p(diamond(), {&adder.delegate}, preserve_all);
      EXPECT_EQ(invoke(p.net, {1, 2, 3, 4, 5}), (Numbers{8, 8, 8, 8, 8})) << p.report.text();
      EXPECT_EQ(invoke(p.net, {0, 0, 0, 0, 9}), (Numbers{11, 2, 2, 2, 11})) << p.report.text();
      EXPECT_EQ(adder.runs, 2 * p.net.partitions());
      if (preserve_all) {
        EXPECT_EQ(get(p.net.tensor(2)), (Numbers{10, 1, 1, 1, 1}));
      }
    }
  }
}

TEST(Delegates, AreReported) {
  Adder adder = {{"ADD_ONE", "SUM"}, {}};
  const Planned p(diamond(), {&adder.delegate});
  ASSERT_EQ(p.net.partitions(), 2);
  EXPECT_STREQ(p.net.partition(0).delegate, "adder");
  ASSERT_EQ(p.net.partition(1).nodes.size(), 1u);
  EXPECT_EQ(p.net.partition(1).nodes[0], 3);
  EXPECT_STREQ(p.report.text(), "adder computes 2 of 4 operators in 2 partitions: 0; 3");
  EXPECT_STREQ(p.net.step(0).op, "adder");
  EXPECT_STREQ(p.net.step(0).variant, "delegate");
  EXPECT_STREQ(p.net.step(1).op, "REVERSE");
  Adder all = {{"ADD_ONE"}, {}};
  EXPECT_STREQ(Planned(chain(4), {&all.delegate}).report.text(),
               "adder computes 4 of 4 operators in 1 partition: 0-3");
}

TEST(Delegates, TakeNoMemoryForWhatTheyKeepToThemselves) {
  Adder none, all = {{"ADD_ONE"}, {}};
  const Shape large = Shape::of(1 << 16);
  const Planned with(chain(6, large), {&all.delegate}), without(chain(6, large), {&none.delegate});
  EXPECT_EQ(with.net.tensor(3).storage, Storage::kNone);
  EXPECT_LE(with.net.memory().activation_bytes, without.net.memory().activation_bytes + 256);
}

TEST(Delegates, AreAskedInTurn) {
  Adder first = {{"COPY"}, {}}, second = {{"COPY", "REVERSE"}, {}};
  second.delegate.name = "other";
  Planned p(diamond(), {&first.delegate, &second.delegate});
  EXPECT_STREQ(p.report.text(),
               "adder computes 1 of 4 operators in 1 partition: 2; "
               "other computes 1 of 4 operators in 1 partition: 1");
  EXPECT_EQ(invoke(p.net, {1, 2, 3, 4, 5}), (Numbers{8, 8, 8, 8, 8}));
}

// ACCUMULATE keeps a variable, COUNT and what follows have shapes that values tell.
TEST(Delegates, AreNotShownWhatTheyCannotDo) {
  Adder adder = {{"ACCUMULATE", "COUNT", "ADD_ONE"}, {}};
  Planned p(stateful(), {&adder.delegate});
  EXPECT_TRUE(adder.seen.empty());
  EXPECT_EQ(p.net.partitions(), 0);
  EXPECT_STREQ(p.report.text(), "adder computes 0 of 3 operators in 0 partitions");
}

TEST(Delegates, FailInTheirOwnName) {
  Adder adder = {{"REVERSE", "COPY"}, {}};
  Planned p(diamond(), {&adder.delegate});
  adder.tired = true;
  Message why;
  EXPECT_EQ(p.net.invoke(&why).code(), Code::kRunFailed);
  EXPECT_STREQ(why.text(), "adder (operators 1-2): tired");
  adder.tired = false;
  adder.fails = true;
  why.clear();
  const InputShape shape[] = {{.input = 0, .shape = Shape::of(3)}};
  EXPECT_EQ(p.net.resize(shape, &why).code(), Code::kUnsupported);
  EXPECT_STREQ(why.text(), "adder (operators 1-2): out of order");
  adder.fails = false;
  EXPECT_EQ(invoke(p.net, {1, 2, 3, 4, 5}), (Numbers{8, 8, 8, 8, 8}));
}

TEST(Delegates, AreRefusedByName) {
  const auto refusal = [](std::vector<const Delegate*> list) {
    const Loaded m(diamond());
    Options options;
    options.delegates = list;
    Message why;
    EXPECT_EQ(Interpreter::required_memory(m.model, test_ops(), options, &why).status().code(),
              Code::kBadArgument);
    return std::string(why.text());
  };
  Adder adder = {{"SUM"}, {}};
  Delegate broken = adder.delegate;
  EXPECT_EQ(refusal({nullptr}), "delegate 0 is missing");
  broken.name = "";
  EXPECT_TRUE(contains(refusal({&adder.delegate, &broken}), "delegate 1 '' has no name"));
  broken = {"npu", nullptr, nullptr, Adder::prepare};
  EXPECT_EQ(refusal({&broken}), "delegate 0 'npu' has no function `claims`");
  broken = {"npu", &adder, Adder::claims, nullptr};
  EXPECT_EQ(refusal({&broken}), "delegate 0 'npu' has no function `prepare`");
  EXPECT_EQ(refusal({&adder.delegate, &adder.delegate}), "delegate 1 'adder' is given twice");
  broken.prepare = [](const Delegate&, Partition&) -> Status { return {}; };
  EXPECT_EQ(refusal({&broken}), "npu (operator 3): `prepare` left no function to run");
}

}  // namespace
}  // namespace pipit::test
