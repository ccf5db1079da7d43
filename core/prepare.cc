// SPDX-License-Identifier: Apache-2.0
// What an operator may ask while it is planned.
#include <algorithm>

#include "core/limits.h"
#include "core/plan.h"

namespace pipit {
Prepare::Prepare(State& state, Graph& graph, Planning* planning, int node, Message* why)
    : state_(state), graph_(graph), planning_(planning), why_(why) {
  const fb::Operator& file = state.node(graph, node);
  step_.node = node;
  step_.inputs = static_cast<uint16_t>(count(file.inputs()));
  step_.outputs = static_cast<uint16_t>(count(file.outputs()));
  Tensor** tensors = allocate<Tensor*>(static_cast<size_t>(step_.inputs) + step_.outputs);
  if (tensors == nullptr) return;
  for (int i = 0; i < step_.inputs + step_.outputs; ++i) {
    const int32_t index =
        i < step_.inputs ? at(file.inputs(), i) : at(file.outputs(), i - step_.inputs);
    if (index < 0) continue;
    tensors[i] = tensor_for_now(state, graph, index);
    if (tensors[i] == nullptr) return;
    graph.tensors.now[index] = tensors[i];
  }
  step_.tensors = tensors;
}

Prepare::Prepare(State& state, Graph& graph, const Step& deferred, Message* why)
    : state_(state), graph_(graph), planning_(nullptr), why_(why) {
  step_.node = deferred.node;
  step_.inputs = deferred.inputs;
  step_.outputs = deferred.outputs;
  step_.tensors = deferred.tensors;
}

const Op& Prepare::op() const { return state_.op(state_.node(graph_, step_.node)); }

void Prepare::begin_message() const { begin_node_message(state_, graph_, step_.node, why_); }

Status Prepare::arity(int min_inputs, int max_inputs, int outputs) const {
  if (step_.inputs < min_inputs || step_.inputs > max_inputs) {
    if (min_inputs == max_inputs) return bad("has ", inputs(), " inputs, not ", min_inputs);
    return bad("has ", inputs(), " inputs, not ", min_inputs, " to ", max_inputs);
  }
  if (step_.outputs != outputs) return bad("has ", this->outputs(), " outputs, not ", outputs);
  for (int i = 0; i < min_inputs; ++i) {
    if (!has_input(i)) return bad("input ", i, " is left out");
  }
  return {};
}

int Prepare::intermediates() const {
  return count(state_.node(graph_, step_.node).intermediates());
}

const Tensor* Prepare::intermediate(int i) const {
  if (i >= intermediates()) return nullptr;
  const int32_t index = at(state_.node(graph_, step_.node).intermediates(), i);
  return tensor(index);
}

const Tensor* Prepare::tensor(int index) const {
  if (index < 0 || index >= graph_.tensor_count) return nullptr;
  return tensor_for_now(state_, graph_, index);
}

const Tensor* Prepare::keep_input(int i) {
  if (late()) return &input(i);
  Tensor*& t = const_cast<Tensor**>(step_.tensors)[i];
  return t = keep_tensor(state_, graph_, t);
}

namespace {

constexpr int kMostDetached = 32;  // of the first inputs

}  // namespace

const void* Prepare::detach(int i) {
  if (late() || i >= kMostDetached || !has_input(i) || !input(i).constant()) return nullptr;
  if (input(i).data != nullptr) detached_ |= uint32_t{1} << i;
  return input(i).data;
}

// A deferred step will ask for all of them again.
void Prepare::drop_detached() {
  for (int i = 0; !deferred_ && i < std::min<int>(step_.inputs, kMostDetached); ++i) {
    if ((detached_ >> i & 1) != 0) const_cast<Tensor**>(step_.tensors)[i] = nullptr;
  }
}

bool Prepare::values_known(int i) const {
  if (!has_input(i)) return false;
  const bool none = input(i).bytes == 0 && input(i).type != Type::kString;
  return late() || input(i).constant() || none;
}

bool Prepare::only_measured() const {
  if (!state_.arena.measures()) return false;
  for (int i = 0; i < inputs(); ++i) {
    if (has_input(i) && !values_known(i)) return true;
  }
  return false;  // constants are computed even then: shapes may follow from them
}

const void* Prepare::known_values(int i, size_t element_size) const {
  if (!values_known(i) || type_bits(input(i).type) != static_cast<int>(element_size * 8)) {
    return nullptr;
  }
  return input(i).data;
}

Status Prepare::set_output(int i, const Shape& shape) {
  Tensor& t = *step_.tensors[step_.inputs + i];
  if (shape.rank < 0 || shape.rank > Shape::kMaxRank) {
    return bad("output ", i, " would have rank ", shape.rank);
  }
  const int64_t bytes = dense_bytes(t.type, shape);
  if (bytes < 0) return bad("output ", i, " would have shape ", shape, ", which is too large");
  t.shape = shape;
  t.bytes = static_cast<size_t>(bytes);
  return late() ? take_output(i) : Status();
}

Status Prepare::set_output_strings(int i, const Shape& shape, ByteCount bytes) {
  PIPIT_TRY(set_output(i, shape));
  step_.tensors[step_.inputs + i]->bytes = bytes.size();
  return take_output(i);
}

Status Prepare::take_output(int i) {
  Tensor& t = *step_.tensors[step_.inputs + i];
  t.data = state_.dynamic.reserve(t.bytes);
  if (t.data != nullptr) return {};
  return fail(Code::kArenaTooSmall, "output ", i, " has ", t.bytes,
              " bytes, known only now; the arena has too few left");
}

void Prepare::alias(int output, int input) {
  if (late()) return;
  planning_->share[this->output(output).index] = this->input(input).index;
  planning_->exact[this->output(output).index] = 1;
}

void Prepare::in_place(int output, int input) {
  if (late()) return;
  planning_->share[this->output(output).index] = this->input(input).index;
  planning_->exact[this->output(output).index] = 0;
}

Status Prepare::defer() {
  deferred_ = true;
  return {};
}

const void* Prepare::options(int* type) const {
  const fb::Operator& node = state_.node(graph_, step_.node);
  *type = static_cast<int>(node.builtin_options_type());
  return node.builtin_options();
}

const void* Prepare::options2(int* type) const {
  const fb::Operator& node = state_.node(graph_, step_.node);
  *type = static_cast<int>(node.builtin_options_2_type());
  return node.builtin_options_2();
}

Span<const uint8_t> Prepare::custom_options() const {
  const fb::Operator& node = state_.node(graph_, step_.node);
  if (node.large_custom_options_offset() > 1) {
    return state_.model.file().subspan(static_cast<size_t>(node.large_custom_options_offset()),
                                       static_cast<size_t>(node.large_custom_options_size()));
  }
  if (node.custom_options() == nullptr) return {};
  return {node.custom_options()->data(), node.custom_options()->size()};
}

int Prepare::version() const {
  const unsigned code = state_.node(graph_, step_.node).opcode_index();
  return file_root(state_.model)->operator_codes()->Get(code)->version();
}

const void* Prepare::user() const { return state_.op(state_.node(graph_, step_.node)).user; }

CpuFeatures Prepare::cpu() const { return state_.options.cpu; }

uint64_t Prepare::random_seed() const {
  // splitmix64, so that neighbours have nothing in common.
  uint64_t x = state_.options.random_seed;
  for (const int32_t part : {graph_.index, step_.node}) {
    x += 0x9e3779b97f4a7c15u + static_cast<uint64_t>(part);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
  }
  return x;
}

Sharing Prepare::sharing() const { return sharing_of(state_.options); }

// A file may be small and name numbers that are not: before it runs, what is made of them may take
// neither much time nor much memory.
bool Prepare::affordable(ByteCount bytes) {
  const uint64_t most = most_table_bytes(state_.model.file().size());
  if (bytes > most - state_.table_bytes) return false;
  state_.table_bytes += bytes.value();
  return true;
}

void* Prepare::allocate_bytes(ByteCount bytes, size_t align) {
  if (!late() && !graph_.late && !affordable(bytes)) {
    unaffordable_ = bytes;
    return nullptr;
  }
  return state_.pool->take(bytes, align);
}

Status Prepare::state_bytes(ByteCount bytes, void** state) {
  if (late() || state_.pool != &state_.arena) {
    return unsupported("keeps state, so it must be known before it runs how large its inputs are");
  }
  StateBlock* block = allocate<StateBlock>();
  *state = block == nullptr ? nullptr : state_.pool->take(bytes);
  if (*state == nullptr) return Code::kArenaTooSmall;
  *block = {state_.blocks, *state, bytes.size()};
  state_.blocks = block;
  return {};
}

Status Prepare::run(RunFn fn, const void* parameters, const char* variant) {
  step_.run = fn;
  step_.parameters = parameters;
  step_.variant = variant;
  return {};
}

Status Prepare::check_subgraph(int subgraph) const {
  if (subgraph >= 0 && subgraph < state_.subgraph_count) return {};
  return bad("calls subgraph ", subgraph, ", but the model has ", state_.subgraph_count);
}

Status Prepare::only_operator(int subgraph, int32_t* code) const {
  PIPIT_TRY(check_subgraph(subgraph));
  const auto* nodes = state_.file_subgraph(subgraph).operators();
  const int32_t operators = count(nodes);
  if (operators > 1) {
    return unsupported("subgraph ", subgraph, " has ", operators, " operators, not one");
  }
  const auto* codes = file_root(state_.model)->operator_codes();
  *code = operators == 0 ? -1 : builtin_code(*codes->Get(nodes->Get(0)->opcode_index()));
  return {};
}

}  // namespace pipit
