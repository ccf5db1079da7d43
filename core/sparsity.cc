// SPDX-License-Identifier: Apache-2.0
// Reads how the file stores sparse and blockwise quantized constants.
#include "pipit/sparsity.h"

#include "core/schema.h"

namespace pipit {
namespace {

template <class T>
IndexList list(const flatbuffers::Vector<T>* v) {
  if (v == nullptr) return {};
  return {v->data(), static_cast<int32_t>(v->size()), sizeof(T)};
}

IndexList list(fb::SparseIndexVector kind, const void* table) {
  if (table == nullptr) return {};
  switch (kind) {
    case fb::SparseIndexVector::Int32Vector:
      return list(static_cast<const fb::Int32Vector*>(table)->values());
    case fb::SparseIndexVector::Uint16Vector:
      return list(static_cast<const fb::Uint16Vector*>(table)->values());
    case fb::SparseIndexVector::Uint8Vector:
      return list(static_cast<const fb::Uint8Vector*>(table)->values());
    default:
      return {};
  }
}

Span<const int32_t> span(const flatbuffers::Vector<int32_t>* v) {
  return v == nullptr ? Span<const int32_t>() : Span<const int32_t>(v->data(), v->size());
}

const fb::Tensor* file_of(const Tensor& t) { return static_cast<const fb::Tensor*>(t.file_tensor); }

}  // namespace

Sparsity sparsity(const Tensor& tensor) {
  const fb::Tensor* t = file_of(tensor);
  const fb::SparsityParameters* s = t == nullptr ? nullptr : t->sparsity();
  if (s == nullptr) return {};
  const auto* dimensions = s->dim_metadata();
  return {span(s->traversal_order()), span(s->block_map()),
          dimensions == nullptr ? 0 : static_cast<int>(dimensions->size())};
}

SparseDimension sparse_dimension(const Tensor& tensor, int i) {
  const fb::DimensionMetadata* d = at(file_of(tensor)->sparsity()->dim_metadata(), i);
  return {d->format() == fb::DimensionType::SPARSE_CSR, d->dense_size(),
          list(d->array_segments_type(), d->array_segments()),
          list(d->array_indices_type(), d->array_indices())};
}

ScaleBlocks scale_blocks(const Tensor& tensor) {
  const fb::Tensor* t = file_of(tensor);
  const fb::QuantizationParameters* q = t == nullptr ? nullptr : t->quantization();
  const auto* blocks = q == nullptr ? nullptr : q->details_as_BlockwiseQuantization();
  if (blocks == nullptr) return {};
  return {blocks->block_size(), blocks->scales()};
}

}  // namespace pipit
