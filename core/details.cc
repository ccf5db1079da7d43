// SPDX-License-Identifier: Apache-2.0
// What a model's file says beyond what is needed to run it.
#include "pipit/details.h"

#include <cstring>

#include "core/schema.h"

namespace pipit {
namespace {

const fb::Operator& node_of(const Model& model, int i, int subgraph) {
  const fb::SubGraph& graph = *at(file_root(model)->subgraphs(), subgraph);
  return *at(graph.operators(), i);
}

}  // namespace

const char* subgraph_name(const Model& model, int subgraph) {
  return c_str(at(file_root(model)->subgraphs(), subgraph)->name());
}

int buffer_count(const Model& model) { return count(file_root(model)->buffers()); }

Span<const uint8_t> buffer(const Model& model, int i) {
  return buffer_bytes(model, static_cast<uint32_t>(i));
}

int buffer_index(const Tensor& tensor) {
  return static_cast<int>(static_cast<const fb::Tensor*>(tensor.file_tensor)->buffer());
}

int metadata_count(const Model& model) { return count(file_root(model)->metadata()); }

const char* metadata_name(const Model& model, int i) {
  return c_str(at(file_root(model)->metadata(), i)->name());
}

Span<const uint8_t> metadata(const Model& model, int i) {
  return buffer_bytes(model, at(file_root(model)->metadata(), i)->buffer());
}

Span<const uint8_t> metadata(const Model& model, const char* name) {
  for (int i = 0; i < metadata_count(model); ++i) {
    if (std::strcmp(metadata_name(model, i), name) == 0) return metadata(model, i);
  }
  return {};
}

// Large options lie behind the flatbuffer; where, was checked when the model was parsed.
Span<const uint8_t> custom_options(const Model& model, int i, int subgraph) {
  const fb::Operator& node = node_of(model, i, subgraph);
  if (node.large_custom_options_offset() > 1) {
    return model.file().subspan(static_cast<size_t>(node.large_custom_options_offset()),
                                static_cast<size_t>(node.large_custom_options_size()));
  }
  if (node.custom_options() == nullptr) return {};
  return {node.custom_options()->data(), node.custom_options()->size()};
}

Span<const int32_t> intermediates(const Model& model, int i, int subgraph) {
  const auto* list = node_of(model, i, subgraph).intermediates();
  return list == nullptr ? Span<const int32_t>() : Span<const int32_t>(list->data(), list->size());
}

Span<const int32_t> option_list(const Model& model, int i, int subgraph) {
  const fb::Operator& node = node_of(model, i, subgraph);
  const flatbuffers::Vector<int32_t>* list = nullptr;
  if (const auto* reshape = node.builtin_options_as_ReshapeOptions()) list = reshape->new_shape();
  if (const auto* squeeze = node.builtin_options_as_SqueezeOptions()) {
    list = squeeze->squeeze_dims();
  }
  return list == nullptr ? Span<const int32_t>() : Span<const int32_t>(list->data(), list->size());
}

bool is_variable(const Tensor& tensor) {
  return static_cast<const fb::Tensor*>(tensor.file_tensor)->is_variable();
}

}  // namespace pipit
