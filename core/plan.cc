// SPDX-License-Identifier: Apache-2.0
// From a checked model to steps: every node prepared once, every activation placed.
#include "core/plan.h"

#include <algorithm>

#include "core/chains.h"
#include "core/delegate.h"
#include "core/limits.h"
#include "platform/subnormals.h"

namespace pipit {
namespace {

// A result computed at plan time stays in the arena for good, so large ones are computed by each
// invocation instead.
constexpr size_t kFoldBytes = 4096;

Status take_lists(State& state, Graph& graph) {
  Arena& pool = *state.pool;
  graph.steps = pool.take_array<Step>(static_cast<size_t>(count(graph.file->operators())));
  const int homes = graph.entry ? graph.inputs() + graph.outputs() : 0;
  graph.home = pool.take_array<void*>(static_cast<size_t>(homes));
  return graph.steps == nullptr || graph.home == nullptr ? Code::kArenaTooSmall : Status();
}

Status set_shape(Tensor* t, const Shape& shape, Message* why) {
  const int64_t bytes = dense_bytes(t->type, shape);
  if (bytes < 0) {
    text(why, *t, " cannot take shape ", shape);
    return Code::kBadArgument;
  }
  t->shape = shape;
  t->bytes = static_cast<size_t>(bytes);
  return {};
}

// The shapes that the application asked for.
Status resize_inputs(State& state, Graph& graph, Message* why) {
  for (const InputShape& s : state.options.shapes) {
    if (s.subgraph != graph.index) continue;
    if (s.input < 0 || s.input >= graph.inputs()) {
      text(why, "cannot resize input ", s.input, ": the model has ", graph.inputs(), " inputs");
      return Code::kBadArgument;
    }
    Tensor& t = graph.input(s.input);
    if (t.storage != Storage::kActivation) {
      text(why, "cannot resize ", t, ": its bytes are fixed");
      return Code::kBadArgument;
    }
    PIPIT_TRY(set_shape(&t, s.shape, why));
  }
  return {};
}

// An input of a called graph has its caller's bytes; what is constant there is constant here.
Status take_argument(const Tensor& argument, Tensor* t, Message* why) {
  const auto unusable = [&](const char* reason) -> Status {
    text(why, "cannot pass ", argument, " to a subgraph as ", *t, ": ", reason);
    return Code::kBadModel;
  };
  if (argument.type != t->type) return unusable("the types differ");
  if (t->storage != Storage::kActivation) {
    return unusable("that is a constant, a variable or an input twice");
  }
  PIPIT_TRY(set_shape(t, argument.shape, why));
  t->storage = argument.constant() ? Storage::kConstant : Storage::kBorrowed;
  if (!argument.constant()) return {};
  if (t->type != Type::kString && argument.bytes != t->bytes) return unusable("it is sparse");
  t->bytes = argument.bytes;
  t->data = argument.data;
  return {};
}

Status take_arguments(Graph& graph, const Tensor* const* arguments, Message* why) {
  for (int i = 0; i < graph.inputs(); ++i) {
    PIPIT_TRY(take_argument(*arguments[i], &graph.input(i), why));
  }
  return {};
}

// Whether the tensor has no value and somebody would find that out: of a tensor without elements
// there is nothing to read, but of strings at least their count.
bool lacks_value(const Tensor& t) {
  return t.storage == Storage::kNone && (t.bytes != 0 || t.type == Type::kString);
}

bool any_input_dynamic(const Step& step) {
  for (int i = 0; i < step.inputs; ++i) {
    if (step.tensors[i] != nullptr && step.tensors[i]->storage == Storage::kDynamic) return true;
  }
  return false;
}

// Outputs of a planned step become activations; those of a deferred one get bytes when it runs.
void mark_outputs(const Step& step, bool deferred) {
  for (int i = 0; i < step.outputs; ++i) {
    Tensor& t = *step.tensors[step.inputs + i];
    if (deferred) {
      t.storage = Storage::kDynamic;
      t.data = nullptr;
    } else if (t.storage == Storage::kNone) {
      t.storage = Storage::kActivation;
    }
  }
}

bool inputs_constant(const Op& op, const Step& step) {
  if ((op.flags & kOpNoFold) != 0) return false;
  bool any = false;
  for (int i = 0; i < step.inputs; ++i) {
    if (step.tensors[i] == nullptr) continue;
    if (!step.tensors[i]->constant()) return false;
    any = true;
  }
  return any;
}

// The product of all dimensions but those of size 0: the most that a walk over the tensor visits.
ByteCount items(const Shape& shape) {
  ByteCount n = 1;
  for (int i = 0; i < shape.rank; ++i) n = n * std::max(shape[i], 1);
  return n;
}

// The constant whose bytes are those of `output`, too; nullptr if there is none. (One of another
// type may not lie where elements of the output's may.)
const Tensor* aliased_constant(const Graph& graph, const Planning& planning, const Tensor& output) {
  const int32_t from = planning.share[output.index];
  if (from == Planning::kNobody || planning.exact[output.index] == 0) return nullptr;
  const Tensor& t = graph.tensors[from];
  return t.constant() && t.type == output.type ? &t : nullptr;
}

// Whether all that the step does is to give constants other names and shapes.
bool renames_constants(const Graph& graph, const Planning& planning, const Step& step) {
  for (int i = 0; i < step.outputs; ++i) {
    if (aliased_constant(graph, planning, step.output(i)) == nullptr) return false;
  }
  return true;
}

// `any_size` is what operators want that make large constants of small ones.
bool outputs_foldable(const Graph& graph, const Planning& planning, const Step& step,
                      bool any_size) {
  ByteCount bytes;
  for (int i = 0; i < step.outputs; ++i) {
    const Tensor& t = step.output(i);
    if (t.storage != Storage::kActivation || planning.output[t.index] != 0) return false;
    bytes += t.bytes;
  }
  return any_size || bytes <= kFoldBytes || renames_constants(graph, planning, step);
}

// The outputs become constants: computed, or the bytes of the constants that they rename.
Status fold(State& state, Graph& graph, const Planning& planning, Step step,
            ByteCount scratch_bytes, Message* why) {
  const bool renames = renames_constants(graph, planning, step);
  for (int i = 0; i < step.outputs; ++i) {
    Tensor& t = *step.tensors[step.inputs + i];
    t.storage = Storage::kConstant;
    t.data = renames ? aliased_constant(graph, planning, t)->data : state.pool->take(t.bytes);
    if (t.data == nullptr) return Code::kArenaTooSmall;
  }
  if (renames || computes_nothing(state.op(state.node(graph, step.node)), step)) return {};
  const size_t mark = state.pool->temporary_mark();
  step.scratch = static_cast<uint8_t*>(state.pool->take_temporary(scratch_bytes));
  if (step.scratch == nullptr) return Code::kArenaTooSmall;
  const FlushSubnormals flush;
  Run run(state, graph, why);
  const Status status = step.run(step, run);
  state.pool->release_temporary(mark);
  return status.ok() ? status : Status(Code::kBadModel);
}

}  // namespace

struct NodePlanner {
  State& state;
  Graph& graph;
  Planning& planning;
  Message* why;

  // Looks for the reader only now that there is one: with many inputs and outputs, each against
  // each would take too long.
  Status read_before(const Prepare& p, const Step& step, const Tensor& output) const {
    const auto* const* inputs = step.tensors;
    const bool own = std::find(inputs, inputs + step.inputs, &output) != inputs + step.inputs;
    if (own) return p.bad(output, " is both input and output");
    return p.bad("output ", output, " has been read by an earlier operator");
  }

  Status check_inputs(const Prepare& p, const Op& op, const Step& step) const {
    for (int i = 0; i < step.inputs; ++i) {
      const Tensor* t = step.tensors[i];
      if (t == nullptr) continue;
      planning.use[t->index] = Planning::kRead;
      if (lacks_value(*t)) {
        return p.bad("input ", i, ", ", *t, ", has no bytes and no earlier operator computes it");
      }
      const bool sparse = static_cast<const fb::Tensor*>(t->file_tensor)->sparsity() != nullptr;
      if (sparse && t->constant() && (op.flags & kOpSparse) == 0) {
        return p.unsupported("input ", i, ", ", *t, ", is sparse");
      }
    }
    for (int o = 0; o < step.outputs; ++o) {
      const Tensor& t = step.output(o);
      uint8_t& use = planning.use[t.index];
      if (use == Planning::kRead) return read_before(p, step, t);
      if (t.constant()) return p.bad("output ", o, ", ", t, ", is a constant");
      if (t.storage == Storage::kVariable) return p.bad("output ", o, ", ", t, ", is a variable");
      if (t.storage != Storage::kNone) {
        return p.bad("output ", o, ", ", t, ", already has a value");
      }
      if (use == Planning::kWritten) return p.bad("output ", o, ", ", t, ", is named twice");
      use = Planning::kWritten;
    }
    return {};
  }

  // Whether what folding takes, which is at most about a product for each pair of an input's and an
  // output's bytes, can be spent on a file of this size. Items that are empty count like bytes.
  // Operators that ask for it themselves take time in proportion to their output.
  bool worth_it(const Step& step, bool asked) {
    ByteCount in, out;
    for (int i = 0; i < step.inputs; ++i) {
      if (step.tensors[i] == nullptr) continue;
      in += std::max(ByteCount(step.input(i).bytes), items(step.input(i).shape));
    }
    for (int i = 0; i < step.outputs; ++i) out += step.output(i).bytes;
    if (asked && out <= kFoldBytes) return true;
    if (!asked && out > kFoldBytes) return true;  // nothing but new names for constants
    const ByteCount work = asked ? out : in * out;
    if (work > most_planning_work(state.model.file().size()) - state.fold_work) return false;
    state.fold_work += work.value();
    return true;
  }

  // A delegate wants neither the operator's parameters nor its way to share memory.
  void hand_over(Step* step, size_t mark) const {
    state.pool->release_low(mark);
    step->run = nullptr;
    for (int o = 0; o < step->outputs; ++o) {
      planning.share[step->output(o).index] = Planning::kNobody;
    }
  }

  // What the operator makes of the file's numbers, together with what those before it have made.
  Status check_tables(const Prepare& p) const {
    if (p.unaffordable_ == 0) return {};
    const size_t file = state.model.file().size();
    return p.unsupported("needs tables of ", p.unaffordable_.value(),
                         " bytes, too much for a file of ", file, " bytes: it may have ",
                         most_table_bytes(file), ", and has ", state.table_bytes);
  }

  // Of the constants that the node reads its step keeps those that it has not detached.
  Status keep_constants(const Step& step) const {
    auto** tensors = const_cast<Tensor**>(step.tensors);
    for (int i = 0; i < step.inputs; ++i) {
      if (tensors[i] == nullptr) continue;
      tensors[i] = keep_tensor(state, graph, tensors[i]);
      if (tensors[i] == nullptr) return Code::kArenaTooSmall;
    }
    return {};
  }

  // Those that are made for the node alone end with it.
  void forget_constants(int node) const {
    const auto* inputs = state.node(graph, node).inputs();
    for (int i = 0; i < count(inputs); ++i) {
      if (at(inputs, i) < 0) continue;
      Tensor*& t = graph.tensors.now[at(inputs, i)];
      if (state.pool->is_temporary(t)) t = nullptr;
    }
  }

  Status plan_node(int node) {
    const size_t mark = state.pool->temporary_mark();
    PIPIT_TRY(plan_step(node));
    if (state.pool->temporary_mark() != mark) forget_constants(node);
    state.pool->release_temporary(mark);
    return {};
  }

  Status plan_step(int node) {
    Prepare p(state, graph, &planning, node, why);
    PIPIT_TRY(check_tables(p));
    if (p.step_.tensors == nullptr) return Code::kArenaTooSmall;
    const Op& op = state.op(state.node(graph, node));
    const size_t mark = state.pool->low_mark();
    PIPIT_TRY(check_inputs(p, op, p.step_));
    if (any_input_dynamic(p.step_)) {
      p.deferred_ = true;
    } else {
      const Status prepared = op.prepare(p);
      PIPIT_TRY(check_tables(p));
      PIPIT_TRY(prepared);
    }
    const bool later = p.deferred_ || p.outputs_later_;
    mark_outputs(p.step_, later);
    if (p.deferred_) p.step_.run = run_deferred;
    const bool known = !p.deferred_ && (p.fold_ || inputs_constant(op, p.step_));
    if (known && outputs_foldable(graph, planning, p.step_, p.fold_) &&
        worth_it(p.step_, p.fold_)) {
      return fold(state, graph, planning, p.step_, p.scratch_bytes_, why);
    }
    if (!later && computes_nothing(op, p.step_)) return {};
    planning.scratch[graph.step_count] = p.deferred_ ? ByteCount() : p.scratch_bytes_;
    const int32_t who = p.deferred_ ? Planning::kNobody : claim_step(state, graph, op, p.step_);
    planning.claimed[graph.step_count] = who;
    planning.rows[graph.step_count] = p.deferred_ || who != Planning::kNobody ? nullptr : p.rows_;
    if (who != Planning::kNobody) hand_over(&p.step_, mark);
    p.drop_detached();
    PIPIT_TRY(keep_constants(p.step_));
    graph.steps[graph.step_count++] = p.step_;
    return {};
  }
};

namespace {

Status make_planning(const State& state, const Graph& graph, Planning* planning) {
  Arena& pool = *state.pool;
  const auto tensors = static_cast<size_t>(graph.tensor_count);
  planning->share = pool.temporary_array<int32_t>(tensors);
  planning->exact = pool.temporary_array<uint8_t>(tensors);
  planning->use = pool.temporary_array<uint8_t>(tensors);
  planning->output = pool.temporary_array<uint8_t>(tensors);
  const auto operators = static_cast<size_t>(count(graph.file->operators()));
  planning->scratch = pool.temporary_array<ByteCount>(operators);
  planning->claimed = pool.temporary_array<int32_t>(operators);
  planning->rows = pool.temporary_array<RowsFn>(operators);
  if (!planning->share || !planning->exact || !planning->use || !planning->output ||
      !planning->scratch || !planning->claimed || !planning->rows) {
    return Code::kArenaTooSmall;
  }
  std::fill(planning->share, planning->share + tensors, Planning::kNobody);
  std::fill(planning->use, planning->use + tensors, Planning::kUnused);
  std::fill(planning->output, planning->output + tensors, uint8_t{0});
  for (int i = 0; i < graph.outputs(); ++i) planning->output[graph.output(i).index] = 1;
  return {};
}

Status check_graph_outputs(const Graph& graph, const Planning& planning, Message* why) {
  for (int i = 0; i < graph.outputs(); ++i) {
    const Tensor& t = graph.output(i);
    planning.use[t.index] = Planning::kRead;
    const bool sparse = static_cast<const fb::Tensor*>(t.file_tensor)->sparsity() != nullptr;
    if (sparse && t.constant()) {
      text(why, "output ", i, ", ", t, ", is a sparse constant");
      return Code::kUnsupported;
    }
    if (!lacks_value(t)) continue;
    text(why, "output ", i, ", ", t, ", is computed by no operator");
    return Code::kBadModel;
  }
  return {};
}

// A call with any shape fits an input that nobody reads.
void forget_unread_inputs(Graph& graph, const Planning& planning) {
  for (int i = 0; i < graph.inputs(); ++i) {
    Tensor& t = graph.input(i);
    if (!graph.entry && planning.use[t.index] != Planning::kRead) t.storage = Storage::kNone;
  }
}

Status plan_nodes(State& state, Graph& graph, Message* why) {
  const size_t mark = state.pool->temporary_mark();
  Planning planning;
  PIPIT_TRY(make_planning(state, graph, &planning));
  NodePlanner planner{state, graph, planning, why};
  for (int i = 0; i < count(graph.file->operators()); ++i) PIPIT_TRY(planner.plan_node(i));
  PIPIT_TRY(check_graph_outputs(graph, planning, why));
  forget_unread_inputs(graph, planning);
  PIPIT_TRY(form_partitions(state, graph, planning, why));
  PIPIT_TRY(form_chains(state, graph, planning));
  PIPIT_TRY(place_activations(state, graph, planning, why));
  state.pool->release_temporary(mark);
  return {};
}

// So that each of them is found by its number at once.
template <class T>
Status make_list(State& state, T* first, Span<const T*>* list) {
  size_t n = 0;
  for (const T* item = first; item != nullptr; item = item->next) ++n;
  if (n == 0) return {};
  const T** items = state.arena.take_array<const T*>(n);
  if (items == nullptr) return Code::kArenaTooSmall;
  *list = {items, n};
  for (const T* item = first; item != nullptr; item = item->next) *items++ = item;
  return {};
}

}  // namespace

Result<Graph*> plan_graph(State& state, int32_t subgraph, const Tensor* const* arguments,
                          Message* why) {
  Graph* graph = state.pool->take_array<Graph>(1);
  if (graph == nullptr) return Code::kArenaTooSmall;
  *graph = Graph();
  graph->file = &state.file_subgraph(subgraph);
  graph->index = subgraph;
  graph->entry = arguments == nullptr;
  graph->late = state.pool == &state.dynamic;
  graph->older = state.newest;
  state.newest = graph;
  PIPIT_TRY(check_nodes(state, subgraph, why));
  const size_t mark = state.pool->temporary_mark();
  PIPIT_TRY(init_tensors(state, *graph));
  PIPIT_TRY(take_lists(state, *graph));
  PIPIT_TRY(graph->entry ? resize_inputs(state, *graph, why)
                         : take_arguments(*graph, arguments, why));
  PIPIT_TRY(plan_nodes(state, *graph, why));
  graph->tensors.now = nullptr;
  state.pool->release_temporary(mark);
  if (graph->late) {
    void* activations = state.pool->reserve(graph->placement.bytes);
    if (activations == nullptr) return Code::kArenaTooSmall;
    bind_activations(*graph, static_cast<uint8_t*>(activations));
  }
  graph->progress = Graph::Progress::kPlanned;
  return graph;
}

Result<State*> make_plan(const Model& model, const Arena& whole, OpTable ops,
                         const Options& options, Message* why) {
  Arena arena = whole;
  void* memory = arena.take(sizeof(State));
  if (memory == nullptr) return Code::kArenaTooSmall;
  State& state = *new (memory) State();
  state.model = model;
  state.ops = ops;
  state.arena = arena;
  state.options = options;
  state.pool = &state.arena;
  state.placement_pairs = kMostPlacementPairs;
  PIPIT_TRY(check_delegates(options, why));
  PIPIT_TRY(find_operators(state));
  PIPIT_TRY(init_subgraphs(state));
  PIPIT_TRY(init_resources(state));
  PIPIT_TRY(plan_entries(state, why));
  PIPIT_TRY(place_resources(state));
  PIPIT_TRY(make_list(state, state.delegations, &state.partition_list));
  PIPIT_TRY(make_list(state, state.chains, &state.chain_list));
  PIPIT_TRY(bind_addresses(state, why));
  state.options.shapes = {};  // are the caller's, and in the plan now
  state.pool = &state.dynamic;
  state.placement_pairs = 0;  // who plans while running has no time
  state.newest_planned = state.newest;
  return &state;
}

}  // namespace pipit
