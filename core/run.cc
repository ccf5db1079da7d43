// SPDX-License-Identifier: Apache-2.0
// Walks the steps of a plan.
#include <cstring>

#include "core/chains.h"
#include "core/delegate.h"
#include "core/early_end.h"

namespace pipit {

void begin_node_message(const State& state, const Graph& graph, int node, Message* why) {
  if (why == nullptr) return;
  why->clear();
  text(why, state.op(state.node(graph, node)).name, " (operator ", node);
  if (graph.index != 0) text(why, " of subgraph ", graph.index);
  text(why, "): ");
}

Run::Run(State& state, Graph& graph, Message* why)
    : state_(state), graph_(graph), why_(why), sharing_(sharing_of(state.options)) {}

void Run::begin_message(const Step& step) const {
  const Delegation* d = delegation_at(state_, graph_, step.node);
  if (d == nullptr) return begin_node_message(state_, graph_, step.node, why_);
  if (why_ == nullptr) return;
  why_->clear();
  put_delegation(why_, *d);
}

namespace {

// What another thread, or the profiler, has cancelled begins no further step.
Status check_cancelled(const State& state, Message* why) {
  if (!is_cancelled(state)) return {};
  if (why != nullptr) why->clear();
  text(why, "cancelled");
  return Code::kRunFailed;
}

bool shares_input(const Step& step, const Tensor& output) {
  for (int i = 0; i < step.inputs; ++i) {
    if (!step.has_input(i)) continue;
    const Tensor& in = step.input(i);
    if (in.data == output.data && in.bytes >= output.bytes) return true;
  }
  return false;
}

// Empties what the steps from `first` on would have computed, so that nothing shows of what was in
// memory before. What shares an input's bytes has what is in them: a value, or zeros already.
void clear_outputs(const Graph& graph, int32_t first) {
  for (int32_t s = first; s < graph.step_count; ++s) {
    const Step& step = graph.steps[s];
    for (int o = 0; o < step.outputs; ++o) {
      Tensor& t = *step.tensors[step.inputs + o];
      if (t.storage == Storage::kDynamic) {
        t.data = nullptr;
        t.bytes = 0;
      } else if (t.storage == Storage::kActivation && t.bytes != 0 && !shares_input(step, t)) {
        std::memset(t.data, 0, t.bytes);
      }
    }
  }
}

Status run_step(const Graph& graph, int32_t i, Run& run) {
  const Status status = graph.steps[i].run(graph.steps[i], run);
  if (!status.ok() && ends_early(status)) {
    clear_outputs(graph, status.code() == kEndsEarly ? i + 1 : i);
  }
  return status;
}

Status run_steps(State& state, Graph& graph, Message* why) {
  Run run(state, graph, why);
  for (int32_t i = 0; i < graph.step_count; ++i) {
    PIPIT_TRY(check_cancelled(state, why));
    PIPIT_TRY(run_step(graph, i, run));
  }
  return {};
}

Status run_profiled(State& state, Graph& graph, Message* why) {
  const Profiler profiler = state.options.profiler;
  Run run(state, graph, why);
  for (int32_t i = 0; i < graph.step_count; ++i) {
    const StepInfo info = step_info(state, graph, graph.steps[i]);
    profiler.step(profiler.context, info, true);
    PIPIT_TRY(check_cancelled(state, why));
    const Status status = run_step(graph, i, run);
    profiler.step(profiler.context, info, false);
    PIPIT_TRY(status);
  }
  return {};
}

}  // namespace

StepInfo step_info(const State& state, const Graph& graph, const Step& step) {
  if (const Chain* c = chain_of(step)) {
    return {"CHAIN", step.variant, step.node, graph.index, c->index};
  }
  const Delegation* d = delegation_of(step);
  const char* op = d != nullptr ? d->delegate->name : state.op(state.node(graph, step.node)).name;
  return {op, step.variant, step.node, graph.index, -1};
}

bool computes_nothing(const Op& op, const Step& step) {
  if ((op.flags & kOpNoFold) != 0) return false;
  for (int i = 0; i < step.outputs; ++i) {
    const Tensor& t = step.output(i);
    if (type_bits(t.type) == 0 || t.elements() != 0) return false;
  }
  return step.outputs != 0;
}

uint64_t& Run::counter(const Step& step) {
  return state_.subgraphs[graph_.index].counters[step.node];
}

void Run::run_shares(int32_t shares, void (*f)(void* context, int share), void* context) const {
  if (Team* team = state_.options.team) return team->run(f, context, shares);
  for (int32_t share = 0; share < shares; ++share) f(context, share);
}

Status run_graph(State& state, Graph& graph, Message* why) {
  const int32_t free_below = state.free_below;
  if (!graph.late) state.free_below = graph.entry ? kMaxGraphDepth : graph.height;
  graph.progress = Graph::Progress::kRunning;
  const bool profiled = state.options.profiler.step != nullptr;
  const Status status = profiled ? run_profiled(state, graph, why) : run_steps(state, graph, why);
  graph.progress = Graph::Progress::kPlanned;
  state.free_below = free_below;
  return status;
}

Status Run::too_small(const Step& step) const {
  (void)fail(step, "needs more memory than the arena has left behind the plan");
  return Code::kArenaTooSmall;
}

Status Run::prepare_and_run(const Step& step) {
  Prepare p(state_, graph_, step, why_);
  const size_t temporary = state_.dynamic.temporary_mark();
  const Op& op = state_.op(state_.node(graph_, step.node));
  const Status status = op.prepare(p);
  state_.dynamic.release_temporary(temporary);
  if (status.code() == Code::kArenaTooSmall) return too_small(step);
  PIPIT_TRY(status);
  if (p.deferred_) return fail(step, "needs values that nothing computes");
  if (computes_nothing(op, p.step_)) return {};
  Arena& arena = state_.dynamic;
  const size_t before = arena.low_mark();
  p.step_.scratch = static_cast<uint8_t*>(arena.reserve(p.scratch_bytes_));
  if (p.step_.scratch == nullptr && p.scratch_bytes_ != 0) return too_small(step);
  const size_t after = arena.low_mark();
  PIPIT_TRY(p.step_.run(p.step_, *this));
  if (arena.low_mark() == after) arena.release_low(before);
  return {};
}

Status run_deferred(const Step& step, Run& run) { return run.prepare_and_run(step); }

}  // namespace pipit
