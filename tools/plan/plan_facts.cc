// SPDX-License-Identifier: Apache-2.0
#include "tools/plan/plan_facts.h"

#include <algorithm>

#include "tools/columns.h"
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
  // What begins to be in use at a step, less what no longer is.
  std::vector<size_t> change(graph.steps.size() + 1);
  for (const BlockFacts& b : graph.blocks) {
    const auto end = std::min(graph.steps.size(), static_cast<size_t>(b.block.last) + 1);
    change[std::min(end, static_cast<size_t>(b.block.first))] += b.block.bytes;
    change[end] -= b.block.bytes;
  }
  size_t alive = 0;
  for (size_t s = 0; s < graph.steps.size(); ++s) {
    graph.steps[s].alive_bytes = alive += change[s];
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
  std::sort(graph->blocks.begin(), graph->blocks.end(),
            [](const BlockFacts& a, const BlockFacts& b) {
              return std::pair(a.address, a.block.first) < std::pair(b.address, b.block.first);
            });
  name_blocks(at, graph);
}

// Of the blocks at one address, which are in use one after the other, a tensor lies in the one that
// the plan has made for it, or in the one in which it is written. What is written over another
// block has that one's bytes in its first step, and its own from the next one on.
void PlanFacts::name_blocks(const std::map<size_t, std::vector<int>>& at, GraphFacts* graph) const {
  std::map<int, int> first;
  for (size_t s = 0; s < graph->steps.size(); ++s) {
    for (const int n : graph->steps[s].nodes) {
      for (const int32_t o : session_.model().node(n, graph->subgraph).outputs) {
        first.emplace(o, static_cast<int>(s));
      }
    }
  }
  const auto written = [&](int i) { return first.count(i) != 0 ? first.at(i) : -1; };
  const auto begins = [&](int i) { return std::max(0, written(i)); };
  std::vector<BlockFacts>& blocks = graph->blocks;
  for (size_t from = 0, end = 0; from < blocks.size(); from = end) {
    std::vector<BlockFacts*> here;
    for (; end < blocks.size() && blocks[end].address == blocks[from].address; ++end) {
      if (blocks[end].block.tensor >= 0) here.push_back(&blocks[end]);
    }
    const auto tensors = at.find(blocks[from].address);
    if (here.empty() || tensors == at.end()) continue;
    for (const int i : tensors->second) {
      // The first that ends no sooner than the tensor begins; or the one behind it.
      auto found =
          std::lower_bound(here.begin(), here.end(), begins(i),
                           [](const BlockFacts* b, int step) { return b->block.last < step; });
      if (found == here.end()) continue;
      const auto next = std::next(found);
      if ((*found)->block.tensor != i && next != here.end() && (*next)->block.tensor == i) {
        found = next;
      }
      (*found)->tensors.push_back(i);
    }
    for (BlockFacts* b : here) {
      std::sort(b->tensors.begin(), b->tensors.end(),
                [&](int x, int y) { return std::pair(written(x), x) < std::pair(written(y), y); });
      const int s = b->tensors.empty() ? -1 : written(b->tensors.front());
      if (s >= 0) b->op = graph->steps[static_cast<size_t>(s)].op;
    }
  }
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
  const Tensor out = node.outputs.empty() ? Tensor() : tensor(graph, node.outputs[0]);
  if (s.chain >= 0) {
    const int over = written_over(graph, s.nodes, out);
    return "in bands: chain " + std::to_string(s.chain) +
           (over < 0 ? "" : ", written over " + tensor_number(over));
  }
  if (s.nodes.size() > 1) return "delegated: " + s.op;
  if (out.storage == Storage::kDynamic) return "planned while running";
  const int over = written_over(graph, s.nodes, out);
  if (over < 0) return "";
  return (only_renames(node.op) ? "rewritten: a new shape for the bytes of " : "written over ") +
         tensor_number(over);
}

// The input of these operators whose place an output has; -1: none.
int PlanFacts::written_over(const GraphFacts& graph, const std::vector<int>& nodes,
                            const Tensor& out) const {
  if (out.storage != Storage::kActivation || out.data == nullptr) return -1;
  for (const int n : nodes) {
    for (const int32_t i : session_.model().node(n, graph.subgraph).inputs) {
      if (i < 0) continue;
      const Tensor in = tensor(graph, i);
      if (in.storage == Storage::kActivation && in.data == out.data && i != out.index) return i;
    }
  }
  return -1;
}

std::string PlanFacts::block_name(const GraphFacts& graph, const BlockFacts& block,
                                  size_t columns) const {
  if (block.block.tensor < 0) {
    const PlannedStep& step = graph.steps[static_cast<size_t>(block.block.step)];
    return (step.chain >= 0 ? "bands of " : "scratch of ") + step.name;
  }
  std::string text;
  for (const int i : block.tensors) {
    const Tensor t = tensor(graph, i);
    text += (text.empty() ? "" : ", ") + tensor_number(i) + " '" +
            shortened(printable(t.name), columns) + "' " + type_name(t.type) + " " +
            shape_text(t.shape);
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
  return text + "; " + bands_text(info) + ", bands of " + grouped(info.bytes) + " bytes";
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
    text = "Most is alive while " + step.name + (step.chain < 0 ? "" : ",") +
           " runs: " + grouped(step.alive_bytes) + " bytes.";
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
