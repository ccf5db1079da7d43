// SPDX-License-Identifier: Apache-2.0
#include "tools/plan/plan_report.h"

#include "tools/columns.h"
#include "tools/format.h"

namespace pipit::tools {
namespace {

constexpr size_t kColumnsOfAName = 30;

std::string life(const PlannedBlock& b) {
  return std::to_string(b.first) + (b.last == b.first ? "" : "-" + std::to_string(b.last));
}

std::string graph_title(const PlanReport& r, const GraphFacts& g) {
  return r.facts.graphs().size() == 1 ? "" : " of subgraph " + std::to_string(g.subgraph);
}

std::string steps_text(const PlanReport& r, const GraphFacts& g) {
  std::vector<std::vector<std::string>> rows = {{"step", "bytes alive", "operator"}};
  for (size_t s = 0; s < g.steps.size(); ++s) {
    const bool fullest = static_cast<int>(s) == g.fullest;
    rows.push_back({std::to_string(s), grouped(g.steps[s].alive_bytes) + (fullest ? " *" : ""),
                    g.steps[s].name});
  }
  return "\nsteps" + graph_title(r, g) + " (* the most)\n" + table(rows, "  ");
}

std::string blocks_text(const PlanReport& r, const GraphFacts& g) {
  std::vector<std::vector<std::string>> rows = {{"address", "bytes", "steps", "what"}};
  for (const BlockFacts& b : g.blocks) {
    rows.push_back({grouped(b.address), grouped(b.block.bytes), life(b.block),
                    r.facts.block_name(g, b, kColumnsOfAName)});
  }
  return "\nactivations" + graph_title(r, g) + ", by address; tensors of one line share bytes\n" +
         table(rows, "  ");
}

std::string fates_text(const PlanReport& r, const GraphFacts& g) {
  std::vector<std::vector<std::string>> rows;
  for (const OperatorFacts& o : g.operators) {
    if (!o.fate.empty()) rows.push_back({"#" + std::to_string(o.node) + " " + o.op, o.fate});
  }
  if (rows.empty()) return "";
  return "\noperators" + graph_title(r, g) + " that are not run as they stand\n" +
         table(rows, "  ");
}

std::string chains_text(const PlanReport& r) {
  std::string text;
  for (int i = 0; i < r.facts.session().net().chains(); ++i) {
    text += "  " + r.facts.chain_text(i) + "\n";
  }
  return text.empty() ? "" : "\nin bands\n" + text;
}

Json block_json(const PlanReport& r, const GraphFacts& g, const BlockFacts& b) {
  Json tensors = Json::array();
  for (const int i : b.tensors) tensors.push_back(tensor_json(r.facts.tensor(g, i)));
  return {{"address", b.address},
          {"bytes", b.block.bytes},
          {"first_step", b.block.first},
          {"last_step", b.block.last},
          {"scratch_of_step", b.block.step < 0 ? Json() : Json(b.block.step)},
          {"tensors", std::move(tensors)}};
}

Json graph_json(const PlanReport& r, const GraphFacts& g) {
  Json json = {{"subgraph", g.subgraph},    {"lower_bound_bytes", g.lower_bound},
               {"fullest_step", g.fullest}, {"steps", Json::array()},
               {"blocks", Json::array()},   {"operators", Json::array()}};
  for (const PlannedStep& s : g.steps) {
    json["steps"].push_back({{"name", s.name},
                             {"nodes", s.nodes},
                             {"chain", s.chain < 0 ? Json() : Json(s.chain)},
                             {"alive_bytes", s.alive_bytes}});
  }
  for (const BlockFacts& b : g.blocks) json["blocks"].push_back(block_json(r, g, b));
  for (const OperatorFacts& o : g.operators) {
    json["operators"].push_back({{"node", o.node},
                                 {"op", o.op},
                                 {"step", o.step < 0 ? Json() : Json(o.step)},
                                 {"fate", o.fate.empty() ? Json() : Json(o.fate)}});
  }
  return json;
}

}  // namespace

std::string plan_text(const PlanReport& r) {
  // A path stays in one piece, to be copied.
  const std::string head = printable(r.facts.session().path()) + "\n";
  std::string text = "  planned for " + r.cpu + ", " + std::to_string(r.threads) +
                     (r.threads == 1 ? " thread" : " threads") + "\n  arena " +
                     memory_text(r.facts.memory()) + "\n  " + r.facts.why() + "\n";
  text += "\narena by CPU\n" + arenas_text(r.arenas, "  ");
  for (const GraphFacts& g : r.facts.graphs()) {
    text += steps_text(r, g) + blocks_text(r, g) + fates_text(r, g);
  }
  return head + in_80_columns(text + chains_text(r));
}

Json plan_json(const PlanReport& r) {
  Json json = {{"model", r.facts.session().path()}, {"cpu", r.cpu}, {"threads", r.threads}};
  add_memory(r.facts.memory(), &json);
  json["why"] = r.facts.why();
  json["any_cpu_arena_bytes"] = largest(r.arenas).memory.arena_bytes;
  json["arenas"] = arenas_json(r.arenas);
  json["subgraphs"] = Json::array();
  for (const GraphFacts& g : r.facts.graphs()) json["subgraphs"].push_back(graph_json(r, g));
  json["chains"] = Json::array();
  for (int i = 0; i < r.facts.session().net().chains(); ++i) {
    const ChainInfo chain = r.facts.session().net().chain(i);
    json["chains"].push_back({{"rows", chain.rows},
                              {"bytes", chain.bytes},
                              {"operators", chain.operators},
                              {"calls", calls_json(r.facts.session().net(), i)},
                              {"text", r.facts.chain_text(i)}});
  }
  return json;
}

}  // namespace pipit::tools
