// SPDX-License-Identifier: Apache-2.0
// The public face of a plan.
#include "pipit/interpreter.h"

#include <algorithm>

#include "core/chains.h"
#include "core/delegate.h"
#include "core/early_end.h"
#include "pipit/planned_cpu.h"
#include "pipit/strings.h"
#include "platform/pages.h"
#include "platform/subnormals.h"

namespace pipit {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kReserves[] = {4 * kMiB, 64 * kMiB, 1024 * kMiB, 4096 * kMiB};

// Plans in address space that nobody else uses: the same code as a real plan. Where that is too
// little, in more.
Result<MemoryPlan> measure_one(const Model& model, OpTable ops, Options options, Message* why) {
  options.activations = {};
  uint64_t tried = 0;
  for (const uint64_t size : kReserves) {
    if (size > SIZE_MAX) break;
    const Span<uint8_t> pages = reserve_pages(static_cast<size_t>(size));
    const Result<State*> plan =
        make_plan(model, Arena(pages, Arena::Use::kMeasure), ops, options, why);
    const MemoryPlan memory = plan.ok() ? plan.value()->memory : MemoryPlan();
    release_pages(pages);
    if (plan.ok()) return memory;
    if (plan.status().code() != Code::kArenaTooSmall) return plan.status();
    if (why != nullptr) why->clear();
    if (pages.empty()) break;
    tried = size;
  }
  text(why, "the model needs more memory than can be planned on this machine: more than ", tried,
       " bytes");
  return Code::kArenaTooSmall;
}

// What suffices on each CPU.
Result<MemoryPlan> measure_any(const Model& model, OpTable ops, Options options, Message* why) {
  MemoryPlan most;
  const CpuFeatures least = planned_features(options.cpu);
  for (const CpuFeatures features : possible_features()) {
    if ((least & ~features) != 0) continue;
    options.cpu = plan_for(features);
    const Result<MemoryPlan> one = measure_one(model, ops, options, why);
    if (!one.ok()) return one.status();
    for (size_t MemoryPlan::*bytes :
         {&MemoryPlan::arena_bytes, &MemoryPlan::separate_bytes, &MemoryPlan::persistent_bytes,
          &MemoryPlan::activation_bytes, &MemoryPlan::lower_bound_bytes}) {
      if (one.value().*bytes > most.*bytes) most.*bytes = one.value().*bytes;
    }
  }
  return most;
}

Result<MemoryPlan> measure(const Model& model, OpTable ops, const Options& options, Message* why) {
  const bool any = (options.cpu & kCpuAny) != 0;
  return any ? measure_any(model, ops, options, why) : measure_one(model, ops, options, why);
}

Graph* planned_graph(const State* state, int subgraph) {
  if (state == nullptr || subgraph < 0 || subgraph >= state->subgraph_count) return nullptr;
  return state->subgraphs[subgraph].first;
}

Graph* entry_graph(const State* state, int subgraph) {
  Graph* graph = planned_graph(state, subgraph);
  return graph == nullptr || !graph->entry ? nullptr : graph;
}

size_t arena_bytes(const MemoryPlan& memory, const Options& options) {
  return options.activations.empty() ? memory.arena_bytes : memory.separate_bytes;
}

Status too_small(size_t have, const Result<MemoryPlan>& need, const Options& options,
                 Message* why) {
  if (why != nullptr) why->clear();
  if (!need.ok()) {
    text(why, "the arena has ", have, " bytes, the model needs more");
  } else if (have >= arena_bytes(need.value(), options)) {
    text(why, "there are ", options.activations.size(), " bytes for activations, the model needs ",
         need.value().activation_bytes);
  } else {
    text(why, "the arena has ", have, " bytes, the model needs ",
         arena_bytes(need.value(), options));
  }
  return Code::kArenaTooSmall;
}

bool fits(const MemoryPlan& need, size_t arena, const Options& options) {
  return arena >= arena_bytes(need, options) &&
         (options.activations.empty() || options.activations.size() >= need.activation_bytes);
}

// After somebody has planned otherwise than while measured: what resize() needs, and nothing to
// run.
void forget_plan(const Model& model, Span<uint8_t> arena, OpTable ops, const Options& options) {
  State& state = *new (arena.data()) State();
  state.model = model;
  state.ops = ops;
  state.options = options;
  state.options.shapes = {};
  state.arena = Arena(arena);
}

Status check_memory(Span<uint8_t> memory, const char* what, Message* why) {
  if (memory.data() == nullptr && !memory.empty()) {
    text(why, what, " is missing");
    return Code::kBadArgument;
  }
  if (reinterpret_cast<uintptr_t>(memory.data()) % kArenaAlign == 0) return {};
  text(why, what, " must start at a multiple of ", static_cast<uint64_t>(kArenaAlign));
  return Code::kBadArgument;
}

bool element_aligned(const void* bytes, Type type) {
  const auto address = reinterpret_cast<uintptr_t>(bytes);
  const int element = type_bits(type) < 64 ? type_bits(type) / 8 : 8;
  return element < 2 || address % static_cast<unsigned>(element) == 0;
}

Status bind(Tensor& t, void* home, void* bytes, size_t size, Message* why) {
  if (bytes == nullptr) {
    t.data = home;
    if (t.type == Type::kString) t.bytes = 0;
    return {};
  }
  if (t.storage != Storage::kActivation) {
    text(why, t, " cannot use a caller's buffer: its bytes are ",
         t.constant() ? "constant" : "not planned");
    return Code::kBadArgument;
  }
  if (t.type == Type::kString) {
    if (!valid_strings({static_cast<const uint8_t*>(bytes), size}, t.elements())) {
      text(why, t, ": the buffer does not hold ", t.elements(), " strings");
      return Code::kBadArgument;
    }
    t.bytes = size;
  } else if (size != t.bytes) {
    text(why, t, " has ", t.bytes, " bytes, the buffer ", size);
    return Code::kBadArgument;
  } else if (!element_aligned(bytes, t.type)) {
    text(why, t, ": the buffer is not aligned to its elements");
    return Code::kBadArgument;
  }
  t.data = bytes;
  return {};
}

// Strings have no bytes in the plan, so their place there is not to be read.
Status check_strings(const Graph& graph, Message* why) {
  for (int i = 0; i < graph.inputs(); ++i) {
    const Tensor& t = graph.input(i);
    if (t.type != Type::kString || t.storage != Storage::kActivation || t.bytes != 0) continue;
    text(why, "input ", i, ", ", t, ", has no strings: bind a buffer of them to it");
    return Code::kBadArgument;
  }
  return {};
}

Status check_open_dimensions(const Tensor& t, const Shape& wanted, Message* why) {
  const Shape open = shape_signature(t);
  bool fixed = open.rank != wanted.rank;
  for (int i = 0; !fixed && i < wanted.rank; ++i) {
    fixed = wanted[i] != t.shape[i] && open[i] != -1;
  }
  if (!fixed) return {};
  text(why, t, " cannot take shape ", wanted, ": the model leaves open only the -1 of ", open);
  return Code::kBadArgument;
}

Status no_such(const char* what, int i, int subgraph, Message* why) {
  text(why, "there is no ", what, " ", i);
  if (subgraph != 0) text(why, " of subgraph ", subgraph, " that an application can bind");
  return Code::kBadArgument;
}

}  // namespace

Result<Interpreter> Interpreter::create(const Model& model, Span<uint8_t> arena, OpTable ops,
                                        const Options& options, Message* why) {
  if ((options.cpu & kCpuAny) != 0) {
    text(why, "a plan is for one CPU: of any CPU there are sizes only");
    return Code::kBadArgument;
  }
  PIPIT_TRY(check_memory(arena, "the arena", why));
  PIPIT_TRY(check_memory(options.activations, "the memory for activations", why));
  Result<State*> plan = make_plan(model, Arena(arena), ops, options, why);
  if (plan.status().code() == Code::kArenaTooSmall) {
    // A model that is refused for another reason is refused for that, whatever the arena.
    if (why != nullptr) why->clear();
    const Result<MemoryPlan> need = measure(model, ops, options, why);
    if (!need.ok() && need.status().code() != Code::kArenaTooSmall) return need.status();
    return too_small(arena.size(), need, options, why);
  }
  if (!plan.ok()) return plan.status();
  Interpreter interpreter;
  interpreter.state_ = plan.value();
  interpreter.reset_variables();
  return interpreter;
}

Result<size_t> Interpreter::required_arena_bytes(const Model& model, OpTable ops,
                                                 const Options& options, Message* why) {
  const Result<MemoryPlan> need = measure(model, ops, options, why);
  if (!need.ok()) return need.status();
  return arena_bytes(need.value(), options);
}

Result<MemoryPlan> Interpreter::required_memory(const Model& model, OpTable ops,
                                                const Options& options, Message* why) {
  return measure(model, ops, options, why);
}

int Interpreter::inputs(int subgraph) const {
  const Graph* g = planned_graph(state_, subgraph);
  return g == nullptr ? 0 : g->inputs();
}

int Interpreter::outputs(int subgraph) const {
  const Graph* g = planned_graph(state_, subgraph);
  return g == nullptr ? 0 : g->outputs();
}

const Model& Interpreter::model() const { return state_->model; }

int Interpreter::tensors(int subgraph) const {
  const Graph* g = planned_graph(state_, subgraph);
  return g == nullptr ? 0 : g->tensor_count;
}

const Tensor* Interpreter::input(int i, int subgraph) const {
  return i < 0 || i >= inputs(subgraph) ? nullptr : &planned_graph(state_, subgraph)->input(i);
}

const Tensor* Interpreter::output(int i, int subgraph) const {
  return i < 0 || i >= outputs(subgraph) ? nullptr : &planned_graph(state_, subgraph)->output(i);
}

Tensor Interpreter::tensor(int i, int subgraph) const {
  if (i < 0 || i >= tensors(subgraph)) {
    Tensor none;
    none.index = -1;
    return none;
  }
  const Graph& graph = *planned_graph(state_, subgraph);
  const Tensor* kept = graph.tensors.find(i);
  return kept != nullptr ? *kept : tensor_of_file(*state_, graph, i);
}

Status Interpreter::bind_input(int i, void* bytes, size_t size, Message* why, int subgraph) {
  Graph* g = entry_graph(state_, subgraph);
  if (g == nullptr || i < 0 || i >= g->inputs()) return no_such("input", i, subgraph, why);
  return bind(g->input(i), g->home[i], bytes, size, why);
}

Status Interpreter::bind_output(int i, void* bytes, size_t size, Message* why, int subgraph) {
  Graph* g = entry_graph(state_, subgraph);
  if (g == nullptr || i < 0 || i >= g->outputs()) return no_such("output", i, subgraph, why);
  return bind(g->output(i), g->home[g->inputs() + i], bytes, size, why);
}

Status Interpreter::runs(int subgraph, Message* why) const {
  if (entry_graph(state_, subgraph) != nullptr) return {};
  if (state_ == nullptr || state_->subgraph_count == 0) {
    text(why, "there is no plan: an attempt to resize has failed");
    return Code::kBadArgument;
  }
  const bool exists = subgraph >= 0 && subgraph < state_->subgraph_count;
  const char* refusal = exists ? state_->subgraphs[subgraph].refusal : nullptr;
  if (refusal == nullptr) {
    text(why, "no signature runs subgraph ", subgraph);
    return Code::kBadArgument;
  }
  text(why, "subgraph ", subgraph, " cannot run: ", refusal);
  return Code::kUnsupported;
}

Status Interpreter::invoke_subgraph(int subgraph, Message* why) {
  if (state_ != nullptr) set_cancelled(*state_, false);
  PIPIT_TRY(runs(subgraph, why));
  Graph* graph = entry_graph(state_, subgraph);
  PIPIT_TRY(check_strings(*graph, why));
  begin_invocation(*state_);
  const FlushSubnormals flush;
  const Status status = run_graph(*state_, *graph, why);
  return ends_early(status) ? Status() : status;
}

int Interpreter::signature_subgraph(int signature) const {
  if (state_ == nullptr || signature < 0 || signature >= state_->model.signatures()) return -1;
  return state_->model.signature_subgraph(signature);
}

Status Interpreter::invoke_signature(int signature, Message* why) {
  const int subgraph = signature_subgraph(signature);
  if (subgraph >= 0) return invoke_subgraph(subgraph, why);
  if (state_ != nullptr) set_cancelled(*state_, false);
  text(why, "there is no signature ", signature);
  return Code::kBadArgument;
}

Status Interpreter::resize(Span<const InputShape> shapes, Message* why) {
  if (state_ == nullptr) return runs(0, why);
  Options options = state_->options;
  options.shapes = shapes;
  const Model model = state_->model;
  const OpTable ops = state_->ops;
  const Span<uint8_t> arena(state_->arena.base(), state_->arena.size());
  const Result<MemoryPlan> need = measure(model, ops, options, why);
  if (!need.ok()) return need.status();
  if (!fits(need.value(), arena.size(), options)) {
    return too_small(arena.size(), need, options, why);
  }
  const Status planned = make_plan(model, Arena(arena), ops, options, why).status();
  if (!planned.ok()) forget_plan(model, arena, ops, options);
  reset_variables();
  return planned;
}

Status Interpreter::resize_strict(Span<const InputShape> shapes, Message* why) {
  for (const InputShape& s : shapes) {
    const Tensor* t = input(s.input, s.subgraph);
    if (t != nullptr) PIPIT_TRY(check_open_dimensions(*t, s.shape, why));
  }
  return resize(shapes, why);
}

void Interpreter::cancel() const {
  if (state_ != nullptr) set_cancelled(*state_, true);
}

bool Interpreter::cancelled() const { return state_ != nullptr && is_cancelled(*state_); }

void Interpreter::set_team(Team* team) { state_->options.team = team; }

void Interpreter::set_profiler(const Profiler& profiler) { state_->options.profiler = profiler; }

void Interpreter::reset_variables() { pipit::reset_variables(*state_); }

MemoryPlan Interpreter::memory() const { return state_->memory; }

int Interpreter::steps(int subgraph) const {
  const Graph* g = planned_graph(state_, subgraph);
  return g == nullptr ? 0 : g->step_count;
}

StepInfo Interpreter::step(int i, int subgraph) const {
  const Graph& graph = *planned_graph(state_, subgraph);
  return step_info(*state_, graph, graph.steps[i]);
}

int Interpreter::chains() const { return static_cast<int>(state_->chain_list.size()); }

ChainInfo Interpreter::chain(int i) const {
  const Chain& c = *state_->chain_list[static_cast<size_t>(i)];
  return {c.graph->index,   c.count,         c.band,          c.shares,
          c.bytes().size(), c.computed_rows, c.repeated_rows, c.ends[c.shares - 1]};
}

ChainCallInfo Interpreter::chain_call(int i, int call) const {
  const Chain& c = *state_->chain_list[static_cast<size_t>(i)];
  const ChainCall& told = c.calls[call];
  const auto share = std::upper_bound(c.ends, c.ends + c.shares, call) - c.ends;
  return {static_cast<int>(share), told.link, told.first, told.count};
}

StepInfo Interpreter::chain_step(int i, int link) const {
  const Chain& c = *state_->chain_list[static_cast<size_t>(i)];
  return step_info(*state_, *c.graph, c.links[link].step);
}

int Interpreter::partitions() const { return static_cast<int>(state_->partition_list.size()); }

PartitionInfo Interpreter::partition(int i) const {
  const Delegation& d = *state_->partition_list[static_cast<size_t>(i)];
  return {d.delegate->name, d.graph->index, {d.nodes, static_cast<size_t>(d.count)}};
}

void Interpreter::delegation(Message* report) const {
  const char* before = "";
  for (const Delegate* delegate : state_->options.delegates) {
    text(report, before, delegate->name, " computes ");
    put_share(*state_, *delegate, report);
    before = "; ";
  }
}

}  // namespace pipit
