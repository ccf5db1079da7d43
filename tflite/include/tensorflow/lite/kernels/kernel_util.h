// SPDX-License-Identifier: Apache-2.0
// What operators of programs ask about their nodes and tensors.
#pragma once

#include "tensorflow/lite/core/c/common.h"

namespace tflite {
namespace detail {

// nullptr when the list has no such entry, or -1 there.
inline TfLiteTensor* listed(TfLiteContext* context, const TfLiteIntArray* list, int i) {
  if (list == nullptr || i < 0 || i >= list->size || list->data[i] < 0) return nullptr;
  return &context->tensors[list->data[i]];
}
template <class T>
TfLiteStatus checked(TfLiteContext* context, T* found, T** tensor) {
  TF_LITE_ENSURE(context, found != nullptr);
  *tensor = found;
  return kTfLiteOk;
}

}  // namespace detail

inline const TfLiteTensor* GetInput(TfLiteContext* context, const TfLiteNode* node, int index) {
  return detail::listed(context, node->inputs, index);
}
inline const TfLiteTensor* GetOptionalInputTensor(TfLiteContext* context, const TfLiteNode* node,
                                                  int index) {
  return GetInput(context, node, index);
}
// nullptr when it is no variable.
inline TfLiteTensor* GetVariableInput(TfLiteContext* context, const TfLiteNode* node, int index) {
  TfLiteTensor* found = detail::listed(context, node->inputs, index);
  return found != nullptr && found->is_variable ? found : nullptr;
}
inline TfLiteTensor* GetOutput(TfLiteContext* context, const TfLiteNode* node, int index) {
  return detail::listed(context, node->outputs, index);
}
inline TfLiteTensor* GetTemporary(TfLiteContext* context, const TfLiteNode* node, int index) {
  return detail::listed(context, node->temporaries, index);
}
inline const TfLiteTensor* GetIntermediates(TfLiteContext* context, const TfLiteNode* node,
                                            int index) {
  return detail::listed(context, node->intermediates, index);
}

// The same, which report what is not there.
inline TfLiteStatus GetInputSafe(TfLiteContext* context, const TfLiteNode* node, int index,
                                 const TfLiteTensor** tensor) {
  return detail::checked(context, GetInput(context, node, index), tensor);
}
inline TfLiteStatus GetOutputSafe(TfLiteContext* context, const TfLiteNode* node, int index,
                                  TfLiteTensor** tensor) {
  return detail::checked(context, GetOutput(context, node, index), tensor);
}
inline TfLiteStatus GetTemporarySafe(TfLiteContext* context, const TfLiteNode* node, int index,
                                     TfLiteTensor** tensor) {
  return detail::checked(context, GetTemporary(context, node, index), tensor);
}

inline int NumInputs(const TfLiteNode* node) {
  return node->inputs == nullptr ? 0 : node->inputs->size;
}
inline int NumOutputs(const TfLiteNode* node) {
  return node->outputs == nullptr ? 0 : node->outputs->size;
}
inline int NumIntermediates(const TfLiteNode* node) {
  return node->intermediates == nullptr ? 0 : node->intermediates->size;
}
inline int NumDimensions(const TfLiteTensor* t) { return t->dims->size; }
inline int SizeOfDimension(const TfLiteTensor* t, int dimension) {
  return t->dims->data[dimension];
}
inline int64_t NumElements(const TfLiteIntArray* dims) {
  int64_t count = 1;
  for (int i = 0; i < dims->size; ++i) count *= dims->data[i];
  return count;
}
inline int64_t NumElements(const TfLiteTensor* t) { return NumElements(t->dims); }
inline bool HaveSameShapes(const TfLiteTensor* a, const TfLiteTensor* b) {
  return TfLiteIntArrayEqual(a->dims, b->dims) != 0;
}

inline bool IsConstantTensor(const TfLiteTensor* t) { return t->allocation_type == kTfLiteMmapRo; }
inline bool IsConstantOrPersistentTensor(const TfLiteTensor* t) {
  return IsConstantTensor(t) || t->allocation_type == kTfLitePersistentRo;
}
inline bool IsDynamicTensor(const TfLiteTensor* t) { return t->allocation_type == kTfLiteDynamic; }
// In prepare: `invoke` gives the tensor its size by context->ResizeTensor().
inline void SetTensorToDynamic(TfLiteTensor* t) {
  if (IsDynamicTensor(t)) return;
  t->allocation_type = kTfLiteDynamic;
  t->data.raw = nullptr;
}

}  // namespace tflite
