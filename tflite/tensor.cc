// SPDX-License-Identifier: Apache-2.0
// The functions of common.h on tensors.
#include <cstdlib>
#include <cstring>

#include "tensorflow/lite/c/common.h"

namespace {

TfLiteQuantization copy_quantization(const TfLiteQuantization& from) {
  TfLiteQuantization to = {from.type, nullptr};
  if (from.params == nullptr) return to;
  if (from.type == kTfLiteAffineQuantization) {
    const auto& p = *static_cast<const TfLiteAffineQuantization*>(from.params);
    auto* copy =
        static_cast<TfLiteAffineQuantization*>(std::malloc(sizeof(TfLiteAffineQuantization)));
    if (copy == nullptr) return {kTfLiteNoQuantization, nullptr};
    *copy = {TfLiteFloatArrayCopy(p.scale), TfLiteIntArrayCopy(p.zero_point),
             p.quantized_dimension};
    to.params = copy;
  } else if (from.type == kTfLiteBlockwiseQuantization) {
    to.params = std::malloc(sizeof(TfLiteBlockwiseQuantization));
    if (to.params == nullptr) return {kTfLiteNoQuantization, nullptr};
    std::memcpy(to.params, from.params, sizeof(TfLiteBlockwiseQuantization));
  } else {
    to.type = kTfLiteNoQuantization;
  }
  return to;
}

TfLiteSparsity* copy_sparsity(const TfLiteSparsity* from) {
  if (from == nullptr) return nullptr;
  auto* to = static_cast<TfLiteSparsity*>(std::calloc(1, sizeof(TfLiteSparsity)));
  if (to == nullptr) return nullptr;
  to->traversal_order = TfLiteIntArrayCopy(from->traversal_order);
  to->block_map = TfLiteIntArrayCopy(from->block_map);
  const auto n = static_cast<size_t>(from->dim_metadata_size);
  to->dim_metadata =
      static_cast<TfLiteDimensionMetadata*>(std::calloc(n, sizeof(TfLiteDimensionMetadata)));
  if (to->dim_metadata == nullptr) return to;
  to->dim_metadata_size = from->dim_metadata_size;
  for (size_t i = 0; i < n; ++i) {
    const TfLiteDimensionMetadata& d = from->dim_metadata[i];
    to->dim_metadata[i] = {d.format, d.dense_size, TfLiteIntArrayCopy(d.array_segments),
                           TfLiteIntArrayCopy(d.array_indices)};
  }
  return to;
}

void free_signature(TfLiteTensor* t) {
  std::free(const_cast<TfLiteIntArray*>(t->dims_signature));
  t->dims_signature = nullptr;
}

// All that describes a tensor but its bytes.
void free_description(TfLiteTensor* t) {
  TfLiteIntArrayFree(t->dims);
  t->dims = nullptr;
  free_signature(t);
  TfLiteQuantizationFree(&t->quantization);
  TfLiteSparsityFree(t->sparsity);
  t->sparsity = nullptr;
}

void copy_description(const TfLiteTensor& from, TfLiteTensor* to) {
  to->type = from.type;
  to->dims = TfLiteIntArrayCopy(from.dims);
  to->params = from.params;
  to->quantization = copy_quantization(from.quantization);
  to->sparsity = copy_sparsity(from.sparsity);
  to->dims_signature = TfLiteIntArrayCopy(from.dims_signature);
}

bool from_malloc(const TfLiteTensor& t) {
  return t.allocation_type == kTfLiteDynamic || t.allocation_type == kTfLitePersistentRo;
}

}  // namespace

extern "C" {

// Of variants only those who made them know how they end; no operator of this library makes any.
void TfLiteTensorDataFree(TfLiteTensor* t) {
  if (t == nullptr) return;
  if (from_malloc(*t)) std::free(t->data.raw);
  t->data.raw = nullptr;
}

void TfLiteQuantizationFree(TfLiteQuantization* quantization) {
  if (quantization == nullptr) return;
  if (quantization->type == kTfLiteAffineQuantization && quantization->params != nullptr) {
    auto* p = static_cast<TfLiteAffineQuantization*>(quantization->params);
    TfLiteFloatArrayFree(p->scale);
    TfLiteIntArrayFree(p->zero_point);
  }
  std::free(quantization->params);
  *quantization = {kTfLiteNoQuantization, nullptr};
}

void TfLiteSparsityFree(TfLiteSparsity* sparsity) {
  if (sparsity == nullptr) return;
  TfLiteIntArrayFree(sparsity->traversal_order);
  TfLiteIntArrayFree(sparsity->block_map);
  for (int i = 0; i < sparsity->dim_metadata_size; ++i) {
    TfLiteIntArrayFree(sparsity->dim_metadata[i].array_segments);
    TfLiteIntArrayFree(sparsity->dim_metadata[i].array_indices);
  }
  std::free(sparsity->dim_metadata);
  std::free(sparsity);
}

void TfLiteTensorFree(TfLiteTensor* t) {
  if (t == nullptr) return;
  TfLiteTensorDataFree(t);
  free_description(t);
}

void TfLiteTensorReset(TfLiteType type, const char* name, TfLiteIntArray* dims,
                       TfLiteQuantizationParams quantization, char* buffer, size_t size,
                       TfLiteAllocationType allocation_type, const void* allocation,
                       bool is_variable, TfLiteTensor* tensor) {
  if (tensor == nullptr) return;
  TfLiteTensorFree(tensor);
  *tensor = {};
  tensor->type = type;
  tensor->name = name;
  tensor->dims = dims;
  tensor->params = quantization;
  tensor->data.raw = buffer;
  tensor->bytes = size;
  tensor->allocation_type = allocation_type;
  tensor->allocation = allocation;
  tensor->is_variable = is_variable;
  tensor->buffer_handle = kTfLiteNullBufferHandle;
}

TfLiteStatus TfLiteTensorCopy(const TfLiteTensor* src, TfLiteTensor* dst) {
  if (src == nullptr || dst == nullptr || src == dst) return kTfLiteOk;
  if (src->bytes != dst->bytes) return kTfLiteError;
  if (src->bytes != 0 && (src->data.raw == nullptr || dst->data.raw == nullptr)) {
    return src->data.raw == dst->data.raw ? kTfLiteOk : kTfLiteError;
  }
  free_description(dst);
  copy_description(*src, dst);
  if (src->bytes != 0) std::memmove(dst->data.raw, src->data.raw, src->bytes);
  dst->buffer_handle = src->buffer_handle;
  dst->data_is_stale = src->data_is_stale;
  dst->delegate = src->delegate;
  return kTfLiteOk;
}

TfLiteTensor TfLiteTensorClone(TfLiteTensor src) {
  TfLiteTensor copy = src;
  copy.data.raw = nullptr;
  copy.delegate = nullptr;
  copy.buffer_handle = kTfLiteNullBufferHandle;
  copy_description(src, &copy);
  if (src.data.raw == nullptr || src.bytes == 0) return copy;
  copy.allocation_type = kTfLiteDynamic;
  copy.data.raw = static_cast<char*>(std::malloc(src.bytes));
  if (copy.data.raw != nullptr) std::memcpy(copy.data.raw, src.data.raw, src.bytes);
  return copy;
}

TfLiteStatus TfLiteTensorResizeMaybeCopy(size_t num_bytes, TfLiteTensor* tensor,
                                         bool preserve_data) {
  if (tensor == nullptr) return kTfLiteError;
  if (!from_malloc(*tensor)) return kTfLiteOk;
  if (num_bytes == 0) {
    TfLiteTensorDataFree(tensor);
  } else if (tensor->data.raw == nullptr || tensor->bytes < num_bytes || preserve_data) {
    void* grown = preserve_data ? std::realloc(tensor->data.raw, num_bytes) : nullptr;
    if (!preserve_data) {
      std::free(tensor->data.raw);
      tensor->data.raw = nullptr;
      grown = std::malloc(num_bytes);
    }
    if (grown == nullptr) return kTfLiteError;
    tensor->data.raw = static_cast<char*>(grown);
  }
  tensor->bytes = num_bytes;
  return kTfLiteOk;
}

TfLiteStatus TfLiteTensorRealloc(size_t num_bytes, TfLiteTensor* tensor) {
  return TfLiteTensorResizeMaybeCopy(num_bytes, tensor, true);
}

const TfLiteIntArray* TfLiteTensorGetDimsSignature(const TfLiteTensor* t) {
  if (t == nullptr) return nullptr;
  return t->dims_signature != nullptr && t->dims_signature->size > 0 ? t->dims_signature : t->dims;
}

TfLiteAllocationStrategy TfLiteTensorGetAllocationStrategy(const TfLiteTensor* t) {
  if (t == nullptr) return kTfLiteAllocationStrategyUnknown;
  switch (t->allocation_type) {
    case kTfLiteMemNone:
      return kTfLiteAllocationStrategyNone;
    case kTfLiteMmapRo:
      return kTfLiteAllocationStrategyMMap;
    case kTfLiteArenaRw:
    case kTfLiteArenaRwPersistent:
      return kTfLiteAllocationStrategyArena;
    case kTfLiteDynamic:
    case kTfLitePersistentRo:
      return kTfLiteAllocationStrategyMalloc;
    case kTfLiteVariantObject:
      return kTfLiteAllocationStrategyNew;
    default:
      return kTfLiteAllocationStrategyUnknown;
  }
}

TfLiteRunStability TfLiteTensorGetBufferAddressStability(const TfLiteTensor* t) {
  if (t == nullptr) return kTfLiteRunStabilityUnknown;
  switch (t->allocation_type) {
    case kTfLiteMemNone:
    case kTfLiteMmapRo:
    case kTfLiteArenaRw:
    case kTfLiteArenaRwPersistent:
    case kTfLitePersistentRo:
      return kTfLiteRunStabilityAcrossRuns;
    case kTfLiteDynamic:
    case kTfLiteVariantObject:
      return kTfLiteRunStabilitySingleRun;
    default:
      return kTfLiteRunStabilityUnknown;
  }
}

TfLiteRunStability TfLiteTensorGetDataStability(const TfLiteTensor* t) {
  if (t == nullptr) return kTfLiteRunStabilityUnknown;
  switch (t->allocation_type) {
    case kTfLiteMemNone:
    case kTfLiteMmapRo:
    case kTfLiteArenaRwPersistent:
    case kTfLitePersistentRo:
      return kTfLiteRunStabilityAcrossRuns;
    case kTfLiteArenaRw:
    case kTfLiteDynamic:
    case kTfLiteVariantObject:
      return kTfLiteRunStabilitySingleRun;
    default:
      return kTfLiteRunStabilityUnknown;
  }
}

TfLiteRunStep TfLiteTensorGetDataKnownStep(const TfLiteTensor* t) {
  if (t == nullptr) return kTfLiteRunStepUnknown;
  switch (t->allocation_type) {
    case kTfLiteMemNone:
    case kTfLiteMmapRo:
      return kTfLiteRunStepInit;
    case kTfLitePersistentRo:
      return kTfLiteRunStepPrepare;
    case kTfLiteArenaRw:
    case kTfLiteArenaRwPersistent:
    case kTfLiteDynamic:
    case kTfLiteVariantObject:
      return kTfLiteRunStepEval;
    default:
      return kTfLiteRunStepUnknown;
  }
}

TfLiteRunStep TfLiteTensorGetShapeKnownStep(const TfLiteTensor* t) {
  if (t == nullptr) return kTfLiteRunStepUnknown;
  switch (t->allocation_type) {
    case kTfLiteMemNone:
    case kTfLiteMmapRo:
      return kTfLiteRunStepInit;
    case kTfLiteArenaRw:
    case kTfLiteArenaRwPersistent:
    case kTfLitePersistentRo:
      return kTfLiteRunStepPrepare;
    case kTfLiteDynamic:
    case kTfLiteVariantObject:
      return kTfLiteRunStepEval;
    default:
      return kTfLiteRunStepUnknown;
  }
}

}  // extern "C"
