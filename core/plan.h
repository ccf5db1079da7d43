// SPDX-License-Identifier: Apache-2.0
// The plan: all that an interpreter keeps, laid out in the arena.
#pragma once

#include <cstdint>

#include "core/arena.h"
#include "core/planner.h"
#include "core/schema.h"
#include "pipit/interpreter.h"
#include "pipit/op.h"

namespace pipit {

// A planned subgraph.
struct Graph {
  enum class Progress : uint8_t { kUntouched, kPlanning, kPlanned };

  const fb::SubGraph* file = nullptr;
  Tensor* tensors = nullptr;
  Step* steps = nullptr;  // in running order; operators computed at plan time have none
  void** home = nullptr;  // the arena's own bytes of each input, then of each output
  int32_t tensor_count = 0;
  int32_t step_count = 0;
  int32_t index = 0;
  Progress progress = Progress::kUntouched;
  size_t activation_offset = 0;
  Placement placement;

  int32_t inputs() const { return file->inputs() ? static_cast<int>(file->inputs()->size()) : 0; }
  int32_t outputs() const {
    return file->outputs() ? static_cast<int>(file->outputs()->size()) : 0;
  }
  Tensor& input(int i) const { return tensors[file->inputs()->Get(static_cast<unsigned>(i))]; }
  Tensor& output(int i) const { return tensors[file->outputs()->Get(static_cast<unsigned>(i))]; }
};

// What an Interpreter points to.
struct State {
  Model model;
  OpTable ops;
  Options options;
  Arena arena;    // the whole; tables and parameters at its low end
  Arena dynamic;  // what is left behind the activations, for shapes known only while running
  const Op** op_of_code = nullptr;  // for each entry of the file's operator_codes
  Graph* graphs = nullptr;
  int32_t graph_count = 0;
  int32_t planning_depth = 0;
  MemoryPlan memory;

  const fb::Operator& node(const Graph& graph, int i) const {
    return *graph.file->operators()->Get(static_cast<unsigned>(i));
  }
  const Op& op(const fb::Operator& node) const { return *op_of_code[node.opcode_index()]; }
};

// What is known of a graph only while it is planned; in temporary memory.
struct Planning {
  static constexpr int32_t kNobody = -1;
  int32_t* share = nullptr;   // for each tensor: the one whose bytes it wants, or kNobody
  uint8_t* exact = nullptr;   // 1: the shared content is the same (alias), 0: written in place
  size_t* scratch = nullptr;  // for each step
};

// Plans `model` into `arena`. On success the state lies at the arena's base; variables have yet to
// be reset.
Result<State*> make_plan(const Model& model, const Arena& arena, OpTable ops,
                         const Options& options, Message* why);

// Plans one subgraph whose inputs take the shapes of `shapes` (one for each; nullptr: the file's).
Status plan_graph(State& state, Graph& graph, const Tensor* const* shapes, Message* why);

// Runs all steps of a planned graph.
Status run_graph(State& state, Graph& graph, Message* why);

// Prepares and runs the node of a deferred step.
Status run_deferred(const Step& step, Run& run);

void reset_variables(State& state);

}  // namespace pipit
