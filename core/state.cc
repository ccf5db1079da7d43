// SPDX-License-Identifier: Apache-2.0
// What outlives an invocation.
#include <algorithm>
#include <cstring>

#include "core/plan.h"

namespace pipit {
namespace {

// Variables belong to a subgraph, whatever the shapes it is planned for. Calls use(index, tensor,
// offset) for each; returns the bytes of all.
template <class Use>
ByteCount for_each_variable(const fb::SubGraph& file, Use&& use) {
  ByteCount offset;
  const unsigned tensors = file.tensors() == nullptr ? 0 : file.tensors()->size();
  for (unsigned i = 0; i < tensors; ++i) {
    const fb::Tensor& t = *file.tensors()->Get(i);
    if (!t.is_variable()) continue;
    use(i, t, offset.size());
    offset += ByteCount(file_bytes(t)).aligned(kArenaAlign);
  }
  return offset;
}

// As TensorFlow Lite does: only int8 starts from its own zero.
int initial_byte(const fb::Tensor& t) {
  const fb::QuantizationParameters* q = t.quantization();
  const bool has_zero = q != nullptr && q->zero_point() != nullptr && q->zero_point()->size() != 0;
  return has_zero && t.type() == fb::TensorType::INT8 ? static_cast<int>(q->zero_point()->Get(0))
                                                      : 0;
}

int32_t operator_count(const fb::SubGraph& file) {
  return file.operators() == nullptr ? 0 : static_cast<int32_t>(file.operators()->size());
}

bool any_counts(const State& state, const fb::SubGraph& file) {
  for (int32_t i = 0; i < operator_count(file); ++i) {
    const fb::Operator& node = *at(file.operators(), i);
    if ((state.op(node).flags & kOpCounter) != 0) return true;
  }
  return false;
}

}  // namespace

Status init_subgraphs(State& state) {
  state.subgraph_count = static_cast<int32_t>(file_root(state.model)->subgraphs()->size());
  state.subgraphs = state.arena.take_array<Subgraph>(static_cast<size_t>(state.subgraph_count));
  if (state.subgraphs == nullptr) return Code::kArenaTooSmall;
  for (int32_t i = 0; i < state.subgraph_count; ++i) {
    const fb::SubGraph& file = state.file_subgraph(i);
    Subgraph& subgraph = state.subgraphs[i];
    subgraph = {};
    const ByteCount bytes = for_each_variable(file, [](unsigned, const fb::Tensor&, size_t) {});
    subgraph.variables = static_cast<uint8_t*>(state.arena.take(bytes));
    if (subgraph.variables == nullptr) return Code::kArenaTooSmall;
    subgraph.variable_bytes = bytes.size();
    if (!any_counts(state, file)) continue;
    subgraph.counters = state.arena.take_array<uint64_t>(static_cast<size_t>(operator_count(file)));
    if (subgraph.counters == nullptr) return Code::kArenaTooSmall;
  }
  return {};
}

void bind_variables(const State& state, Graph& graph) {
  uint8_t* variables = state.subgraphs[graph.index].variables;
  for_each_variable(*graph.file, [&](unsigned i, const fb::Tensor&, size_t offset) {
    graph.tensors.find(static_cast<int32_t>(i))->data = variables + offset;
  });
}

void free_dynamic(State& state) {
  const size_t end = state.memory.persistent_bytes;
  state.dynamic = Arena(state.room);
  state.kept = Arena({state.arena.base() + end, state.arena.size() - end});
}

void reset_variables(State& state) {
  free_dynamic(state);
  reset_resources(state);
  for (const StateBlock* b = state.blocks; b != nullptr; b = b->next) {
    if (b->bytes != 0) std::memset(b->data, 0, b->bytes);
  }
  for (int32_t g = 0; g < state.subgraph_count; ++g) {
    Subgraph& subgraph = state.subgraphs[g];
    subgraph.called_once = false;
    if (subgraph.counters != nullptr) {
      std::fill_n(subgraph.counters, operator_count(state.file_subgraph(g)), uint64_t{0});
    }
    if (subgraph.variable_bytes == 0) continue;
    for_each_variable(state.file_subgraph(g), [&](unsigned, const fb::Tensor& t, size_t offset) {
      std::memset(subgraph.variables + offset, initial_byte(t), file_bytes(t));
    });
  }
}

}  // namespace pipit
