// SPDX-License-Identifier: Apache-2.0
// The subgraphs that an application may start: what of them can run is planned, and of what cannot
// the reason is kept.
#include <cstring>

#include "core/chains.h"
#include "core/delegate.h"

namespace pipit {
namespace {

// What planning changes. When it fails, that is undone, but for the work that was done.
class Attempt {
 public:
  explicit Attempt(State& state)
      : state_(state),
        low_(state.arena.low_mark()),
        temporary_(state.arena.temporary_mark()),
        newest_(state.newest),
        blocks_(state.blocks),
        last_(state.last_delegation),
        last_chain_(state.last_chain),
        resources_(state.resource_count) {}

  void undo() const {
    for (const Graph* g = state_.newest; g != newest_; g = g->older) ++state_.graphs_left_out;
    state_.newest = newest_;
    state_.blocks = blocks_;
    state_.last_delegation = last_;
    (last_ == nullptr ? state_.delegations : last_->next) = nullptr;
    state_.last_chain = last_chain_;
    (last_chain_ == nullptr ? state_.chains : last_chain_->next) = nullptr;
    state_.resource_count = resources_;
    state_.depth = 0;
    state_.arena.release_low(low_);
    state_.arena.release_temporary(temporary_);
  }

 private:
  State& state_;
  size_t low_;
  size_t temporary_;
  Graph* newest_;
  StateBlock* blocks_;
  Delegation* last_;
  Chain* last_chain_;
  int32_t resources_;
};

Status keep_reason(State& state, const Message& reason, const char** kept) {
  const size_t bytes = std::strlen(reason.text()) + 1;  // bounded: a message has a capacity
  auto* copy = state.arena.take_array<char>(bytes);
  if (copy == nullptr) return Code::kArenaTooSmall;
  std::memcpy(copy, reason.text(), bytes);
  *kept = copy;
  return {};
}

// Whatever else is wrong with a plan is the application's fault.
bool is_models_fault(Code code) { return code == Code::kUnsupported || code == Code::kBadModel; }

bool is_asked_for(const State& state, int32_t subgraph) {
  if (subgraph == 0 && !state.options.main_may_fail) return true;
  for (const InputShape& s : state.options.shapes) {
    if (s.subgraph == subgraph) return true;
  }
  return false;
}

Status plan_needed(State& state, int32_t subgraph, Message* why) {
  const Result<Graph*> graph = plan_graph(state, subgraph, nullptr, why);
  if (graph.ok()) state.subgraphs[subgraph].first = graph.value();
  return graph.status();
}

// Why an entry cannot run is asked for in a second attempt, for a message takes memory that those
// that run should not need.
Status refuse_entry(State& state, int32_t subgraph, Message* why) {
  const size_t mark = state.arena.temporary_mark();
  void* memory = state.arena.take_temporary(sizeof(Message));
  if (memory == nullptr) return Code::kArenaTooSmall;
  auto* reason = new (memory) Message;
  const Attempt attempt(state);
  const Status status = plan_needed(state, subgraph, reason);
  if (!status.ok() && !is_models_fault(status.code())) {
    text(why, reason->text());
    return status;
  }
  if (!status.ok()) {
    attempt.undo();
    PIPIT_TRY(keep_reason(state, *reason, &state.subgraphs[subgraph].refusal));
  }
  state.arena.release_temporary(mark);
  return {};
}

Status plan_if_possible(State& state, int32_t subgraph, Message* why) {
  const Attempt attempt(state);
  const Status status = plan_needed(state, subgraph, nullptr);
  if (status.ok() || status.code() == Code::kArenaTooSmall) return status;
  attempt.undo();
  return refuse_entry(state, subgraph, why);
}

Status plan_entry(State& state, int32_t subgraph, Message* why) {
  const Subgraph& s = state.subgraphs[subgraph];
  if (s.first != nullptr || s.refusal != nullptr) return {};
  if (is_asked_for(state, subgraph)) return plan_needed(state, subgraph, why);
  return plan_if_possible(state, subgraph, why);
}

int32_t signatures(const State& state) { return state.model.signatures(); }

// A shape for what the application cannot start is a mistake, and so is one that is none.
Status check_shapes(const State& state, Message* why) {
  for (const InputShape& s : state.options.shapes) {
    if (s.shape.rank < 0 || s.shape.rank > Shape::kMaxRank) {
      text(why, "cannot resize input ", s.input, " to ", s.shape.rank, " dimensions, only to ",
           Shape::kMaxRank);
      return Code::kBadArgument;
    }
    const bool exists = s.subgraph >= 0 && s.subgraph < state.subgraph_count;
    if (s.subgraph == 0 || (exists && state.subgraphs[s.subgraph].named)) continue;
    text(why, "cannot resize input ", s.input, " of subgraph ", s.subgraph,
         exists ? ": no signature runs it" : ": there is no such subgraph");
    return Code::kBadArgument;
  }
  return {};
}

// Without any that runs there is nothing to make an interpreter for.
Status check_any(const State& state, Message* why) {
  if (state.newest != nullptr) return {};
  text(why, state.subgraphs[0].refusal);
  return Code::kUnsupported;
}

}  // namespace

Status plan_entries(State& state, Message* why) {
  for (int32_t i = 0; i < signatures(state); ++i) {
    state.subgraphs[state.model.signature_subgraph(i)].named = true;
  }
  PIPIT_TRY(check_shapes(state, why));
  PIPIT_TRY(plan_entry(state, 0, why));
  for (int32_t i = 0; i < signatures(state); ++i) {
    PIPIT_TRY(plan_entry(state, state.model.signature_subgraph(i), why));
  }
  PIPIT_TRY(check_any(state, why));
  for (Graph* g = state.newest; g != nullptr; g = g->older) {
    if (state.subgraphs[g->index].first == nullptr) state.subgraphs[g->index].first = g;
  }
  return {};
}

}  // namespace pipit
