// SPDX-License-Identifier: Apache-2.0
#include "tools/format.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "pipit/details.h"
#include "pipit/interpreter.h"
#include "pipit/op.h"
#include "pipit/printable.h"

namespace pipit::tools {
std::string printable(const std::string& text) {
  std::string shown;
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = shown_bytes(text.data() + at, text.size() - at);
    const Escaped escape = escaped(text[at]);
    shown += bytes != 0 ? text.substr(at, bytes) : std::string(escape.text, sizeof(escape.text));
    at += bytes != 0 ? bytes : 1;
  }
  return shown;
}

bool is_custom(const Node& node) { return node.code == kCustomOp; }

std::string operator_name(const Node& node) {
  if (is_custom(node) || known_operator(node.code)) return printable(node.op);
  return "operator code " + std::to_string(node.code);
}

bool in_build(const Node& node) {
  const OpTable ops = all_operators();
  return std::any_of(ops.begin(), ops.end(), [&](const Op* op) {
    return op->code == node.code && (!is_custom(node) || std::strcmp(op->name, node.op) == 0);
  });
}

std::vector<std::string> missing_operators(const Model& model) {
  std::vector<std::string> names;
  std::set<std::string> known;
  for (int g = 0; g < model.subgraphs(); ++g) {
    for (int i = 0; i < model.nodes(g); ++i) {
      const Node node = model.node(i, g);
      if (in_build(node)) continue;
      const std::string name = operator_name(node) + (is_custom(node) ? " (custom)" : "");
      if (known.insert(name).second) names.push_back(name);
    }
  }
  return names;
}

}  // namespace pipit::tools
