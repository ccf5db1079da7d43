// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/run_case.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>

#include "tests/conformance/compare.h"
#include "tests/support/files.h"
#include "tests/support/record.h"
#include "tests/support/survive.h"
#include "tests/support/watch.h"

namespace pipit::test {
namespace {

// Shapes that are known only while running take their bytes from what the arena has over.
constexpr size_t kFirstExtra = size_t{1} << 20;
constexpr size_t kMostExtra = size_t{1} << 26;

// A case ends early by throwing one of these.
struct Refused {
  Code code;
  std::string message;
};
struct Failed {
  std::string text;
};

void require(Status status, const Message& why) {
  if (!status.ok()) throw Refused{status.code(), why.text()};
}

template <class... P>
void check(bool ok, const P&... parts) {
  if (ok) return;
  std::string text;
  ((text += parts), ...);
  throw Failed{text};
}

// The first tensor that is data: neither a constant nor a handle.
const Tensor* data_of(const std::vector<Tensor>& tensors) {
  for (const Tensor& t : tensors) {
    if (t.data == nullptr && t.type != Type::kResource) return &t;
  }
  return tensors.empty() ? nullptr : &tensors[0];
}

// "int8"; "float32 x int8" for weights that are stored as integers.
std::string types_of(const Model& model, int subgraph, const Node& node) {
  std::vector<Tensor> tensors;
  for (const Span<const int32_t> list : {node.inputs, node.outputs}) {
    for (const int32_t t : list) {
      if (t >= 0) tensors.push_back(model.tensor(t, subgraph));
    }
  }
  const Tensor* data = data_of(tensors);
  if (data == nullptr) return "";
  const std::string types = type_name(data->type);
  for (const Tensor& t : tensors) {
    const bool integers = t.type == Type::kInt8 || t.type == Type::kUInt8 || t.type == Type::kInt4;
    if (data->type == Type::kFloat32 && t.data != nullptr && integers) {
      return types + " x " + type_name(t.type);
    }
  }
  return types;
}

std::vector<OpUse> operators_used(const Model& model, const Interpreter& net) {
  std::vector<OpUse> used;
  for (int g = 0; g < model.subgraphs(); ++g) {
    std::map<int, std::string> variants;
    for (int i = 0; i < net.steps(g); ++i) variants[net.step(i, g).node] = net.step(i, g).variant;
    for (int n = 0; n < model.nodes(g); ++n) {
      const Node node = model.node(n, g);
      used.push_back({node.op, types_of(model, g, node), variants[n]});
    }
  }
  return used;
}

// What is in memory before, and where to note what is there after.
struct Leftovers {
  uint8_t byte = 0;
  Record* record = nullptr;
};

class Runner {
 public:
  Runner(const Case& c, const Setup& setup, Outcome* outcome, const Leftovers& leftovers = {})
      : case_(c),
        outcome_(outcome),
        setup_(setup),
        leftovers_(leftovers),
        bytes_(read_file(c.folder / "model.tflite")),
        file_(bytes_.size(), setup.side, 16) {
    std::copy(bytes_.begin(), bytes_.end(), file_.data());
    file_.make_read_only();
    options_.cpu = setup.cpu;
    options_.team = setup.team;
    options_.least_share = 1;
    options_.shapes = case_.resize;
    options_.preserve_all = setup.outputs == Outputs::kAllTensors;
  }

  void run() {
    Message why;
    const Result<Model> model = Model::parse(file_.span(), &why);
    require(model.status(), why);
    model_ = model.value();
    options_.preserve_inputs = true;
    const Result<size_t> need =
        Interpreter::required_arena_bytes(model_, all_operators(), options_, &why);
    require(need.status(), why);
    run_in_growing_arena(need.value());
  }

 private:
  void run_in_growing_arena(size_t need) {
    for (size_t extra = 0;; extra = extra == 0 ? kFirstExtra : extra * 4) {
      try {
        run_in(need + extra);
        return;
      } catch (const Refused& refused) {
        if (refused.code != Code::kArenaTooSmall || extra >= kMostExtra) throw;
      }
    }
  }

  void run_in(size_t arena_bytes) {
    const GuardedBuffer<uint8_t> arena(arena_bytes, setup_.side, 16);
    if (leftovers_.record != nullptr) std::memset(arena.data(), leftovers_.byte, arena_bytes);
    Message why;
    Result<Interpreter> net =
        Interpreter::create(model_, arena.span(), all_operators(), options_, &why);
    // Planning took the required size to suffice: growing must not hide that it does not.
    if (net.status().code() == Code::kArenaTooSmall) throw Failed{why.text()};
    require(net.status(), why);
    net_ = net.value();
    outcome_->memory = net_.memory();
    outcome_->used = operators_used(model_, net_);
    find_subgraph();
    if (setup_.outputs == Outputs::kOwn) bind_outputs();
    State& state = state_in(arena.span());
    std::string wrong = find_overlap(state);
    check(wrong.empty(), wrong);
    if (!setup_.watch) return run_steps(state);
    const Watch watch(state);
    run_steps(state);
    check(watch.wrong().empty(), watch.wrong());
  }

  void run_steps(const State& state) {
    for (int step = 0; step < std::max(case_.steps, 1); ++step) {
      if (leftovers_.record != nullptr) fill_activations(state, leftovers_.byte);
      run_step(step);
    }
  }

  void find_subgraph() {
    if (case_.signature.empty()) return;
    signature_ = model_.find_signature(case_.signature.c_str());
    check(signature_ >= 0, "there is no signature '", case_.signature, "'");
    subgraph_ = net_.signature_subgraph(signature_);
  }

  // An input that is handed through stays where it is.
  void bind_outputs() {
    for (int i = 0; i < net_.outputs(subgraph_); ++i) {
      const Tensor* t = net_.output(i, subgraph_);
      if (t->storage != Storage::kActivation || t->type == Type::kString || is_input(t)) continue;
      own_.emplace_back(t->bytes, leftovers_.byte);
      Message why;
      require(net_.bind_output(i, own_.back().data(), t->bytes, &why, subgraph_), why);
    }
  }

  bool is_input(const Tensor* t) const {
    for (int i = 0; i < net_.inputs(subgraph_); ++i) {
      if (net_.input(i, subgraph_) == t) return true;
    }
    return false;
  }

  void run_step(int step) {
    std::vector<std::vector<uint8_t>> inputs;
    for (const TensorFile& t : case_.inputs) inputs.push_back(read_file(step_file(case_, t, step)));
    for (size_t i = 0; i < inputs.size(); ++i) set_input(static_cast<int>(i), inputs[i]);
    Message why;
    require(signature_ < 0 ? net_.invoke(&why) : net_.invoke_signature(signature_, &why), why);
    if (leftovers_.record != nullptr) {
      leftovers_.record->tensors(net_, subgraph_, options_.preserve_all);
    }
    if (case_.reject) return;
    check_inputs(inputs);
    check(net_.outputs(subgraph_) == static_cast<int>(case_.outputs.size()), "has ",
          std::to_string(net_.outputs(subgraph_)), " outputs");
    for (size_t i = 0; i < case_.outputs.size(); ++i) check_output(static_cast<int>(i), step);
  }

  // In a reject the given tensors may not fit what the model claims; then it runs on what is there.
  void set_input(int i, std::vector<uint8_t>& bytes) {
    const Tensor* t = net_.input(i, subgraph_);
    const TensorFile& given = case_.inputs[static_cast<size_t>(i)];
    const std::string name = "input " + std::to_string(i);
    if (t == nullptr && case_.reject) return;
    check(t != nullptr, "there is no ", name);
    if (!case_.reject) check_kind(name, *t, given);
    if (t->type == Type::kString) {
      Message why;
      require(net_.bind_input(i, bytes.data(), bytes.size(), &why), why);
    } else if (t->bytes == bytes.size()) {
      if (!t->constant()) std::copy(bytes.begin(), bytes.end(), t->as<uint8_t>());
    } else {
      check(case_.reject, name, " has ", std::to_string(t->bytes), " bytes, the case gives ",
            std::to_string(bytes.size()));
    }
  }

  // Options::preserve_inputs promises this.
  void check_inputs(const std::vector<std::vector<uint8_t>>& inputs) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Tensor* t = net_.input(static_cast<int>(i), subgraph_);
      check(t->bytes == inputs[i].size() &&
                std::equal(inputs[i].begin(), inputs[i].end(), t->as<uint8_t>()),
            "input ", std::to_string(i), " was overwritten");
    }
  }

  void check_output(int i, int step) {
    const TensorFile& want = case_.outputs[static_cast<size_t>(i)];
    const Tensor* t = net_.output(i, subgraph_);
    std::string name = "output " + std::to_string(i);
    if (case_.steps != 0) name += " of step " + std::to_string(step);
    check_kind(name, *t, want);
    if (case_.shape_only) return;
    outcome_->result = fingerprint(*t, outcome_->result);
    const Difference d = compare(*t, read_file(step_file(case_, want, step)), want.tolerance);
    check(d.equal, name, ": ", d.text);
    outcome_->exact = outcome_->exact && d.exact;
  }

  static void check_kind(const std::string& name, const Tensor& got, const TensorFile& want) {
    check(type_name(got.type) == want.type && got.shape == want.shape, name, " is ",
          type_name(got.type), " ", shape_text(got.shape), ", expected ", want.type, " ",
          shape_text(want.shape));
  }

  const Case& case_;
  Outcome* outcome_;
  Setup setup_;
  Leftovers leftovers_;
  Options options_;
  std::vector<uint8_t> bytes_;
  GuardedBuffer<uint8_t> file_;
  Model model_;
  Interpreter net_;
  std::vector<std::vector<uint8_t>> own_;
  int signature_ = -1;
  int subgraph_ = 0;
};

// The operators of "operators that this build does not run: ADD (0), custom 'x'"; empty for any
// other refusal.
std::vector<std::string> missing_operators(const Refused& refused) {
  const std::string intro = "operators that this build does not run: ";
  std::vector<std::string> names;
  if (refused.code != Code::kUnsupported || !refused.message.starts_with(intro)) return names;
  const std::string list = refused.message.substr(intro.size());
  for (size_t from = 0; from < list.size();) {
    const size_t end = std::min(list.find(", ", from), list.size());
    names.push_back(list.substr(from, end - from));
    from = end + 2;
  }
  return names;
}

Outcome judge_refusal(const Case& c, const Setup& setup, const Refused& refused) {
  Outcome outcome;
  outcome.missing = missing_operators(refused);
  if (!outcome.missing.empty() && !(c.reject && setup.refuses_operators)) {
    outcome.verdict = Verdict::kSkipped;
  } else if (!c.reject) {
    outcome.text = "refused: " + refused.message;
  } else if (refused.message.empty()) {
    outcome.text = "refused without a message";
  } else {
    outcome.verdict = Verdict::kPassed;
  }
  return outcome;
}

// Fails where what comes out depends on what was in memory; otherwise as a run does.
void run_twice(const Case& c, const Setup& setup, Outcome* outcome) {
  Record records[2];
  std::optional<Refused> refused;
  for (int i = 0; i < 2; ++i) {
    *outcome = Outcome();
    try {
      Runner(c, setup, outcome, {kLeftovers[i], &records[i]}).run();
    } catch (const Refused& why) {
      records[i].status("refused", why.code, why.message);
      refused = why;
    }
  }
  const std::string difference = Record::difference(records[0], records[1]);
  check(difference.empty(), difference);
  if (refused) throw *refused;
}

Outcome run_unguarded(const Case& c, const Setup& setup) {
  Outcome outcome;
  try {
    if (setup.twice) {
      run_twice(c, setup, &outcome);
    } else {
      Runner(c, setup, &outcome).run();
    }
    if (c.reject) {
      outcome.text = "was accepted";
    } else {
      outcome.verdict = Verdict::kPassed;
    }
  } catch (const Refused& refused) {
    outcome = judge_refusal(c, setup, refused);
  } catch (const Failed& failed) {
    outcome.text = failed.text;
  } catch (const std::exception& error) {
    outcome.text = error.what();
  }
  return outcome;
}

}  // namespace

Outcome run_case(const Case& c, const Setup& setup) {
  Outcome outcome;
  const std::string crash = survive(setup.seconds, [&] { outcome = run_unguarded(c, setup); });
  if (!crash.empty()) {
    outcome = Outcome();
    outcome.text = crash;
  }
  return outcome;
}

}  // namespace pipit::test
