// SPDX-License-Identifier: Apache-2.0
#include "tools/plan/plan_facts.h"

#include <algorithm>

#include "tools/format.h"

namespace pipit::tools {
namespace {

std::string node_text(int node, const std::string& op) {
  return "#" + std::to_string(node) + " " + op;
}

std::string tensor_number(int i) { return "T" + std::to_string(i); }

// Operators whose output has the bytes of their input.
bool only_renames(const std::string& op) {
  return op == "RESHAPE" || op == "SQUEEZE" || op == "EXPAND_DIMS" || op == "BITCAST";
}

}  // namespace

void Blocks::hear(void* self, const PlannedBlock& b) {
  static_cast<Blocks*>(self)->blocks_[{b.subgraph, {b.tensor, b.step}}] = b;
}

std::vector<PlannedBlock> Blocks::of(int subgraph) const {
  std::vector<PlannedBlock> list;
  for (const auto& [key, block] : blocks_) {
    if (key.first == subgraph) list.push_back(block);
  }
  return list;
}

PlanFacts::PlanFacts(const Session& session, const Blocks& blocks) : session_(session) {
  for (int g = 0; g < session.model().subgraphs(); ++g) {
    if (session.net().tensors(g) != 0) graphs_.push_back(facts_of(g, blocks));
  }
}

Tensor PlanFacts::tensor(const GraphFacts& graph, int i) const {
  return session_.net().tensor(i, graph.subgraph);
}

GraphFacts PlanFacts::facts_of(int subgraph, const Blocks& blocks) const {
  GraphFacts graph;
  graph.subgraph = subgraph;
  find_steps(&graph);
  find_blocks(blocks, &graph);
  find_operators(&graph);
  for (size_t s = 0; s < graph.steps.size(); ++s) {
    size_t& alive = graph.steps[s].alive_bytes;
    for (const BlockFacts& b : graph.blocks) {
      const int at = static_cast<int>(s);
      if (b.block.first <= at && at <= b.block.last) alive += b.block.bytes;
    }
    if (alive <= graph.lower_bound) continue;
    graph.lower_bound = alive;
    graph.fullest = static_cast<int>(s);
  }
  return graph;
}

void PlanFacts::find_steps(GraphFacts* graph) const {
  const Interpreter& net = session_.net();
  for (int s = 0; s < net.steps(graph->subgraph); ++s) {
    const StepInfo info = net.step(s, graph->subgraph);
    PlannedStep step;
    step.chain = info.chain;
    step.op = printable(info.op);
    if (info.chain < 0) {
      step.nodes.push_back(info.node);
    } else {
      for (int k = 0; k < net.chain(info.chain).operators; ++k) {
        step.nodes.push_back(net.chain_step(info.chain, k).node);
        step.op = net.chain_step(info.chain, k).op;
      }
    }
    for (int p = 0; p < net.partitions(); ++p) {
      const PartitionInfo part = net.partition(p);
      if (part.subgraph != graph->subgraph || part.nodes[0] != info.node) continue;
      step.nodes.assign(part.nodes.begin(), part.nodes.end());
    }
    step.name = node_text(step.nodes.front(), info.chain < 0 ? step.op : "");
    if (info.chain >= 0) {
      step.name += "to " + node_text(step.nodes.back(), step.op) + ", in bands";
    }
    graph->steps.push_back(std::move(step));
  }
}

void PlanFacts::find_blocks(const Blocks& blocks, GraphFacts* graph) const {
  const Interpreter& net = session_.net();
  const uint8_t* const activations = session_.arena() + net.memory().persistent_bytes;
  const auto address = [&](int i) {
    return static_cast<size_t>(net.tensor(i, graph->subgraph).as<const uint8_t>() - activations);
  };
  std::vector<PlannedBlock> list = blocks.of(graph->subgraph);
  size_t base = 0;  // of the subgraph's activations
  for (const PlannedBlock& b : list) {
    if (b.tensor >= 0) base = address(b.tensor) - b.offset;
  }
  std::map<size_t, std::vector<int>> at;  // tensors by their address
  for (int i = 0; i < net.tensors(graph->subgraph); ++i) {
    const Tensor t = net.tensor(i, graph->subgraph);
    if (t.storage == Storage::kActivation && t.data != nullptr) at[address(i)].push_back(i);
  }
  for (const PlannedBlock& b : list) {
    BlockFacts facts;
    facts.block = b;
    facts.address = base + b.offset;
    if (b.tensor < 0) facts.op = graph->steps[static_cast<size_t>(b.step)].op;
    graph->blocks.push_back(std::move(facts));
  }
  // When each tensor is in use: in several blocks of one address, it is in the one of its time.
  std::map<int, int> first;
  for (size_t s = 0; s < graph->steps.size(); ++s) {
    for (const int n : graph->steps[s].nodes) {
      for (const int32_t o : session_.model().node(n, graph->subgraph).outputs) {
        first.emplace(o, static_cast<int>(s));
      }
    }
  }
  for (BlockFacts& b : graph->blocks) {
    if (b.block.tensor < 0) continue;
    for (const int i : at[b.address]) {
      const int begins = first.count(i) != 0 ? first[i] : 0;
      if (b.block.first <= begins && begins <= b.block.last) b.tensors.push_back(i);
    }
    std::sort(b.tensors.begin(), b.tensors.end(), [&](int x, int y) {
      const auto when = [&](int i) { return first.count(i) != 0 ? first[i] : -1; };
      return when(x) < when(y);
    });
    const auto writes = b.tensors.empty() ? first.end() : first.find(b.tensors.front());
    if (writes != first.end()) b.op = graph->steps[static_cast<size_t>(writes->second)].op;
  }
  std::sort(graph->blocks.begin(), graph->blocks.end(),
            [](const BlockFacts& a, const BlockFacts& b) {
              return std::pair(a.address, a.block.first) < std::pair(b.address, b.block.first);
            });
}

void PlanFacts::find_operators(GraphFacts* graph) const {
  const Model& model = session_.model();
  std::map<int, int> step_of;
  for (size_t s = 0; s < graph->steps.size(); ++s) {
    for (const int n : graph->steps[s].nodes) step_of[n] = static_cast<int>(s);
  }
  for (int n = 0; n < model.nodes(graph->subgraph); ++n) {
    const Node node = model.node(n, graph->subgraph);
    OperatorFacts facts;
    facts.node = n;
    facts.op = printable(node.op);
    facts.step = step_of.count(n) == 0 ? -1 : step_of[n];
    facts.fate =
        facts.step < 0 ? fate_without_step(*graph, node) : fate_of(*graph, node, facts.step);
    graph->operators.push_back(std::move(facts));
  }
}

std::string PlanFacts::fate_without_step(const GraphFacts& graph, const Node& node) const {
  bool constant = true, renamed = false;
  for (const int32_t o : node.outputs) {
    const Tensor t = tensor(graph, o);
    constant = constant && t.constant();
    for (const int32_t i : node.inputs) {
      renamed = renamed || (i >= 0 && t.data != nullptr && tensor(graph, i).data == t.data);
    }
  }
  if (constant && renamed) return "folded: a new name for a constant";
  return constant ? "folded: computed while planning" : "left out: nothing to compute";
}

std::string PlanFacts::fate_of(const GraphFacts& graph, const Node& node, int step) const {
  const PlannedStep& s = graph.steps[static_cast<size_t>(step)];
  if (s.chain >= 0) return "in bands: chain " + std::to_string(s.chain);
  if (s.nodes.size() > 1) return "delegated: " + s.op;
  const Tensor out = node.outputs.empty() ? Tensor() : tensor(graph, node.outputs[0]);
  if (out.storage == Storage::kDynamic) return "planned while running";
  if (out.storage != Storage::kActivation || out.data == nullptr) return "";
  for (const int32_t i : node.inputs) {
    if (i < 0) continue;
    const Tensor in = tensor(graph, i);
    if (in.storage != Storage::kActivation || in.data != out.data) continue;
    return (only_renames(node.op) ? "rewritten: a new shape for the bytes of " : "written over ") +
           tensor_number(i);
  }
  return "";
}

std::string PlanFacts::block_name(const GraphFacts& graph, const BlockFacts& block) const {
  if (block.block.tensor < 0) {
    const PlannedStep& step = graph.steps[static_cast<size_t>(block.block.step)];
    return (step.chain >= 0 ? "bands of " : "scratch of ") + step.name;
  }
  std::string text;
  for (const int i : block.tensors) {
    const Tensor t = tensor(graph, i);
    text += (text.empty() ? "" : ", ") + tensor_number(i) + " " + tensor_text(t);
  }
  return text;
}

std::string PlanFacts::chain_text(int chain) const {
  const Interpreter& net = session_.net();
  const ChainInfo info = net.chain(chain);
  std::string text = "chain " + std::to_string(chain) + ": ";
  for (int k = 0; k < info.operators; ++k) {
    const StepInfo step = net.chain_step(chain, k);
    text += (k == 0 ? "" : ", ") + node_text(step.node, step.op);
  }
  return text + "; " + std::to_string(info.rows) + (info.rows == 1 ? " row" : " rows") +
         " at a time, bands of " + grouped(info.bytes) + " bytes";
}

std::string PlanFacts::why() const {
  const MemoryPlan memory = session_.net().memory();
  const GraphFacts* fullest = nullptr;
  for (const GraphFacts& g : graphs_) {
    if (!g.steps.empty() && (fullest == nullptr || g.lower_bound > fullest->lower_bound)) {
      fullest = &g;
    }
  }
  std::string text;
  if (fullest != nullptr) {
    const PlannedStep& step = fullest->steps[static_cast<size_t>(fullest->fullest)];
    text = "Most is alive while " + step.name + " runs: " + grouped(step.alive_bytes) + " bytes.";
  }
  const size_t gaps =
      memory.activation_bytes - std::min(memory.activation_bytes, memory.lower_bound_bytes);
  text += gaps == 0 ? " No order of addresses takes less."
                    : " Gaps between what is alive take " + grouped(gaps) + " bytes more.";
  const size_t kept = memory.persistent_bytes + memory.activation_bytes;
  if (memory.arena_bytes > kept) {
    text += " While it is planned the model takes " + grouped(memory.arena_bytes - kept) +
            " bytes more than while it runs.";
  }
  return text;
}

}  // namespace pipit::tools
