// SPDX-License-Identifier: Apache-2.0
// Graphs that steps call: planned for their arguments, run over the arguments' own bytes, and their
// outputs kept when only the call tells how large they are.
#include <algorithm>
#include <cstring>

#include "core/early_end.h"
#include "core/limits.h"
#include "core/plan.h"

namespace pipit {
namespace {

// Of one model, counting each subgraph once for each list of shapes that it is called with.
constexpr int32_t kMaxGraphs = 2048;
// To plan a tensor or an operator takes as long as so many comparisons of arguments.
constexpr uint64_t kPlanningLooks = 8;

bool same_constant(const Tensor& a, const Tensor& b) {
  if (a.type != Type::kResource) return a.data == b.data;
  return a.bytes == b.bytes && std::memcmp(a.data, b.data, a.bytes) == 0;
}

// Whether a graph was planned for arguments like these. Counts those it looks at.
bool fits(const Graph& graph, const Tensor* const* arguments, uint64_t* looks) {
  for (int i = 0; i < graph.inputs(); ++i, ++*looks) {
    const Tensor& in = graph.input(i);
    const Tensor& argument = *arguments[i];
    if (in.type != argument.type) return false;
    if (in.storage == Storage::kNone) continue;  // nobody reads it
    if (in.shape != argument.shape || in.constant() != argument.constant()) return false;
    if (in.constant() && !same_constant(in, argument)) return false;
  }
  return true;
}

// While running, activations of a planned graph may lie where those of a running one do.
bool may_run(const State& state, const Graph& graph) {
  return !graph.entry &&
         (state.pool == &state.arena || graph.late || graph.height < state.free_below);
}

Status check_depth(int32_t depth, int32_t subgraph, Message* why) {
  if (depth < kMaxGraphDepth) return {};
  text(why, "subgraph ", subgraph, " is called from more than ", kMaxGraphDepth, " others");
  return Code::kUnsupported;
}

// Before the model runs: calls may make much of a small file.
Status check_looks(const State& state, Message* why) {
  const size_t file = state.model.file().size();
  if (state.pool != &state.arena || state.call_looks <= most_looks(file)) return {};
  text(why, "subgraphs are called with too many different lists of shapes for a file of ", file,
       " bytes");
  return Code::kUnsupported;
}

uint64_t planning_looks(const fb::SubGraph& file) {
  const auto count = [](const auto* list) { return list == nullptr ? 0 : uint64_t{list->size()}; };
  return kPlanningLooks * (count(file.tensors()) + count(file.operators()));
}

}  // namespace

Result<Graph*> find_or_plan_graph(State& state, int32_t subgraph, const Tensor* const* arguments,
                                  Message* why) {
  int32_t graphs = state.graphs_left_out;
  for (Graph* g = state.newest; g != nullptr && graphs < kMaxGraphs; g = g->older, ++graphs) {
    if (g->index != subgraph) continue;
    if (g->progress != Graph::Progress::kPlanned) {
      text(why, "subgraph ", subgraph, " calls itself");
      return Code::kBadModel;
    }
    if (may_run(state, *g) && fits(*g, arguments, &state.call_looks)) return g;
    PIPIT_TRY(check_looks(state, why));
  }
  if (graphs >= kMaxGraphs) {
    text(why, "subgraphs are called with more than ", kMaxGraphs, " different lists of shapes");
    return Code::kUnsupported;
  }
  PIPIT_TRY(check_depth(state.depth + 1, subgraph, why));
  state.call_looks += planning_looks(state.file_subgraph(subgraph));
  PIPIT_TRY(check_looks(state, why));
  ++state.depth;
  const Result<Graph*> graph = plan_graph(state, subgraph, arguments, why);
  --state.depth;
  return graph;
}

void begin_invocation(State& state) {
  state.dynamic.release_low(0);
  state.dynamic.release_temporary(state.dynamic.size());
  state.newest = state.newest_planned;
  state.depth = 0;
  state.calls = 0;
}

// ---- what a step sees

int Callee::inputs() const { return graph_->inputs(); }
int Callee::outputs() const { return graph_->outputs(); }
const Tensor& Callee::input(int i) const { return graph_->input(i); }
const Tensor& Callee::output(int i) const { return graph_->output(i); }

Status Prepare::plan_subgraph(int subgraph, const Tensor* const* arguments, int count,
                              Callee* callee) {
  PIPIT_TRY(check_subgraph(subgraph));
  const auto* inputs = state_.file_subgraph(subgraph).inputs();
  const int wanted = inputs == nullptr ? 0 : static_cast<int>(inputs->size());
  if (wanted != count) {
    return bad("passes ", count, " values to subgraph ", subgraph, ", which takes ", wanted);
  }
  for (int i = 0; i < count; ++i) {
    if (arguments[i] == nullptr) return bad("passes nothing as input ", i);
  }
  const Result<Graph*> graph = find_or_plan_graph(state_, subgraph, arguments, why_);
  if (!graph.ok()) return graph.status();
  callee->graph_ = graph.value();
  graph_.height = std::max(graph_.height, graph.value()->height + 1);
  return check_depth(graph_.height, subgraph, why_);
}

bool Prepare::returns_input(int subgraph, int i) const {
  if (subgraph < 0 || subgraph >= state_.subgraph_count) return false;
  const fb::SubGraph& file = state_.file_subgraph(subgraph);
  const auto at = static_cast<unsigned>(i);
  return file.inputs() != nullptr && file.outputs() != nullptr && at < file.inputs()->size() &&
         at < file.outputs()->size() && file.inputs()->Get(at) == file.outputs()->Get(at);
}

Status Run::plan(const Step& step, int subgraph, const Tensor* const* arguments, Callee* callee) {
  const Result<Graph*> graph = find_or_plan_graph(state_, subgraph, arguments, why_);
  if (graph.ok()) callee->graph_ = graph.value();
  if (graph.ok()) return {};
  return graph.status().code() == Code::kArenaTooSmall ? too_small(step) : Code::kRunFailed;
}

Status Run::call(const Step& step, const Callee& callee, const Tensor* const* arguments) {
  Graph& graph = *callee.graph_;
  if (++state_.calls > state_.options.max_calls) {
    return fail(step, "this invocation has called subgraphs ", state_.options.max_calls,
                " times: an endless loop? (max_calls sets the limit)");
  }
  for (int i = 0; i < graph.inputs(); ++i) {
    Tensor& in = graph.input(i);
    if (in.storage != Storage::kBorrowed) continue;
    in.data = arguments[i]->data;
    in.bytes = arguments[i]->bytes;
  }
  PIPIT_TRY(check_depth(state_.depth + 1, graph.index, why_));
  ++state_.depth;
  const Status status = run_graph(state_, graph, why_);
  --state_.depth;
  return status.code() == kEndsEarly ? Status(kEndedInside) : status;
}

bool& Run::called_once(const Callee& callee) {
  return state_.subgraphs[callee.graph_->index].called_once;
}

Run::Mark Run::mark() const { return {state_.dynamic.low_mark(), state_.newest}; }

void* Run::take(ByteCount bytes) { return state_.dynamic.reserve(bytes); }

void Run::release(const Mark& mark) {
  state_.dynamic.release_low(mark.low);
  state_.newest = mark.newest;
}

namespace {

// Moves the bytes of several tensors down to where an arena has just been released to.
class Compaction {
 public:
  Compaction(Arena& arena, Span<Tensor*> by_address, const uint8_t* end)
      : arena_(arena), tensors_(by_address), end_(end) {}

  bool run() {
    const uint8_t* begin = arena_.base() + arena_.low_mark();
    size_t copies = 0;  // of bytes that lie elsewhere or that two tensors want: after all others
    const uint8_t* last = nullptr;
    void* moved = nullptr;
    for (Tensor* t : tensors_) {
      const auto* from = t->as<uint8_t>();
      const bool inside = from >= begin && from < end_ && t->bytes != 0;
      if (inside && from != last) {
        // Never beyond `from`: all in front of it are distinct bytes in front of it.
        moved = std::memmove(arena_.reserve(t->bytes), from, t->bytes);
        last = from;
        t->data = moved;
        continue;
      }
      if (inside) t->data = moved;
      tensors_[copies++] = t;
    }
    for (size_t i = 0; i < copies; ++i) {
      if (!copy(*tensors_[i])) return false;
    }
    return true;
  }

 private:
  bool copy(Tensor& t) {
    void* to = arena_.reserve(t.bytes);
    if (to == nullptr) return false;
    if (t.bytes != 0) std::memcpy(to, t.data, t.bytes);
    t.data = to;
    return true;
  }

  Arena& arena_;
  Span<Tensor*> tensors_;
  const uint8_t* end_;
};

}  // namespace

Status Run::keep_outputs(const Step& step, const Callee& callee, Tensor* const* tensors,
                         const Mark& mark) {
  Arena& arena = state_.dynamic;
  const size_t temporary = arena.temporary_mark();
  Tensor** by_address = arena.temporary_array<Tensor*>(static_cast<size_t>(callee.outputs()));
  if (by_address == nullptr) return too_small(step);
  size_t count = 0;
  for (int i = 0; i < callee.outputs(); ++i) {
    if (tensors[i] == nullptr) continue;
    const Tensor& from = callee.output(i);
    tensors[i]->shape = from.shape;
    tensors[i]->bytes = from.bytes;
    tensors[i]->data = from.data;
    by_address[count++] = tensors[i];
  }
  std::sort(by_address, by_address + count, [](const Tensor* a, const Tensor* b) {
    return reinterpret_cast<uintptr_t>(a->data) < reinterpret_cast<uintptr_t>(b->data);
  });
  const uint8_t* end = arena.base() + arena.low_mark();
  release(mark);
  const bool enough = Compaction(arena, {by_address, count}, end).run();
  arena.release_temporary(temporary);
  return enough ? Status() : too_small(step);
}

}  // namespace pipit
