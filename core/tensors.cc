// SPDX-License-Identifier: Apache-2.0
#include "core/tensors.h"

#include <algorithm>
#include <cstring>

#include "core/plan.h"

namespace pipit {

Tensor* Tensors::find(int32_t i) const {
  if (now != nullptr) return now[i];
  const auto before = [](const Tensor& t, int32_t index) { return t.index < index; };
  Tensor* t = std::lower_bound(begin(), end(), i, before);
  return t != end() && t->index == i ? t : nullptr;
}

namespace {

// Its address stands in Tensors::now for a tensor that is to be kept.
constexpr Tensor kToBeKept;
Tensor* const to_be_kept = const_cast<Tensor*>(&kToBeKept);

const fb::Tensor& file_tensor(const Graph& graph, int32_t i) {
  return *at(graph.file->tensors(), i);
}

bool is_constant(const State& state, const fb::Tensor& t) {
  return t.buffer() != 0 && !buffer_bytes(state.model, t.buffer()).empty();
}

bool is_aligned(const void* bytes, Type type) {
  const int align = std::max(1, std::min(8, type_bits(type) / 8));
  return reinterpret_cast<uintptr_t>(bytes) % static_cast<unsigned>(align) == 0;
}

// Whether operators and the application can do without a tensor of the plan's own. A delegate may
// keep addresses of tensors.
bool lies_in_file(const State& state, const fb::Tensor& t) {
  if (!is_constant(state, t) || !state.options.delegates.empty()) return false;
  return is_aligned(buffer_bytes(state.model, t.buffer()).data(), static_cast<Type>(t.type()));
}

// Bytes that start where elements of the type may not (files of careless writers) are copied.
Status align_constant(State& state, Tensor* t) {
  if (is_aligned(t->data, t->type)) return {};
  void* copy = state.pool->take(t->bytes);
  if (copy == nullptr) return Code::kArenaTooSmall;
  t->data = std::memcpy(copy, t->data, t->bytes);
  return {};
}

Status init_tensor(State& state, const Graph& graph, int32_t i, Tensor* t) {
  *t = tensor_of_file(state, graph, i);
  if (t->constant()) return align_constant(state, t);
  if (file_tensor(graph, i).is_variable()) t->storage = Storage::kVariable;
  return {};
}

void mark(Tensors* tensors, const flatbuffers::Vector<int32_t>* list, Tensor* with) {
  for (int i = 0; i < count(list); ++i) {
    if (at(list, i) >= 0) tensors->now[at(list, i)] = with;
  }
}

// Those that carry an operator's quantization have no bytes, and are read while it is planned.
void leave_out_intermediates(const State& state, const Graph& graph, Tensors* tensors) {
  const int operators = count(graph.file->operators());
  bool any = false;
  for (int i = 0; i < operators; ++i) {
    const auto* list = state.node(graph, i).intermediates();
    any |= count(list) != 0;
    mark(tensors, list, nullptr);
  }
  for (int i = 0; any && i < operators; ++i) {
    mark(tensors, state.node(graph, i).inputs(), to_be_kept);
    mark(tensors, state.node(graph, i).outputs(), to_be_kept);
  }
}

// Marks what is kept; returns how many.
int32_t choose_kept(const State& state, const Graph& graph, Tensors* tensors) {
  const int32_t all = count(graph.file->tensors());
  std::fill_n(tensors->now, all, to_be_kept);
  if (state.options.delegates.empty()) leave_out_intermediates(state, graph, tensors);
  for (int32_t i = 0; i < all; ++i) {
    const fb::Tensor& t = file_tensor(graph, i);
    if (lies_in_file(state, t)) tensors->now[i] = nullptr;
    if (t.is_variable()) tensors->now[i] = to_be_kept;
  }
  mark(tensors, graph.file->inputs(), to_be_kept);
  mark(tensors, graph.file->outputs(), to_be_kept);
  return all - static_cast<int32_t>(std::count(tensors->now, tensors->now + all, nullptr));
}

}  // namespace

Status init_tensors(State& state, Graph& graph) {
  Tensors& tensors = graph.tensors;
  graph.tensor_count = count(graph.file->tensors());
  tensors.now = state.pool->temporary_array<Tensor*>(static_cast<size_t>(graph.tensor_count));
  if (tensors.now == nullptr) return Code::kArenaTooSmall;
  tensors.kept_count = choose_kept(state, graph, &tensors);
  tensors.kept = state.pool->take_array<Tensor>(static_cast<size_t>(tensors.kept_count));
  if (tensors.kept == nullptr) return Code::kArenaTooSmall;
  Tensor* next = tensors.kept;
  for (int32_t i = 0; i < graph.tensor_count; ++i) {
    if (tensors.now[i] == nullptr) continue;
    PIPIT_TRY(init_tensor(state, graph, i, next));
    tensors.now[i] = next++;
  }
  bind_variables(state, graph);
  for (int i = 0; i < graph.inputs(); ++i) {
    Tensor& t = graph.input(i);
    if (t.storage == Storage::kNone) t.storage = Storage::kActivation;
  }
  return {};
}

Tensor tensor_of_file(const State& state, const Graph& graph, int32_t i) {
  const fb::Tensor& file = file_tensor(graph, i);
  Tensor t = described_tensor(i, file);
  if (!is_constant(state, file)) return t;
  const Span<const uint8_t> bytes = buffer_bytes(state.model, file.buffer());
  t.storage = Storage::kConstant;
  t.bytes = bytes.size();
  t.data = const_cast<uint8_t*>(bytes.data());  // never written: outputs are no constants
  return t;
}

Tensor* tensor_for_now(State& state, Graph& graph, int32_t i) {
  if (Tensor* t = graph.tensors.find(i)) return t;
  auto* t = state.pool->temporary_array<Tensor>(1);
  if (t != nullptr) *t = tensor_of_file(state, graph, i);
  return t;
}

Tensor* keep_tensor(State& state, Graph& graph, Tensor* t) {
  if (!state.pool->is_temporary(t)) return t;
  Tensor*& now = graph.tensors.now[t->index];
  if (!state.pool->is_temporary(now)) return now;
  Tensor* kept = state.pool->take_array<Tensor>(1);
  if (kept != nullptr) *kept = *t;
  return now = kept;
}

}  // namespace pipit
