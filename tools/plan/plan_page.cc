// SPDX-License-Identifier: Apache-2.0
// The page of `pipit plan`: operators across, addresses down.
#include <algorithm>

#include "tools/format.h"
#include "tools/page.h"
#include "tools/plan/plan_report.h"

namespace pipit::tools {
namespace {

constexpr int kInputColour = kColours - 1;

int colour_of(const BlockFacts& b) { return b.op.empty() ? kInputColour : operator_colour(b.op); }

std::string short_name(const PlanReport& r, const GraphFacts& g, const BlockFacts& b) {
  if (b.block.tensor < 0) {
    const bool bands = g.steps[static_cast<size_t>(b.block.step)].chain >= 0;
    return (bands ? "bands " : "scratch ") + grouped(b.block.bytes);
  }
  if (b.tensors.empty()) return grouped(b.block.bytes);
  const Tensor t = r.facts.tensor(g, b.tensors.front());
  const std::string more = b.tensors.size() == 1 ? "" : " +" + std::to_string(b.tensors.size() - 1);
  return "T" + std::to_string(t.index) + more + " " + shape_text(t.shape) + " " + printable(t.name);
}

std::string long_name(const PlanReport& r, const GraphFacts& g, const BlockFacts& b) {
  const PlannedBlock& block = b.block;
  return r.facts.block_name(g, b) + ": " + grouped(block.bytes) + " bytes at " +
         grouped(b.address) + ", steps " + std::to_string(block.first) + " to " +
         std::to_string(block.last);
}

Ticks step_ticks(const GraphFacts& g) {
  Ticks ticks;
  const size_t every = std::max<size_t>(1, (g.steps.size() + 11) / 12);
  for (size_t s = 0; s < g.steps.size(); s += every) {
    ticks.push_back({(static_cast<double>(s) + 0.5) / static_cast<double>(g.steps.size() + 1),
                     std::to_string(s)});
  }
  return ticks;
}

Ticks byte_ticks(size_t bytes, bool upwards) {
  constexpr int kTicks = 4;
  Ticks ticks;
  for (int i = 0; i <= kTicks; ++i) {
    const double part = static_cast<double>(i) / kTicks;
    const auto value = static_cast<uint64_t>(part * static_cast<double>(bytes));
    ticks.push_back({upwards ? 1 - part : part, grouped(value)});
  }
  return ticks;
}

double wide(const GraphFacts& g) { return 2.5 * static_cast<double>(g.steps.size()); }

// What the arena is made of, side by side.
Figure parts_of(const MemoryPlan& memory) {
  Figure figure;
  figure.name = "What the arena is made of";
  figure.height = 2;
  const size_t kept = memory.persistent_bytes + memory.activation_bytes;
  const auto all = static_cast<double>(std::max<size_t>({memory.arena_bytes, kept, 1}));
  double left = 0;
  const auto add = [&](size_t bytes, const char* like, const std::string& what) {
    if (bytes == 0) return;
    const double width = static_cast<double>(bytes) / all;
    const std::string text = grouped(bytes) + " bytes " + what;
    figure.boxes.push_back({.left = left,
                            .top = 0,
                            .width = width,
                            .height = 1,
                            .colour = operator_colour(like),
                            .label = text,
                            .title = text,
                            .kind = "part"});
    left += width;
  };
  add(memory.persistent_bytes, "RESHAPE", "of tables, parameters and variables, which stay");
  add(memory.activation_bytes, "CONV_2D", "of activations");
  add(memory.arena_bytes - std::min(memory.arena_bytes, kept), "CUSTOM", "more while planning");
  return figure;
}

Figure map_of(const PlanReport& r, const GraphFacts& g) {
  Figure figure;
  figure.name = "Tensors by the steps in which they are alive, and their addresses";
  figure.height = 34;
  figure.width = wide(g);
  size_t low = SIZE_MAX, high = 0;
  for (const BlockFacts& b : g.blocks) {
    low = std::min(low, b.address);
    high = std::max(high, b.address + b.block.bytes);
  }
  const auto columns = static_cast<double>(g.steps.size() + 1);
  const auto bytes = static_cast<double>(std::max<size_t>(high - std::min(low, high), 1));
  for (const BlockFacts& b : g.blocks) {
    const bool is_high = static_cast<double>(b.block.bytes) / bytes * figure.height >= 1;
    figure.boxes.push_back({.left = b.block.first / columns,
                            .top = static_cast<double>(b.address - low) / bytes,
                            .width = (b.block.last - b.block.first + 1) / columns,
                            .height = static_cast<double>(b.block.bytes) / bytes,
                            .colour = colour_of(b),
                            .label = is_high ? short_name(r, g, b) : "",
                            .title = long_name(r, g, b),
                            .kind = b.block.tensor < 0 ? "block scratch" : "block"});
  }
  figure.across = step_ticks(g);
  figure.down = byte_ticks(high - std::min(low, high), false);
  return figure;
}

Figure alive_of(const PlanReport& r, const GraphFacts& g) {
  Figure figure;
  figure.name = "Bytes alive in each step";
  figure.height = 9;
  figure.width = wide(g);
  const size_t most = std::max<size_t>(g.lower_bound, 1);
  const auto columns = static_cast<double>(g.steps.size() + 1);
  for (size_t s = 0; s < g.steps.size(); ++s) {
    const double part = static_cast<double>(g.steps[s].alive_bytes) / static_cast<double>(most);
    figure.boxes.push_back({.left = static_cast<double>(s) / columns,
                            .top = 1 - part,
                            .width = 1 / columns,
                            .height = part,
                            .colour = operator_colour(g.steps[s].op),
                            .title = "step " + std::to_string(s) + ", " + g.steps[s].name + ": " +
                                     grouped(g.steps[s].alive_bytes) + " bytes alive",
                            .kind = static_cast<int>(s) == g.fullest ? "alive fullest" : "alive"});
  }
  figure.across = step_ticks(g);
  figure.down = byte_ticks(most, true);
  static_cast<void>(r);
  return figure;
}

Rows step_rows(const GraphFacts& g) {
  Rows rows = {{"step", "operator", "bytes alive"}};
  for (size_t s = 0; s < g.steps.size(); ++s) {
    rows.push_back({std::to_string(s), g.steps[s].name, grouped(g.steps[s].alive_bytes)});
  }
  return rows;
}

Rows block_rows(const PlanReport& r, const GraphFacts& g) {
  Rows rows = {{"address", "bytes", "first step", "last step", "what"}};
  for (const BlockFacts& b : g.blocks) {
    rows.push_back({grouped(b.address), grouped(b.block.bytes), std::to_string(b.block.first),
                    std::to_string(b.block.last), r.facts.block_name(g, b)});
  }
  return rows;
}

Rows fate_rows(const GraphFacts& g) {
  Rows rows = {{"operator", "what became of it"}};
  for (const OperatorFacts& o : g.operators) {
    if (!o.fate.empty()) rows.push_back({"#" + std::to_string(o.node) + " " + o.op, o.fate});
  }
  return rows;
}

Rows arena_rows(const PlanReport& r) {
  Rows rows = {{"instruction set", "arena", "CPUs"}};
  for (const ArenaOf& one : r.arenas) {
    std::string cpus;
    for (const std::string& name : one.cpus) cpus += (cpus.empty() ? "" : ", ") + name;
    rows.push_back({one.isa, grouped(one.memory.arena_bytes), cpus});
  }
  rows.push_back({"any", grouped(largest(r.arenas).memory.arena_bytes), "every one of these"});
  return rows;
}

void add_graph(const PlanReport& r, const GraphFacts& g, Page* page) {
  const std::string of =
      r.facts.graphs().size() == 1 ? "" : ", subgraph " + std::to_string(g.subgraph);
  page->heading("Activations" + of);
  page->paragraph(
      "Steps run from left to right, addresses downwards. Tensors that share bytes are one box; "
      "dashed boxes are scratch memory and bands of rows.");
  page->figure(map_of(r, g));
  std::vector<int> colours = {};
  for (const BlockFacts& b : g.blocks) colours.push_back(colour_of(b));
  std::sort(colours.begin(), colours.end());
  colours.erase(std::unique(colours.begin(), colours.end()), colours.end());
  page->legend(colours);
  page->heading("Bytes alive in each step" + of);
  page->paragraph("The highest bar is the lower bound: " + grouped(g.lower_bound) + " bytes.");
  page->figure(alive_of(r, g));
  if (fate_rows(g).size() > 1) {
    page->heading("Operators that are not run as they stand" + of);
    page->table(fate_rows(g));
  }
  page->heading("Steps" + of);
  page->table(step_rows(g));
  page->heading("Blocks" + of);
  page->table(block_rows(r, g));
}

}  // namespace

std::string plan_page(const PlanReport& r) {
  const MemoryPlan memory = r.facts.memory();
  Page page("Where the arena goes");
  page.style(
      ".scratch { border-style: dashed; border-color: var(--soft); }\n"
      ".fullest { outline: .15rem solid var(--ink); outline-offset: -.15rem; }\n");
  page.paragraph(r.facts.session().path() + ", planned for " + r.cpu + ".");
  page.facts({{"arena", grouped(memory.arena_bytes) + " bytes"},
              {"persistent", grouped(memory.persistent_bytes)},
              {"activations", grouped(memory.activation_bytes)},
              {"lower bound", grouped(memory.lower_bound_bytes)},
              {"threads", std::to_string(r.threads)},
              {"suffices on any CPU", grouped(largest(r.arenas).memory.arena_bytes)}});
  page.figure(parts_of(memory));
  page.paragraph(r.facts.why());
  for (const GraphFacts& g : r.facts.graphs()) add_graph(r, g, &page);
  if (r.facts.session().net().chains() != 0) page.heading("In bands");
  for (int i = 0; i < r.facts.session().net().chains(); ++i) {
    page.paragraph(r.facts.chain_text(i) + ".");
  }
  page.heading("Arena by CPU");
  page.table(arena_rows(r));
  return page.html();
}

}  // namespace pipit::tools
