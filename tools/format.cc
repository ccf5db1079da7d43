// SPDX-License-Identifier: Apache-2.0
#include "tools/format.h"

#include <algorithm>
#include <set>

#include "pipit/interpreter.h"
#include "pipit/op.h"
#include "pipit/printable.h"

namespace pipit::tools {
namespace {

// Files before 2020 have only the older, 8-bit field; the operator is the larger of the two.
int32_t code_of(const fb::OperatorCode& code) {
  return std::max(static_cast<int32_t>(code.deprecated_builtin_code()),
                  static_cast<int32_t>(code.builtin_code()));
}

}  // namespace

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

std::string text_of(const flatbuffers::String* text) {
  return text == nullptr ? "" : printable(text->str());
}

Span<const uint8_t> buffer_of(const Model& model, unsigned index) {
  const auto* buffers = file_of(model).buffers();
  if (index >= size_of(buffers)) return {};
  const fb::Buffer& buffer = *buffers->Get(index);
  // Offsets 0 and 1 mean "inside the flatbuffer".
  if (buffer.offset() > 1) {
    return model.file().subspan(static_cast<size_t>(buffer.offset()),
                                static_cast<size_t>(buffer.size()));
  }
  if (buffer.data() == nullptr) return {};
  return {buffer.data()->data(), buffer.data()->size()};
}

bool is_custom(const fb::OperatorCode& code) { return code_of(code) == kCustomOp; }

std::string operator_name(const fb::OperatorCode& code) {
  if (is_custom(code)) return text_of(code.custom_code());
  const std::string name = fb::EnumNameBuiltinOperator(fb::BuiltinOperator{code_of(code)});
  return name.empty() ? "operator code " + std::to_string(code_of(code)) : name;
}

bool in_build(const fb::OperatorCode& code) {
  const OpTable ops = all_operators();
  return std::any_of(ops.begin(), ops.end(), [&](const Op* op) {
    if (op->code != code_of(code)) return false;
    if (!is_custom(code)) return true;
    return code.custom_code() != nullptr && code.custom_code()->str() == op->name;
  });
}

std::vector<std::string> missing_operators(const Model& model) {
  const auto* codes = file_of(model).operator_codes();
  std::vector<bool> used(size_of(codes));
  for (unsigned g = 0; g < size_of(file_of(model).subgraphs()); ++g) {
    const auto* nodes = file_of(model).subgraphs()->Get(g)->operators();
    for (unsigned i = 0; i < size_of(nodes); ++i) used[nodes->Get(i)->opcode_index()] = true;
  }
  std::vector<std::string> names;
  std::set<std::string> known;
  for (unsigned i = 0; i < size_of(codes); ++i) {
    const fb::OperatorCode& code = *codes->Get(i);
    if (!used[i] || in_build(code)) continue;
    const std::string name = operator_name(code) + (is_custom(code) ? " (custom)" : "");
    if (known.insert(name).second) names.push_back(name);
  }
  return names;
}

Tensor tensor_of(const Model& model, const fb::Tensor& file, int index) {
  Tensor t;
  t.index = index;
  t.file_tensor = &file;
  t.type = static_cast<Type>(file.type());
  if (file.name() != nullptr) t.name = file.name()->c_str();
  for (unsigned i = 0; i < size_of(file.shape()); ++i) {
    t.shape[t.shape.rank++] = file.shape()->Get(i);
  }
  const Span<const uint8_t> data = buffer_of(model, file.buffer());
  const bool constant = file.buffer() != 0 && !data.empty();
  t.bytes = constant ? data.size() : static_cast<size_t>(dense_bytes(t.type, t.shape));
  t.storage = constant             ? Storage::kConstant
              : file.is_variable() ? Storage::kVariable
                                   : Storage::kActivation;
  const Quantization q = quantization(t);
  if (!q.scales.empty()) t.scale = q.scales[0];
  if (!q.zero_points.empty()) t.zero_point = static_cast<int32_t>(q.zero_points[0]);
  return t;
}

}  // namespace pipit::tools
