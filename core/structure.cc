// SPDX-License-Identifier: Apache-2.0
// What a checked file says of itself: its subgraphs, tensors, operators and signatures.
#include <cstring>

#include "core/schema.h"
#include "pipit/details.h"
#include "pipit/model.h"

namespace pipit {
namespace {

Span<const int32_t> list(const flatbuffers::Vector<int32_t>* v) {
  return v == nullptr ? Span<const int32_t>() : Span<const int32_t>(v->data(), v->size());
}

const fb::SubGraph& graph(const Model& model, int i) {
  return *at(file_root(model)->subgraphs(), i);
}

const fb::SignatureDef& signature(const Model& model, int i) {
  return *at(file_root(model)->signature_defs(), i);
}

NamedTensor named(const fb::TensorMap& entry) {
  return {c_str(entry.name()), static_cast<int>(entry.tensor_index())};
}

// Tables of a kind that the format does not know (yet) are not checked, so nobody reads them.
const flatbuffers::Table* builtin_options(const fb::Operator& node) {
  const auto known = [](auto kind, auto last) {
    return static_cast<int>(kind) > 0 && kind <= last;
  };
  const void* table = nullptr;
  if (known(node.builtin_options_type(), fb::BuiltinOptions::MAX)) {
    table = node.builtin_options();
  } else if (known(node.builtin_options_2_type(), fb::BuiltinOptions2::MAX)) {
    table = node.builtin_options_2();
  }
  return static_cast<const flatbuffers::Table*>(table);
}

// A number that may lie anywhere: the caller's idea of its size need not be the file's.
template <class T>
int64_t read(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return flatbuffers::EndianScalar(value);
}

// More than any table of options has.
constexpr int kMostFields = 64;

}  // namespace

bool known_operator(int32_t code) {
  return fb::EnumNameBuiltinOperator(static_cast<fb::BuiltinOperator>(code))[0] != '\0';
}

const char* operator_name(const fb::OperatorCode& code) {
  const int32_t number = builtin_code(code);
  if (number == static_cast<int32_t>(fb::BuiltinOperator::CUSTOM)) return c_str(code.custom_code());
  if (!known_operator(number)) return "unknown code";
  return fb::EnumNameBuiltinOperator(static_cast<fb::BuiltinOperator>(number));
}

const char* Model::description() const { return c_str(file_root(*this)->description()); }

int Model::subgraphs() const { return count(file_root(*this)->subgraphs()); }

int Model::tensors(int subgraph) const { return count(graph(*this, subgraph).tensors()); }

Tensor Model::tensor(int i, int subgraph) const {
  const fb::Tensor& file = *at(graph(*this, subgraph).tensors(), i);
  Tensor t = described_tensor(i, file);
  const Span<const uint8_t> bytes =
      file.buffer() == 0 ? Span<const uint8_t>() : buffer_bytes(*this, file.buffer());
  if (!bytes.empty()) {
    t.storage = Storage::kConstant;
    t.bytes = bytes.size();
    t.data = const_cast<uint8_t*>(bytes.data());
  }
  return t;
}

Span<const int32_t> Model::inputs(int subgraph) const {
  return list(graph(*this, subgraph).inputs());
}

Span<const int32_t> Model::outputs(int subgraph) const {
  return list(graph(*this, subgraph).outputs());
}

int Model::nodes(int subgraph) const { return count(graph(*this, subgraph).operators()); }

Node Model::node(int i, int subgraph) const {
  const fb::Operator& node = *at(graph(*this, subgraph).operators(), i);
  const fb::OperatorCode& code = *file_root(*this)->operator_codes()->Get(node.opcode_index());
  return {operator_name(code), builtin_code(code), code.version(), list(node.inputs()),
          list(node.outputs())};
}

int64_t Model::option(int i, int field, int bytes, int64_t otherwise, int subgraph) const {
  const flatbuffers::Table* table = builtin_options(*at(graph(*this, subgraph).operators(), i));
  if (table == nullptr || field < 0 || field > kMostFields) return otherwise;
  const auto slot = static_cast<flatbuffers::voffset_t>(4 + 2 * field);
  const flatbuffers::voffset_t offset = table->GetOptionalFieldOffset(slot);
  if (offset == 0) return otherwise;
  // The caller may say more bytes than the field has: they must be in the file all the same.
  const uint8_t* from = reinterpret_cast<const uint8_t*>(table) + offset;
  const ptrdiff_t left = file_.end() - from;
  if (bytes > left) return otherwise;
  switch (bytes) {
    case 1:
      return read<int8_t>(from);
    case 2:
      return read<int16_t>(from);
    case 4:
      return read<int32_t>(from);
    case 8:
      return read<int64_t>(from);
    default:
      return otherwise;
  }
}

int Model::signatures() const { return count(file_root(*this)->signature_defs()); }

const char* Model::signature_key(int i) const { return c_str(signature(*this, i).signature_key()); }

int Model::find_signature(const char* key) const {
  for (int i = 0; i < signatures(); ++i) {
    if (std::strcmp(signature_key(i), key) == 0) return i;
  }
  return -1;
}

int Model::signature_subgraph(int i) const {
  return static_cast<int>(signature(*this, i).subgraph_index());
}

int Model::signature_inputs(int i) const { return count(signature(*this, i).inputs()); }

int Model::signature_outputs(int i) const { return count(signature(*this, i).outputs()); }

NamedTensor Model::signature_input(int s, int i) const {
  return named(*at(signature(*this, s).inputs(), i));
}

NamedTensor Model::signature_output(int s, int i) const {
  return named(*at(signature(*this, s).outputs(), i));
}

}  // namespace pipit
