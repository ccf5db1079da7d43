// SPDX-License-Identifier: Apache-2.0
// The plan: all that an interpreter keeps, laid out in the arena.
#pragma once

#include <cstdint>

#include "core/arena.h"
#include "core/placement.h"
#include "core/schema.h"
#include "core/tensors.h"
#include "pipit/interpreter.h"
#include "pipit/op.h"
#include "pipit/team.h"

namespace pipit {

// A subgraph planned for inputs of certain shapes. One that is called with several has several.
struct Graph {
  enum class Progress : uint8_t { kPlanning, kPlanned, kRunning };

  const fb::SubGraph* file = nullptr;
  Graph* older = nullptr;  // the chain of all graphs, newest first
  Tensors tensors;
  Step* steps = nullptr;     // in running order; operators computed at plan time have none
  void** home = nullptr;     // an entry's own bytes of each input, then of each output
  int32_t tensor_count = 0;  // in the file
  int32_t step_count = 0;
  int32_t index = 0;   // of the subgraph
  int32_t height = 0;  // more than that of every graph it calls
  bool entry = false;  // started by the application, not by a step
  bool late = false;   // planned while running
  Progress progress = Progress::kPlanning;
  Placement placement;

  int32_t inputs() const { return file->inputs() ? static_cast<int>(file->inputs()->size()) : 0; }
  int32_t outputs() const {
    return file->outputs() ? static_cast<int>(file->outputs()->size()) : 0;
  }
  Tensor& input(int i) const { return *tensors.find(at(file->inputs(), i)); }
  Tensor& output(int i) const { return *tensors.find(at(file->outputs(), i)); }
};

// What all graphs of a subgraph have in common.
struct Subgraph {
  Graph* first = nullptr;         // the entry, if there is one
  const char* refusal = nullptr;  // of an entry: why there is none
  bool named = false;             // a signature runs it
  uint8_t* variables = nullptr;
  size_t variable_bytes = 0;
  uint64_t* counters = nullptr;  // one for each operator, unless none of them counts
  bool called_once = false;
};

// What an operator keeps between invocations.
struct StateBlock {
  StateBlock* next;
  void* data;
  size_t bytes;
};

// Graphs that call graphs: deeper than this is refused, so planning and running need little stack.
constexpr int32_t kMaxGraphDepth = 16;

struct Delegation;  // see delegate.h
struct Chain;       // see chains.h

// What an Interpreter points to.
struct State {
  Model model;
  OpTable ops;
  Options options;
  Arena arena;                      // the whole; tables and parameters at its low end
  Span<uint8_t> room;               // what is left behind the activations...
  Arena dynamic;                    // ...used while running
  Arena kept;                       // what is left of the arena, if the activations lie elsewhere
  Arena* pool = nullptr;            // the one of the two that plans take their memory from
  const Op** op_of_code = nullptr;  // for each entry of the file's operator_codes
  Subgraph* subgraphs = nullptr;
  StateBlock* blocks = nullptr;
  Resource* resources = nullptr;
  uint64_t* name_hashes = nullptr;  // for each of them
  uint64_t table_bytes = 0;         // that operators have allocated before the first invocation
  uint64_t fold_work = 0;           // that has been done before it
  uint64_t chain_looks = 0;         // see most_looks()
  uint64_t call_looks = 0;          // likewise
  uint64_t placement_pairs = 0;     // that may still be compared: see kMostPlacementPairs
  uint64_t name_bytes = 0;          // of resources that have been read before it
  int32_t resource_count = 0;
  int32_t subgraph_count = 0;
  Graph* newest = nullptr;
  Graph* newest_planned = nullptr;  // before the first invocation
  // In running order, as they are made...
  Delegation* delegations = nullptr;
  Chain* chains = nullptr;
  Chain* last_chain = nullptr;
  Delegation* last_delegation = nullptr;
  // ...and when planning is through.
  Span<const Delegation*> partition_list;
  Span<const Chain*> chain_list;
  int32_t graphs_left_out = 0;  // were planned for entries that cannot run
  int32_t depth = 0;            // of graphs that are being planned or run
  int64_t calls = 0;            // of graphs in this invocation
  uint32_t cancelled = 0;       // by any thread: see is_cancelled()
  int32_t free_below = 0;  // graphs of less height may run: no running one shares their activations
  MemoryPlan memory;

  const fb::SubGraph& file_subgraph(int32_t i) const {
    return *at(file_root(model)->subgraphs(), i);
  }
  const fb::Operator& node(const Graph& graph, int i) const {
    return *at(graph.file->operators(), i);
  }
  const Op& op(const fb::Operator& node) const { return *op_of_code[node.opcode_index()]; }
};

// What is known of a graph only while it is planned; in temporary memory.
struct Planning {
  static constexpr int32_t kNobody = -1;
  static constexpr uint8_t kUnused = 0, kWritten = 1, kRead = 2;
  // Written in place, the same content, or written over what has just been read of it.
  static constexpr uint8_t kInPlace = 0, kAlias = 1, kOver = 2;
  int32_t* share = nullptr;      // for each tensor: the one whose bytes it wants, or kNobody
  uint8_t* exact = nullptr;      // how it wants them: kInPlace, kAlias or kOver
  ByteCount* scratch = nullptr;  // for each step
  int32_t* claimed = nullptr;    // for each step: the delegate that computes it, or kNobody
  RowsFn* rows = nullptr;        // for each step: how it computes some rows, or nullptr
  uint8_t* use = nullptr;        // for each tensor: kUnused, kWritten or kRead
  uint8_t* output = nullptr;     // whether it is an output of the graph
};

// Plans `model` into an arena. On success the state lies at its base; variables have yet to be
// reset.
Result<State*> make_plan(const Model& model, const Arena& whole, OpTable ops,
                         const Options& options, Message* why);

// Plans a subgraph: an entry (`arguments` is nullptr) whose inputs take the shapes that the options
// ask for, or one that is called with these arguments and uses their bytes.
Result<Graph*> plan_graph(State& state, int32_t subgraph, const Tensor* const* arguments,
                          Message* why);

// Takes and fills the tensors that the plan keeps, and Tensors::now.
Status init_tensors(State& state, Graph& graph);
// A tensor with the bytes that it has in the file, if any.
Tensor tensor_of_file(const State& state, const Graph& graph, int32_t i);
// The tensor as it is; in temporary memory, if none is kept. nullptr when that does not suffice.
Tensor* tensor_for_now(State& state, Graph& graph, int32_t i);
// The same tensor where it lasts as long as the plan; nullptr when memory does not suffice.
Tensor* keep_tensor(State& state, Graph& graph, Tensor* t);

// Plans subgraph 0 and those of the signatures.
Status plan_entries(State& state, Message* why);

// Finds the operator of each code of the file; check_nodes() then refuses a subgraph that uses one
// which is in no table, and names all of them.
Status find_operators(State& state);
Status check_nodes(const State& state, int32_t subgraph, Message* why);

// The same, unless there is such a graph already. Refuses a subgraph that calls itself.
Result<Graph*> find_or_plan_graph(State& state, int32_t subgraph, const Tensor* const* arguments,
                                  Message* why);

inline Sharing sharing_of(const Options& options) {
  const int32_t threads = options.team == nullptr ? 1 : options.team->threads();
  return {threads, options.least_share < 1 ? 1 : options.least_share};
}

// Gives all activations and scratch blocks of a graph their offsets, kept in Tensor::data and
// Step::scratch until bind_activations() knows the base.
Status place_activations(State& state, Graph& graph, const Planning& planning, Message* why);
void bind_activations(Graph& graph, uint8_t* base);

// Turns the offsets of all graphs into addresses behind everything that persists.
Status bind_addresses(State& state, Message* why);

// Forgets what an earlier invocation left behind.
void begin_invocation(State& state);

// Whether the running invocation is to end before its next step. Another thread may say so.
inline bool is_cancelled(const State& state) {
  return __atomic_load_n(&state.cancelled, __ATOMIC_RELAXED) != 0;
}
inline void set_cancelled(State& state, bool cancelled) {
  __atomic_store_n(&state.cancelled, cancelled ? 1u : 0u, __ATOMIC_RELAXED);
}

StepInfo step_info(const State& state, const Graph& graph, const Step& step);

// "CONV_2D (operator 3 of subgraph 1): " in place of what the message says.
void begin_node_message(const State& state, const Graph& graph, int node, Message* why);

// Whether all that the step would compute is empty. Such a step does not run: no kernel meets rows
// without elements, of which there may be billions.
bool computes_nothing(const Op& op, const Step& step);

// Runs all steps of a planned graph.
Status run_graph(State& state, Graph& graph, Message* why);

// Prepares and runs the node of a deferred step.
Status run_deferred(const Step& step, Run& run);

// ---- what outlives an invocation
Status init_subgraphs(State& state);
Status init_resources(State& state);
Status place_resources(State& state);
void reset_resources(State& state);
void bind_variables(const State& state, Graph& graph);
// What grows while running and stays is taken from the upper end of this.
inline Arena& growth(State& state) {
  return state.options.activations.empty() ? state.dynamic : state.kept;
}
// Makes all that is left behind the activations free for the next invocation.
void free_dynamic(State& state);
void reset_variables(State& state);

}  // namespace pipit
