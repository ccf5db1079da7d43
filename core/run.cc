// SPDX-License-Identifier: Apache-2.0
// Walks the steps of a plan.
#include <cstring>

#include "core/plan.h"

namespace pipit {

void Run::begin_message(const Step& step) const {
  if (why_ == nullptr) return;
  why_->clear();
  text(why_, state_.op(state_.node(graph_, step.node)).name, " (operator ", step.node);
  if (graph_.index != 0) text(why_, " of subgraph ", graph_.index);
  text(why_, "): ");
}

Status Run::invoke(const Graph& graph) {
  return run_graph(state_, state_.graphs[graph.index], why_);
}

Status run_graph(State& state, Graph& graph, Message* why) {
  Run run(state, graph, why);
  for (int32_t i = 0; i < graph.step_count; ++i) {
    const Step& step = graph.steps[i];
    PIPIT_TRY(step.run(step, run));
  }
  return {};
}

Status Run::prepare_and_run(const Step& step) {
  Prepare p(state_, graph_, nullptr, step.node, why_);
  const auto too_small = [&]() -> Status {
    (void)fail(step, "needs more memory than the arena has left behind the plan");
    return Code::kArenaTooSmall;
  };
  if (p.step_.tensors == nullptr) return too_small();
  const Status status = state_.op(state_.node(graph_, step.node)).prepare(p);
  if (status.code() == Code::kArenaTooSmall) return too_small();
  PIPIT_TRY(status);
  p.step_.scratch = static_cast<uint8_t*>(state_.dynamic.take(p.scratch_bytes_));
  if (p.step_.scratch == nullptr && p.scratch_bytes_ != 0) return too_small();
  return p.step_.run(p.step_, *this);
}

Status run_deferred(const Step& step, Run& run) { return run.prepare_and_run(step); }

void reset_variables(State& state) {
  for (int32_t g = 0; g < state.graph_count; ++g) {
    Graph& graph = state.graphs[g];
    if (graph.progress != Graph::Progress::kPlanned) continue;
    for (int32_t i = 0; i < graph.tensor_count; ++i) {
      Tensor& t = graph.tensors[i];
      if (t.storage != Storage::kVariable) continue;
      // As TensorFlow Lite does: only int8 starts from its own zero.
      std::memset(t.data, t.type == Type::kInt8 ? t.zero_point : 0, t.bytes);
    }
  }
}

}  // namespace pipit
