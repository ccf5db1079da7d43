// SPDX-License-Identifier: Apache-2.0
#include "tests/support/record.h"

#include <algorithm>
#include <cstring>

#include "pipit/text.h"

namespace pipit::test {

void fill_activations(const State& state, uint8_t byte) {
  uint8_t* from = state.arena.base() + state.memory.persistent_bytes;
  const uint8_t* end = state.dynamic.base() + state.dynamic.size();
  std::memset(from, byte, static_cast<size_t>(end - from));
}

void Record::status(const std::string& of, Code code, const std::string& why) {
  entries_.push_back({of + ": code " + std::to_string(static_cast<int>(code)) + " " + why, {}});
}

void Record::tensor(const std::string& what, const Tensor& t) {
  const auto* first = t.as<uint8_t>();
  if (first == nullptr || t.storage == Storage::kNone) return;
  Message description;
  text(&description, t);
  entries_.push_back({what + description.text(), {first, first + t.bytes}});
}

void Record::tensors(const Interpreter& net, int subgraph, bool all) {
  for (int i = 0; i < net.outputs(subgraph); ++i) {
    tensor("output " + std::to_string(i) + ", ", *net.output(i, subgraph));
  }
  for (int i = 0; all && i < net.tensors(subgraph); ++i) tensor("", net.tensor(i, subgraph));
}

std::string Record::difference(const Record& a, const Record& b) {
  const size_t n = std::min(a.entries_.size(), b.entries_.size());
  for (size_t i = 0; i < n; ++i) {
    const Entry &x = a.entries_[i], &y = b.entries_[i];
    if (x.what != y.what) return "'" + x.what + "' or '" + y.what + "', as the arena was";
    const auto at = std::mismatch(x.bytes.begin(), x.bytes.end(), y.bytes.begin()).first;
    if (at == x.bytes.end()) continue;
    return x.what + " depends on what was in the arena: byte " +
           std::to_string(at - x.bytes.begin()) + " of " + std::to_string(x.bytes.size());
  }
  return a.entries_.size() == b.entries_.size() ? "" : "one run hands out more, as the arena was";
}

}  // namespace pipit::test
