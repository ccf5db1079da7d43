// SPDX-License-Identifier: Apache-2.0
// From a checked model to steps: every node prepared once, every activation placed.
#include "core/plan.h"

#include <algorithm>
#include <cstring>

namespace pipit {
namespace {

// A result computed at plan time stays in the arena for good, so large ones are computed by each
// invocation instead.
constexpr size_t kFoldBytes = 4096;
// Subgraphs that call subgraphs: deeper than this is refused, so planning needs little stack.
constexpr int32_t kMaxSubgraphDepth = 16;

template <class T>
int32_t count(const T* vector) {
  return vector == nullptr ? 0 : static_cast<int32_t>(vector->size());
}

bool has_file_bytes(const State& state, const fb::Tensor& t) {
  return t.buffer() != 0 && !buffer_bytes(state.model, t.buffer()).empty();
}

// Bytes that start where elements of the type may not (files of careless writers) are copied.
Status set_constant(State& state, const fb::Tensor& file, Tensor* t) {
  const Span<const uint8_t> bytes = buffer_bytes(state.model, file.buffer());
  const size_t align =
      std::max<size_t>(1, std::min<size_t>(8, static_cast<size_t>(type_bits(t->type) / 8)));
  t->storage = Storage::kConstant;
  t->bytes = bytes.size();
  t->data = const_cast<uint8_t*>(bytes.data());  // never written: outputs are no constants
  if (reinterpret_cast<uintptr_t>(bytes.data()) % align == 0) return {};
  t->data = state.arena.take(bytes.size());
  if (t->data == nullptr) return Code::kArenaTooSmall;
  std::memcpy(t->data, bytes.data(), bytes.size());
  return {};
}

Status init_tensor(State& state, int32_t index, const fb::Tensor& file, Tensor* t) {
  t->index = index;
  t->file_tensor = &file;
  if (file.name() != nullptr) t->name = file.name()->c_str();
  t->type = static_cast<Type>(file.type());
  for (int i = 0; i < count(file.shape()); ++i) {
    t->shape[t->shape.rank++] = file.shape()->Get(static_cast<unsigned>(i));
  }
  t->bytes = static_cast<size_t>(dense_bytes(t->type, t->shape));
  const Quantization q = quantization(*t);
  if (!q.scales.empty()) t->scale = q.scales[0];
  if (!q.zero_points.empty()) t->zero_point = static_cast<int32_t>(q.zero_points[0]);
  if (has_file_bytes(state, file)) return set_constant(state, file, t);
  if (file.is_variable()) {
    t->storage = Storage::kVariable;
    t->data = state.arena.take(t->bytes);
    if (t->data == nullptr) return Code::kArenaTooSmall;
  }
  return {};
}

const fb::Tensor& file_tensor(const Graph& graph, int32_t i) {
  return *graph.file->tensors()->Get(static_cast<unsigned>(i));
}

Status init_tensors(State& state, Graph& graph) {
  graph.tensor_count = count(graph.file->tensors());
  graph.tensors = state.arena.take_array<Tensor>(static_cast<size_t>(graph.tensor_count));
  graph.steps = state.arena.take_array<Step>(static_cast<size_t>(count(graph.file->operators())));
  graph.home = state.arena.take_array<void*>(static_cast<size_t>(graph.inputs()) +
                                             static_cast<size_t>(graph.outputs()));
  if (!graph.tensors || !graph.steps || !graph.home) return Code::kArenaTooSmall;
  for (int32_t i = 0; i < graph.tensor_count; ++i) {
    graph.tensors[i] = Tensor();
    PIPIT_TRY(init_tensor(state, i, file_tensor(graph, i), &graph.tensors[i]));
  }
  for (int i = 0; i < graph.inputs(); ++i) {
    Tensor& t = graph.input(i);
    if (t.storage == Storage::kNone) t.storage = Storage::kActivation;
  }
  return {};
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

// Input shapes: those of the calling step, or the ones that the application asked for.
Status set_input_shapes(State& state, Graph& graph, const Tensor* const* callers, Message* why) {
  if (callers != nullptr) {
    for (int i = 0; i < graph.inputs(); ++i) {
      Tensor& t = graph.input(i);
      if (t.storage != Storage::kActivation) continue;
      PIPIT_TRY(set_shape(&t, callers[i]->shape, why));
    }
    return {};
  }
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

bool is_graph_output(const Graph& graph, const Tensor* t) {
  for (int i = 0; i < graph.outputs(); ++i) {
    if (&graph.output(i) == t) return true;
  }
  return false;
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

bool outputs_foldable(const Graph& graph, const Step& step) {
  size_t bytes = 0;
  for (int i = 0; i < step.outputs; ++i) {
    const Tensor& t = step.output(i);
    if (t.storage != Storage::kActivation || is_graph_output(graph, &t)) return false;
    bytes += t.bytes;
  }
  return bytes <= kFoldBytes;
}

Status fold(State& state, Graph& graph, Step step, size_t scratch_bytes, Message* why) {
  for (int i = 0; i < step.outputs; ++i) {
    Tensor& t = *step.tensors[step.inputs + i];
    t.storage = Storage::kConstant;
    t.data = state.arena.take(t.bytes);
    if (t.data == nullptr) return Code::kArenaTooSmall;
  }
  const size_t mark = state.arena.temporary_mark();
  step.scratch = static_cast<uint8_t*>(state.arena.take_temporary(scratch_bytes));
  if (step.scratch == nullptr) return Code::kArenaTooSmall;
  Run run(state, graph, why);
  const Status status = step.run(step, run);
  state.arena.release_temporary(mark);
  return status.ok() ? status : Status(Code::kBadModel);
}

// ---- lifetimes

struct Lifetimes {
  int32_t* first;
  int32_t* last;
};

Lifetimes find_lifetimes(const State& state, const Graph& graph, int32_t* first, int32_t* last) {
  // What the caller reads lives until after the last step: that one must not write over it either.
  const int32_t end = graph.step_count;
  for (int32_t i = 0; i < graph.tensor_count; ++i) {
    first[i] = state.options.preserve_all ? 0 : INT32_MAX;
    last[i] = state.options.preserve_all ? end : -1;
  }
  const auto use = [&](const Tensor* t, int32_t at) {
    first[t->index] = std::min(first[t->index], at);
    last[t->index] = std::max(last[t->index], at);
  };
  for (int32_t s = 0; s < graph.step_count; ++s) {
    const Step& step = graph.steps[s];
    for (int i = 0; i < step.inputs + step.outputs; ++i) {
      if (step.tensors[i] != nullptr) use(step.tensors[i], s);
    }
  }
  for (int i = 0; i < graph.inputs(); ++i) {
    use(&graph.input(i), 0);
    if (state.options.preserve_inputs) use(&graph.input(i), end);
  }
  for (int i = 0; i < graph.outputs(); ++i) use(&graph.output(i), end);
  return {first, last};
}

int32_t root_of(const int32_t* root, int32_t i) {
  while (root[i] != i) i = root[i];
  return i;
}

// Merges `t` into the block of `into`.
void merge(int32_t* root, const Lifetimes& life, int32_t t, int32_t into) {
  root[t] = into;
  life.first[into] = std::min(life.first[into], life.first[t]);
  life.last[into] = std::max(life.last[into], life.last[t]);
}

// Aliases share whenever both are activations; an output is written over its input when no one
// needs the input's block from there on.
void share_blocks(const Graph& graph, const Planning& planning, const Lifetimes& life,
                  int32_t* root) {
  for (int32_t i = 0; i < graph.tensor_count; ++i) root[i] = i;
  for (const bool exact : {true, false}) {
    for (int32_t s = 0; s < graph.step_count; ++s) {
      const Step& step = graph.steps[s];
      for (int o = 0; o < step.outputs; ++o) {
        const Tensor& out = step.output(o);
        const int32_t wanted = planning.share[out.index];
        if (wanted == Planning::kNobody || (planning.exact[out.index] != 0) != exact) continue;
        const Tensor& in = graph.tensors[wanted];
        const int32_t block = root_of(root, wanted);
        const int32_t mine = root_of(root, out.index);
        if (in.storage != Storage::kActivation || out.storage != Storage::kActivation ||
            block == mine || graph.tensors[block].bytes < graph.tensors[mine].bytes ||
            life.first[mine] < s || (!exact && life.last[block] > s)) {
          continue;
        }
        merge(root, life, mine, block);
      }
    }
  }
}

// Places all activations and scratch blocks; offsets are kept in Tensor::data and Step::scratch
// until the base is known.
Status place_activations(State& state, Graph& graph, const Planning& planning) {
  Arena& arena = state.arena;
  const auto tensors = static_cast<size_t>(graph.tensor_count);
  const auto steps = static_cast<size_t>(graph.step_count);
  int32_t* first = arena.temporary_array<int32_t>(tensors);
  int32_t* last = arena.temporary_array<int32_t>(tensors);
  int32_t* root = arena.temporary_array<int32_t>(tensors);
  int32_t* block_of = arena.temporary_array<int32_t>(tensors);
  Block* blocks = arena.temporary_array<Block>(tensors + steps);
  if (!first || !last || !root || !block_of || !blocks) return Code::kArenaTooSmall;
  const Lifetimes life = find_lifetimes(state, graph, first, last);
  if (state.options.preserve_all) {
    for (int32_t i = 0; i < graph.tensor_count; ++i) root[i] = i;
  } else {
    share_blocks(graph, planning, life, root);
  }
  size_t n = 0;
  for (int32_t i = 0; i < graph.tensor_count; ++i) {
    const Tensor& t = graph.tensors[i];
    if (t.storage != Storage::kActivation || root[i] != i || last[i] < 0) continue;
    block_of[i] = static_cast<int32_t>(n);
    blocks[n++] = {t.bytes, 0, first[i], last[i]};
  }
  const size_t tensor_blocks = n;
  for (int32_t s = 0; s < graph.step_count; ++s) {
    if (planning.scratch[s] != 0) blocks[n++] = {planning.scratch[s], 0, s, s};
  }
  if (!place({blocks, n}, graph.step_count + 1, arena, &graph.placement)) {
    return Code::kArenaTooSmall;
  }
  for (int32_t i = 0; i < graph.tensor_count; ++i) {
    Tensor& t = graph.tensors[i];
    if (t.storage != Storage::kActivation) continue;
    const int32_t r = root_of(root, i);
    if (last[r] < 0) {  // nobody reads or writes it
      t.storage = Storage::kNone;
      continue;
    }
    t.data = reinterpret_cast<void*>(static_cast<uintptr_t>(blocks[block_of[r]].offset));
  }
  n = tensor_blocks;
  for (int32_t s = 0; s < graph.step_count; ++s) {
    const size_t offset = planning.scratch[s] != 0 ? blocks[n++].offset : 0;
    graph.steps[s].scratch = reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(offset));
  }
  return {};
}

}  // namespace

struct Planner {
  State& state;
  Graph& graph;
  Planning& planning;
  Message* why;

  Status check_inputs(const Prepare& p, const Op& op, const Step& step) const {
    for (int i = 0; i < step.inputs; ++i) {
      const Tensor* t = step.tensors[i];
      if (t == nullptr) continue;
      if (t->storage == Storage::kNone && t->type != Type::kResource && t->bytes != 0) {
        return p.bad("input ", i, ", ", *t, ", has no bytes and no earlier operator computes it");
      }
      const bool sparse = static_cast<const fb::Tensor*>(t->file_tensor)->sparsity() != nullptr;
      if (sparse && t->constant() && (op.flags & kOpSparse) == 0) {
        return p.unsupported("input ", i, ", ", *t, ", is sparse");
      }
      for (int o = 0; o < step.outputs; ++o) {
        if (&step.output(o) == t) return p.bad(*t, " is both input and output");
      }
    }
    for (int o = 0; o < step.outputs; ++o) {
      const Tensor& t = step.output(o);
      if (t.constant()) return p.bad("output ", o, ", ", t, ", is a constant");
      if (t.storage == Storage::kVariable) return p.bad("output ", o, ", ", t, ", is a variable");
      if (t.storage != Storage::kNone) {
        return p.bad("output ", o, ", ", t, ", already has a value");
      }
    }
    return {};
  }

  Status plan_node(int node) {
    Prepare p(state, graph, &planning, node, why);
    if (p.step_.tensors == nullptr) return Code::kArenaTooSmall;
    const Op& op = state.op(state.node(graph, node));
    PIPIT_TRY(check_inputs(p, op, p.step_));
    if (any_input_dynamic(p.step_)) {
      p.deferred_ = true;
    } else {
      PIPIT_TRY(op.prepare(p));
    }
    mark_outputs(p.step_, p.deferred_);
    if (p.deferred_) p.step_.run = run_deferred;
    const bool known = !p.deferred_ && (p.fold_ || inputs_constant(op, p.step_));
    if (known && outputs_foldable(graph, p.step_)) {
      return fold(state, graph, p.step_, p.scratch_bytes_, why);
    }
    planning.scratch[graph.step_count] = p.deferred_ ? 0 : p.scratch_bytes_;
    graph.steps[graph.step_count++] = p.step_;
    return {};
  }
};

Status plan_graph(State& state, Graph& graph, const Tensor* const* callers, Message* why) {
  if (graph.progress == Graph::Progress::kPlanning || state.planning_depth >= kMaxSubgraphDepth) {
    text(why, "subgraph ", graph.index, " calls itself, or subgraphs are nested too deeply");
    return Code::kBadModel;
  }
  ++state.planning_depth;
  graph.progress = Graph::Progress::kPlanning;
  PIPIT_TRY(init_tensors(state, graph));
  PIPIT_TRY(set_input_shapes(state, graph, callers, why));
  const size_t mark = state.arena.temporary_mark();
  const auto tensors = static_cast<size_t>(graph.tensor_count);
  const int32_t nodes = count(graph.file->operators());
  Planning planning;
  planning.share = state.arena.temporary_array<int32_t>(tensors);
  planning.exact = state.arena.temporary_array<uint8_t>(tensors);
  planning.scratch = state.arena.temporary_array<size_t>(static_cast<size_t>(nodes));
  if (!planning.share || !planning.exact || !planning.scratch) return Code::kArenaTooSmall;
  std::fill(planning.share, planning.share + tensors, Planning::kNobody);
  Planner planner{state, graph, planning, why};
  for (int node = 0; node < nodes; ++node) PIPIT_TRY(planner.plan_node(node));
  for (int i = 0; i < graph.outputs(); ++i) {
    const Tensor& t = graph.output(i);
    if (t.storage != Storage::kNone || t.bytes == 0 || t.type == Type::kResource) continue;
    text(why, "output ", i, ", ", t, ", is computed by no operator");
    return Code::kBadModel;
  }
  PIPIT_TRY(place_activations(state, graph, planning));
  state.arena.release_temporary(mark);
  graph.progress = Graph::Progress::kPlanned;
  --state.planning_depth;
  return {};
}

namespace {

const Op* find_op(OpTable ops, const fb::OperatorCode& code) {
  const int32_t wanted = builtin_code(code);
  const char* name = code.custom_code() == nullptr ? "" : code.custom_code()->c_str();
  for (const Op* op : ops) {
    if (op->code != wanted) continue;
    if (wanted != kCustomOp || std::strcmp(op->name, name) == 0) return op;
  }
  return nullptr;
}

// The operators check the features that they are asked for, whatever the version. Beyond the
// newest version of any operator of the format, nobody knows what is asked.
constexpr int32_t kNewestVersion = 14;

Status check_version(const Op& op, const fb::OperatorCode& code, Message* why) {
  if (op.code == kCustomOp || code.version() <= kNewestVersion) return {};
  if (why != nullptr) why->clear();
  text(why, op.name, " has version ", code.version(), ", but this build knows none above ",
       kNewestVersion);
  return Code::kUnsupported;
}

// Finds the operator of every code; names all that are missing at once.
Status find_ops(State& state, Message* why) {
  const auto* codes = file_root(state.model)->operator_codes();
  const int32_t n = count(codes);
  state.op_of_code = state.arena.take_array<const Op*>(static_cast<size_t>(n));
  if (state.op_of_code == nullptr) return Code::kArenaTooSmall;
  int32_t missing = 0;
  for (int32_t i = 0; i < n; ++i) {
    const fb::OperatorCode& code = *codes->Get(static_cast<unsigned>(i));
    state.op_of_code[i] = find_op(state.ops, code);
    if (state.op_of_code[i] != nullptr) {
      PIPIT_TRY(check_version(*state.op_of_code[i], code, why));
      continue;
    }
    text(why, missing++ == 0 ? "operators that this build does not run: " : ", ");
    if (builtin_code(code) == kCustomOp) {
      text(why, "custom '", code.custom_code() ? code.custom_code()->c_str() : "", "'");
    } else {
      const char* name =
          fb::EnumNameBuiltinOperator(code.builtin_code() > fb::BuiltinOperator::ADD
                                          ? code.builtin_code()
                                          : static_cast<fb::BuiltinOperator>(builtin_code(code)));
      text(why, name[0] != '\0' ? name : "unknown code", " (", builtin_code(code), ")");
    }
  }
  return missing == 0 ? Status() : Status(Code::kUnsupported);
}

Status plan_entries(State& state, Message* why) {
  const fb::Model* file = file_root(state.model);
  PIPIT_TRY(plan_graph(state, state.graphs[0], nullptr, why));
  for (int i = 0; i < count(file->signature_defs()); ++i) {
    Graph& g =
        state.graphs[file->signature_defs()->Get(static_cast<unsigned>(i))->subgraph_index()];
    if (g.progress == Graph::Progress::kUntouched) PIPIT_TRY(plan_graph(state, g, nullptr, why));
  }
  return {};
}

// Turns offsets into addresses behind everything that persists.
Status bind_addresses(State& state) {
  Arena& arena = state.arena;
  MemoryPlan& memory = state.memory;
  memory.persistent_bytes = align_up(arena.low_mark(), kArenaAlign);
  for (int32_t g = 0; g < state.graph_count; ++g) {
    Graph& graph = state.graphs[g];
    if (graph.progress != Graph::Progress::kPlanned) continue;
    graph.activation_offset = memory.persistent_bytes + memory.activation_bytes;
    memory.activation_bytes += graph.placement.bytes;
    memory.lower_bound_bytes += graph.placement.lower_bound;
  }
  const size_t end = memory.persistent_bytes + memory.activation_bytes;
  memory.arena_bytes = std::max(end, arena.peak());
  if (memory.arena_bytes > arena.size()) return Code::kArenaTooSmall;
  state.dynamic = Arena({arena.base() + end, arena.size() - end});
  for (int32_t g = 0; g < state.graph_count; ++g) {
    Graph& graph = state.graphs[g];
    if (graph.progress != Graph::Progress::kPlanned) continue;
    uint8_t* base = arena.base() + graph.activation_offset;
    for (int32_t i = 0; i < graph.tensor_count; ++i) {
      Tensor& t = graph.tensors[i];
      if (t.storage == Storage::kActivation) t.data = base + reinterpret_cast<uintptr_t>(t.data);
    }
    for (int32_t s = 0; s < graph.step_count; ++s) {
      Step& step = graph.steps[s];
      step.scratch = base + reinterpret_cast<uintptr_t>(step.scratch);
    }
    for (int i = 0; i < graph.inputs(); ++i) graph.home[i] = graph.input(i).data;
    for (int i = 0; i < graph.outputs(); ++i) {
      graph.home[graph.inputs() + i] = graph.output(i).data;
    }
  }
  return {};
}

Status copy_options(State& state, const Options& options) {
  state.options = options;
  InputShape* shapes = state.arena.take_array<InputShape>(options.shapes.size());
  if (shapes == nullptr) return Code::kArenaTooSmall;
  std::copy(options.shapes.begin(), options.shapes.end(), shapes);
  state.options.shapes = {shapes, options.shapes.size()};
  return {};
}

}  // namespace

Result<State*> make_plan(const Model& model, const Arena& whole, OpTable ops,
                         const Options& options, Message* why) {
  Arena arena = whole;
  void* memory = arena.take(sizeof(State));
  if (memory == nullptr) return Code::kArenaTooSmall;
  State& state = *new (memory) State();
  state.model = model;
  state.ops = ops;
  state.arena = arena;
  PIPIT_TRY(copy_options(state, options));
  const fb::Model* file = file_root(model);
  state.graph_count = count(file->subgraphs());
  state.graphs = state.arena.take_array<Graph>(static_cast<size_t>(state.graph_count));
  if (state.graphs == nullptr) return Code::kArenaTooSmall;
  for (int32_t i = 0; i < state.graph_count; ++i) {
    state.graphs[i] = Graph();
    state.graphs[i].file = file->subgraphs()->Get(static_cast<unsigned>(i));
    state.graphs[i].index = i;
  }
  PIPIT_TRY(find_ops(state, why));
  PIPIT_TRY(plan_entries(state, why));
  PIPIT_TRY(bind_addresses(state));
  return &state;
}

}  // namespace pipit
