// SPDX-License-Identifier: Apache-2.0
// Models and what they say of themselves.
#include "capi/handles.h"
#include "pipit/details.h"
#include "pipit/sparsity.h"

using pipit::Model;
using pipit::Span;
namespace capi = pipit::capi;

namespace pipit::capi {

pipit_tensor describe(const Tensor& t) {
  const Quantization q = quantization(t);
  const Shape signature = shape_signature(t);
  pipit_tensor c = {};
  c.name = t.name;
  c.data = t.data;
  c.bytes = t.bytes;
  c.index = t.index;
  c.type = static_cast<pipit_type>(t.type);
  c.storage = static_cast<int32_t>(t.storage);
  c.rank = t.shape.rank;
  std::copy(t.shape.dims, t.shape.dims + PIPIT_MAX_RANK, c.shape);
  std::copy(signature.dims, signature.dims + PIPIT_MAX_RANK, c.shape_signature);
  c.scales = q.scales.data();
  c.scale_count = static_cast<int32_t>(q.scales.size());
  c.zero_points = q.zero_points.data();
  c.zero_point_count = static_cast<int32_t>(q.zero_points.size());
  c.quantized_dimension = q.dimension;
  const ScaleBlocks blocks = scale_blocks(t);
  c.block_size = blocks.size;
  c.block_scales = blocks.scales;
  c.sparse_dimensions = sparsity(t).dimensions;
  return c;
}

namespace {

bool in_range(int32_t i, int count) { return i >= 0 && i < count; }

bool has(const pipit_model* model, int32_t subgraph) {
  return model != nullptr && in_range(subgraph, model->model.subgraphs());
}

bool has_signature(const pipit_model* model, int32_t i) {
  if (model == nullptr) return false;
  return i == PIPIT_DEFAULT_SIGNATURE || in_range(i, model->model.signatures());
}

pipit_signature signature(const Model& m, int32_t i) {
  if (i != PIPIT_DEFAULT_SIGNATURE) {
    return {m.signature_key(i), m.signature_subgraph(i), m.signature_inputs(i),
            m.signature_outputs(i)};
  }
  return {"", 0, static_cast<int32_t>(m.inputs().size()), static_cast<int32_t>(m.outputs().size())};
}

// An input or output of the default signature.
NamedTensor entry(const Model& m, Span<const int32_t> tensors, int32_t i) {
  const int32_t tensor = tensors[static_cast<size_t>(i)];
  return {m.tensor(tensor).name, tensor};
}

pipit_code check_memory(const void* memory, size_t bytes, pipit_message* why) {
  if (memory != nullptr && bytes >= sizeof(pipit_model) && aligned(memory)) return PIPIT_OK;
  return fail(why, PIPIT_BAD_ARGUMENT,
              "a model wants pipit_model_bytes() of memory, aligned to 16 bytes");
}

pipit_code parse(pipit_model* model, Span<const uint8_t> file, pipit_message* why) {
  Message text;
  const Result<Model> parsed = Model::parse(file, &text);
  if (parsed.ok()) model->model = parsed.value();
  return outcome(parsed.status(), text, why);
}

int32_t list(Span<const int32_t> tensors, const int32_t** to) {
  if (to != nullptr) *to = tensors.data();
  return static_cast<int32_t>(tensors.size());
}

pipit_code name(NamedTensor entry, const char** name, int32_t* tensor) {
  if (name != nullptr) *name = entry.name;
  if (tensor != nullptr) *tensor = entry.tensor;
  return PIPIT_OK;
}

}  // namespace
}  // namespace pipit::capi

extern "C" {

const char* pipit_version(void) { return PIPIT_VERSION; }

const char* pipit_type_name(pipit_type type) {
  return capi::in_range(type, pipit::kTypeCount) ? pipit::type_name(static_cast<pipit::Type>(type))
                                                 : "unknown type";
}

size_t pipit_model_bytes(void) { return sizeof(pipit_model); }

pipit_code pipit_model_init(void* memory, size_t memory_bytes, const void* file, size_t file_bytes,
                            pipit_model** model, pipit_message* why) {
  if (pipit_code bad = capi::no_handle_yet(model, why)) return bad;
  if (pipit_code bad = capi::check_memory(memory, memory_bytes, why)) return bad;
  auto* made = new (memory) pipit_model();
  const pipit_code bad = capi::parse(made, {static_cast<const uint8_t*>(file), file_bytes}, why);
  if (bad == PIPIT_OK) *model = made;
  return bad;
}

pipit_code pipit_model_init_file(void* memory, size_t memory_bytes, const char* path,
                                 pipit_model** model, pipit_message* why) {
  if (pipit_code bad = capi::no_handle_yet(model, why)) return bad;
  if (pipit_code bad = capi::check_memory(memory, memory_bytes, why)) return bad;
  if (path == nullptr) return capi::fail(why, PIPIT_BAD_ARGUMENT, "the file's path is NULL");
  auto* made = new (memory) pipit_model();
  const char* error = made->file.open(path);
  if (error != nullptr) return capi::fail(why, PIPIT_NO_FILE, error);
  const pipit_code bad = capi::parse(made, made->file.bytes(), why);
  if (bad == PIPIT_OK) *model = made;
  if (bad != PIPIT_OK) made->file.close();
  return bad;
}

void pipit_model_release(pipit_model* model) {
  if (model != nullptr) model->~pipit_model();
}

const char* pipit_model_description(const pipit_model* model) {
  return model == nullptr ? "" : model->model.description();
}

int32_t pipit_model_subgraphs(const pipit_model* model) {
  return model == nullptr ? -1 : model->model.subgraphs();
}

int32_t pipit_model_tensors(const pipit_model* model, int32_t subgraph) {
  return capi::has(model, subgraph) ? model->model.tensors(subgraph) : -1;
}

pipit_code pipit_model_tensor(const pipit_model* model, int32_t subgraph, int32_t i,
                              pipit_tensor* tensor) {
  if (!capi::in_range(i, pipit_model_tensors(model, subgraph))) return PIPIT_BAD_ARGUMENT;
  return capi::give(capi::describe(model->model.tensor(i, subgraph)), tensor);
}

pipit_code pipit_model_sparsity(const pipit_model* model, int32_t subgraph, int32_t tensor,
                                pipit_sparsity* to) {
  if (!capi::in_range(tensor, pipit_model_tensors(model, subgraph))) return PIPIT_BAD_ARGUMENT;
  const pipit::Sparsity s = pipit::sparsity(model->model.tensor(tensor, subgraph));
  if (s.dimensions == 0 || to == nullptr) return PIPIT_BAD_ARGUMENT;
  to->traversal_count = capi::list(s.traversal_order, &to->traversal_order);
  to->block_map_count = capi::list(s.block_map, &to->block_map);
  return PIPIT_OK;
}

pipit_code pipit_model_sparse_dimension(const pipit_model* model, int32_t subgraph, int32_t tensor,
                                        int32_t i, pipit_sparse_dimension* to) {
  if (!capi::in_range(tensor, pipit_model_tensors(model, subgraph))) return PIPIT_BAD_ARGUMENT;
  const pipit::Tensor t = model->model.tensor(tensor, subgraph);
  if (!capi::in_range(i, pipit::sparsity(t).dimensions) || to == nullptr) {
    return PIPIT_BAD_ARGUMENT;
  }
  const pipit::SparseDimension d = pipit::sparse_dimension(t, i);
  *to = {d.sparse ? 1 : 0, d.dense_size,     d.segments.data, d.indices.data,
         d.segments.count, d.segments.bytes, d.indices.count, d.indices.bytes};
  return PIPIT_OK;
}

int32_t pipit_model_inputs(const pipit_model* model, int32_t subgraph, const int32_t** tensors) {
  return capi::has(model, subgraph) ? capi::list(model->model.inputs(subgraph), tensors) : -1;
}

int32_t pipit_model_outputs(const pipit_model* model, int32_t subgraph, const int32_t** tensors) {
  return capi::has(model, subgraph) ? capi::list(model->model.outputs(subgraph), tensors) : -1;
}

int32_t pipit_model_nodes(const pipit_model* model, int32_t subgraph) {
  return capi::has(model, subgraph) ? model->model.nodes(subgraph) : -1;
}

pipit_code pipit_model_node(const pipit_model* model, int32_t subgraph, int32_t i,
                            pipit_node* node) {
  if (!capi::in_range(i, pipit_model_nodes(model, subgraph)) || node == nullptr) {
    return PIPIT_BAD_ARGUMENT;
  }
  *node = capi::describe(model->model.node(i, subgraph));
  return PIPIT_OK;
}

int64_t pipit_model_option(const pipit_model* model, int32_t subgraph, int32_t node, int32_t field,
                           int32_t bytes, int64_t otherwise) {
  if (!capi::in_range(node, pipit_model_nodes(model, subgraph))) return otherwise;
  return model->model.option(node, field, bytes, otherwise, subgraph);
}

int32_t pipit_model_signatures(const pipit_model* model) {
  return model == nullptr ? -1 : model->model.signatures();
}

pipit_code pipit_model_signature(const pipit_model* model, int32_t i, pipit_signature* signature) {
  if (!capi::has_signature(model, i) || signature == nullptr) return PIPIT_BAD_ARGUMENT;
  *signature = capi::signature(model->model, i);
  return PIPIT_OK;
}

int32_t pipit_model_find_signature(const pipit_model* model, const char* key) {
  return model == nullptr || key == nullptr ? -1 : model->model.find_signature(key);
}

pipit_code pipit_model_signature_input(const pipit_model* model, int32_t signature, int32_t i,
                                       const char** name, int32_t* tensor) {
  if (!capi::has_signature(model, signature)) return PIPIT_BAD_ARGUMENT;
  const Model& m = model->model;
  if (!capi::in_range(i, capi::signature(m, signature).inputs)) return PIPIT_BAD_ARGUMENT;
  const bool named = signature != PIPIT_DEFAULT_SIGNATURE;
  return capi::name(named ? m.signature_input(signature, i) : capi::entry(m, m.inputs(), i), name,
                    tensor);
}

pipit_code pipit_model_signature_output(const pipit_model* model, int32_t signature, int32_t i,
                                        const char** name, int32_t* tensor) {
  if (!capi::has_signature(model, signature)) return PIPIT_BAD_ARGUMENT;
  const Model& m = model->model;
  if (!capi::in_range(i, capi::signature(m, signature).outputs)) return PIPIT_BAD_ARGUMENT;
  const bool named = signature != PIPIT_DEFAULT_SIGNATURE;
  return capi::name(named ? m.signature_output(signature, i) : capi::entry(m, m.outputs(), i), name,
                    tensor);
}

int32_t pipit_model_metadata_count(const pipit_model* model) {
  return model == nullptr ? -1 : pipit::metadata_count(model->model);
}

pipit_code pipit_model_metadata(const pipit_model* model, int32_t i, const char** name,
                                const void** data, size_t* bytes) {
  if (!capi::in_range(i, pipit_model_metadata_count(model))) return PIPIT_BAD_ARGUMENT;
  const Span<const uint8_t> found = pipit::metadata(model->model, i);
  if (name != nullptr) *name = pipit::metadata_name(model->model, i);
  if (data != nullptr) *data = found.data();
  if (bytes != nullptr) *bytes = found.size();
  return PIPIT_OK;
}

}  // extern "C"
