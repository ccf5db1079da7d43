// SPDX-License-Identifier: Apache-2.0
// Asks delegates for what they compute, and joins what they claim into partitions.
#include "core/delegate.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/lifetimes.h"

namespace pipit {

Partition::Partition(State& state, Graph& graph, const Delegation& delegation, Message* why)
    : state_(state), graph_(graph), delegation_(delegation), why_(why) {}

int Partition::subgraph() const { return graph_.index; }

int Partition::nodes() const { return delegation_.count; }

int Partition::number(int i) const { return delegation_.nodes[i]; }

Node Partition::node(int i) const { return state_.model.node(number(i), graph_.index); }

int64_t Partition::option(int i, int field, int bytes, int64_t otherwise) const {
  return state_.model.option(number(i), field, bytes, otherwise, graph_.index);
}

const Tensor* Partition::tensor(int index) const {
  return index < 0 || index >= graph_.tensor_count ? nullptr : graph_.tensors.find(index);
}

Status Partition::run(RunFn fn, const void* parameters) {
  step_.run = fn;
  step_.parameters = parameters;
  return {};
}

void* Partition::allocate_bytes(ByteCount bytes, size_t align) {
  return state_.pool->take(bytes, align);
}

void Partition::begin_message() const {
  if (why_ == nullptr) return;
  why_->clear();
  put_delegation(why_, delegation_);
}

namespace {

// "3-5, 7"
void put_nodes(Message* why, const Delegation& d) {
  for (int32_t i = 0; i < d.count;) {
    int32_t last = i;
    while (last + 1 < d.count && d.nodes[last + 1] == d.nodes[last] + 1) ++last;
    text(why, i == 0 ? "" : ", ", d.nodes[i]);
    if (last != i) text(why, "-", d.nodes[last]);
    i = last + 1;
  }
}

}  // namespace

void put_delegation(Message* why, const Delegation& d) {
  text(why, d.delegate->name, d.count == 1 ? " (operator " : " (operators ");
  put_nodes(why, d);
  if (d.graph->index != 0) text(why, " of subgraph ", d.graph->index);
  text(why, "): ");
}

void put_share(const State& state, const Delegate& delegate, Message* report) {
  int operators = 0, nodes = 0, partitions = 0;
  for (int s = 0; s < state.model.subgraphs(); ++s) operators += state.model.nodes(s);
  for (const Delegation* d = state.delegations; d != nullptr; d = d->next) {
    if (d->delegate != &delegate) continue;
    nodes += d->count;
    ++partitions;
  }
  text(report, nodes, " of ", operators, " operators in ", partitions,
       partitions == 1 ? " partition" : " partitions");
  const char* before = ": ";
  for (const Delegation* d = state.delegations; d != nullptr; d = d->next) {
    if (d->delegate != &delegate) continue;
    text(report, before);
    put_nodes(report, *d);
    if (d->graph->index != 0) text(report, " of subgraph ", d->graph->index);
    before = "; ";
  }
}

const Delegation* delegation_of(const Step& step) {
  return step.run == run_delegation ? step.params<Delegation>() : nullptr;
}

const Delegation* delegation_at(const State& state, const Graph& graph, int32_t node) {
  for (const Delegation* d = state.delegations; d != nullptr; d = d->next) {
    if (d->graph == &graph && d->nodes[0] == node) return d;
  }
  return nullptr;
}

Status run_delegation(const Step& step, Run& run) {
  const Delegation& d = *step.params<Delegation>();
  Step own = step;
  own.parameters = d.parameters;
  return d.run(own, run);
}

Status check_delegates(const Options& options, Message* why) {
  const Span<const Delegate* const> all = options.delegates;
  for (size_t i = 0; i < all.size(); ++i) {
    const Delegate* d = all[i];
    const auto refuse = [&](const char* what) -> Status {
      text(why, "delegate ", static_cast<uint64_t>(i), " ");
      if (d != nullptr && d->name != nullptr) text(why, "'", d->name, "' ");
      text(why, what);
      return Code::kBadArgument;
    };
    if (d == nullptr) return refuse("is missing");
    if (d->name == nullptr || d->name[0] == '\0') return refuse("has no name");
    if (d->claims == nullptr) return refuse("has no function `claims`");
    if (d->prepare == nullptr) return refuse("has no function `prepare`");
    for (size_t before = 0; before < i; ++before) {
      if (std::strcmp(all[before]->name, d->name) == 0) return refuse("is given twice");
    }
  }
  return {};
}

namespace {

// Whether all that the step does is to compute its outputs from its inputs, in fixed shapes.
bool can_be_claimed(const Op& op, const Step& step) {
  if (op.flags & (kOpNoFold | kOpCounter | kOpMakesResource)) return false;
  for (int i = 0; i < step.inputs + step.outputs; ++i) {
    const Tensor* t = step.tensors[i];
    if (t == nullptr) continue;
    if (t->storage == Storage::kVariable || t->storage == Storage::kDynamic) return false;
    if (type_bits(t->type) == 0) return false;  // strings, too
  }
  return true;
}

}  // namespace

int32_t claim_step(State& state, Graph& graph, const Op& op, const Step& step) {
  const Span<const Delegate* const> all = state.options.delegates;
  if (all.empty() || graph.late || !can_be_claimed(op, step)) return Planning::kNobody;
  for (size_t i = 0; i < all.size(); ++i) {
    const Delegation one = {all[i], &graph, &step.node, 1};
    if (all[i]->claims(*all[i], Partition(state, graph, one, nullptr))) {
      return static_cast<int32_t>(i);
    }
  }
  return Planning::kNobody;
}

// What form_partitions() knows of a graph's tensors; in temporary memory.
struct Uses {
  Lifetimes life;
  int32_t* producer = nullptr;  // the step that computes the tensor, or -1
  int32_t* listed = nullptr;    // the first step of the partition that has it as an input, or -1

  Status find(State& state, const Graph& graph) {
    const auto tensors = static_cast<size_t>(graph.tensor_count);
    PIPIT_TRY(find_lifetimes(state, graph, &life));
    producer = state.pool->temporary_array<int32_t>(tensors);
    listed = state.pool->temporary_array<int32_t>(tensors);
    if (producer == nullptr || listed == nullptr) return Code::kArenaTooSmall;
    std::fill_n(listed, tensors, -1);
    find_producers(graph, producer);
    return {};
  }
};

// The steps [from, end) of a graph, all claimed by the same delegate.
struct Partitioner {
  State& state;
  Graph& graph;
  const Uses& uses;
  Message* why;
  int32_t from;
  int32_t end;

  bool computed_inside(const Tensor& t) const { return uses.producer[t.index] >= from; }
  bool needed_outside(const Tensor& t) const { return uses.life.last[t.index] >= end; }

  // Whether the tensor is an input of the partition that is not in its list yet.
  bool is_new_input(const Tensor& t) const {
    if (t.constant() || computed_inside(t)) return false;
    return std::exchange(uses.listed[t.index], from) != from;
  }

  // Calls f for each tensor of each step.
  template <class F>
  void for_each_tensor(bool inputs, const F& f) const {
    for (int32_t s = from; s < end; ++s) {
      const Step& step = graph.steps[s];
      const int first = inputs ? 0 : step.inputs;
      const int last = inputs ? step.inputs : step.inputs + step.outputs;
      for (int i = first; i < last; ++i) {
        if (step.tensors[i] != nullptr) f(step.tensors[i]);
      }
    }
  }

  // The partition's own inputs and outputs.
  Status collect(Step* joined) const {
    size_t most = 0;
    for (int32_t s = from; s < end; ++s) {
      most += size_t{graph.steps[s].inputs} + graph.steps[s].outputs;
    }
    Tensor** list = state.pool->take_array<Tensor*>(most);
    if (list == nullptr) return Code::kArenaTooSmall;
    size_t n = 0;
    for_each_tensor(true, [&](Tensor* t) {
      if (is_new_input(*t)) list[n++] = t;
    });
    const size_t inputs = n;
    for_each_tensor(false, [&](Tensor* t) {
      if (needed_outside(*t)) list[n++] = t;
    });
    if (n > UINT16_MAX) return Code::kUnsupported;
    joined->tensors = list;
    joined->inputs = static_cast<uint16_t>(inputs);
    joined->outputs = static_cast<uint16_t>(n - inputs);
    return {};
  }

  Result<Delegation*> record(const Delegate* delegate) const {
    auto* made = state.pool->take_array<Delegation>(1);
    auto* nodes = state.pool->take_array<int32_t>(static_cast<size_t>(end - from));
    if (made == nullptr || nodes == nullptr) return Code::kArenaTooSmall;
    for (int32_t s = from; s < end; ++s) nodes[s - from] = graph.steps[s].node;
    *made = Delegation();
    made->delegate = delegate;
    made->graph = &graph;
    made->nodes = nodes;
    made->count = end - from;
    (state.last_delegation == nullptr ? state.delegations : state.last_delegation->next) = made;
    state.last_delegation = made;
    return made;
  }

  Status join(const Delegate* delegate, Step* joined, ByteCount* scratch) const {
    const Result<Delegation*> made = record(delegate);
    if (!made.ok()) return made.status();
    Delegation& delegation = *made.value();
    Partition p(state, graph, delegation, why);
    p.step_.node = graph.steps[from].node;
    p.step_.variant = "delegate";
    if (const Status s = collect(&p.step_); s.code() == Code::kUnsupported) {
      return p.fail(s.code(), "more than 65535 inputs and outputs");
    } else if (!s.ok()) {
      return s;
    }
    PIPIT_TRY(delegate->prepare(*delegate, p));
    if (p.step_.run == nullptr) {
      return p.fail(Code::kBadArgument, "`prepare` left no function to run");
    }
    delegation.run = std::exchange(p.step_.run, run_delegation);
    delegation.parameters = std::exchange(p.step_.parameters, &delegation);
    *joined = p.step_;
    *scratch = p.scratch_bytes_;
    return {};
  }
};

Status form_partitions(State& state, Graph& graph, const Planning& planning, Message* why) {
  if (state.options.delegates.empty()) return {};
  const size_t mark = state.pool->temporary_mark();
  Uses uses;
  PIPIT_TRY(uses.find(state, graph));
  int32_t to = 0;
  for (int32_t from = 0, end = 0; from < graph.step_count; from = end, ++to) {
    const int32_t who = planning.claimed[from];
    for (end = from + 1; who != Planning::kNobody && end < graph.step_count; ++end) {
      if (planning.claimed[end] != who) break;
    }
    Step joined = graph.steps[from];
    ByteCount scratch = planning.scratch[from];
    if (who != Planning::kNobody) {
      const Partitioner part = {state, graph, uses, why, from, end};
      const Delegate* delegate = state.options.delegates[static_cast<size_t>(who)];
      PIPIT_TRY(part.join(delegate, &joined, &scratch));
    }
    graph.steps[to] = joined;
    planning.scratch[to] = scratch;
    planning.rows[to] = planning.rows[from];
  }
  graph.step_count = to;
  state.pool->release_temporary(mark);
  return {};
}

}  // namespace pipit
