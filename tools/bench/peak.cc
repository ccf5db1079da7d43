// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/peak.h"

#include <map>

namespace pipit::tools {
namespace {

// Products of bytes are counted with what keeps their sums from overflowing. SMULL and SMLAL make
// 16 products of which SADALP takes care: an A53 begins one of the three in a cycle, an A57 or A72
// SADALP beside the others. SDOT needs nothing more: 16 products, one a cycle on an A55, two on an
// A76 and its kin. FMLA makes 4 products of floats, an A7 one. These are the figures of ARM's
// optimization guides and LLVM's schedules, or what others have measured (A7, A15); 0 where there
// are none.
const std::map<std::string, CyclePeak>& peaks() {
  static const std::map<std::string, CyclePeak> table = {
      {"Cortex-A7", {0, 1}},   {"Cortex-A15", {0, 4}},  {"Cortex-A53", {16.0 / 3, 4}},
      {"Cortex-A55", {16, 4}}, {"Cortex-A57", {8, 4}},  {"Cortex-A72", {8, 4}},
      {"Cortex-A76", {32, 8}}, {"Cortex-A77", {32, 8}}, {"Cortex-A78", {32, 8}},
      {"Neoverse-N1", {32, 8}}};
  return table;
}

bool is_byte(Type type) {
  return type == Type::kInt8 || type == Type::kUInt8 || type == Type::kInt4 ||
         type == Type::kUInt4 || type == Type::kInt2;
}

bool is_float(Type type) { return type == Type::kFloat32 || type == Type::kFloat16; }

}  // namespace

// Floats that meet integer weights become integers themselves.
Products products_of(const Model& model, int node, int subgraph) {
  bool bytes = false, floats = false, others = false;
  for (const int32_t i : model.node(node, subgraph).inputs) {
    if (i < 0) continue;
    const Type type = model.tensor(i, subgraph).type;
    bytes |= is_byte(type);
    floats |= is_float(type);
    others |= type == Type::kInt16;
  }
  if (others) return Products::kOther;
  return bytes ? Products::kBytes : floats ? Products::kFloats : Products::kNone;
}

double CyclePeak::of(Products products) const {
  return products == Products::kBytes ? bytes : products == Products::kFloats ? floats : 0;
}

std::optional<CyclePeak> cycle_peak(const std::vector<std::string>& cores) {
  const auto found = cores.size() == 1 ? peaks().find(cores[0]) : peaks().end();
  if (found == peaks().end()) return std::nullopt;
  return found->second;
}

}  // namespace pipit::tools
