// SPDX-License-Identifier: Apache-2.0
// What a plan has decided: where each tensor lies and when, and what became of each operator.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tools/describe.h"
#include "tools/plan/arenas.h"
#include "tools/session.h"

namespace pipit::tools {

// Hears of the blocks while a session plans.
class Blocks {
 public:
  PlanListener listener() { return {hear, this}; }
  std::vector<PlannedBlock> of(int subgraph) const;

 private:
  static void hear(void* self, const PlannedBlock& block);
  // By subgraph, tensor and step: a model is planned to be measured, too.
  std::map<std::pair<int, std::pair<int, int>>, PlannedBlock> blocks_;
};

// One step of the plan: an operator, a chain of them or a delegate's.
struct PlannedStep {
  std::string name;  // "#3 CONV_2D", "#3-#7, in bands"
  std::string op;    // the last one's
  std::vector<int> nodes;
  int chain = -1;
  size_t alive_bytes = 0;  // in use while it runs
};

struct BlockFacts {
  PlannedBlock block;
  size_t address = 0;        // from the beginning of the activations
  std::vector<int> tensors;  // that lie in it; none: scratch memory
  std::string op;            // what writes it first; "" for an input
};

struct OperatorFacts {
  int node = 0;
  std::string op;
  int step = -1;  // -1: none
  std::string fate;
};

struct GraphFacts {
  int subgraph = 0;
  std::vector<PlannedStep> steps;
  std::vector<BlockFacts> blocks;  // by address
  std::vector<OperatorFacts> operators;
  size_t lower_bound = 0;  // the most bytes alive at one step
  int fullest = 0;         // that step
};

class PlanFacts {
 public:
  PlanFacts(const Session& session, const Blocks& blocks);

  const std::vector<GraphFacts>& graphs() const { return graphs_; }
  const Session& session() const { return session_; }
  MemoryPlan memory() const { return session_.net().memory(); }
  Tensor tensor(const GraphFacts& graph, int i) const;
  // "T5 'name' int8 [1,2,3]", or what the scratch memory is for; of a name, at most so many
  // columns.
  std::string block_name(const GraphFacts& graph, const BlockFacts& block,
                         size_t columns = SIZE_MAX) const;
  // Why the arena is as large as it is: a sentence or two.
  std::string why() const;
  std::string chain_text(int chain) const;

 private:
  GraphFacts facts_of(int subgraph, const Blocks& blocks) const;
  void find_steps(GraphFacts* graph) const;
  void find_blocks(const Blocks& blocks, GraphFacts* graph) const;
  void name_blocks(const std::map<size_t, std::vector<int>>& at, GraphFacts* graph) const;
  void find_operators(GraphFacts* graph) const;
  std::string fate_of(const GraphFacts& graph, const Node& node, int step) const;
  int written_over(const GraphFacts& graph, const std::vector<int>& nodes, const Tensor& out) const;
  std::string fate_without_step(const GraphFacts& graph, const Node& node) const;

  const Session& session_;
  std::vector<GraphFacts> graphs_;
};

}  // namespace pipit::tools
