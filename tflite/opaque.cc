// SPDX-License-Identifier: Apache-2.0
// Tensors and nodes of operators that do not know their structs.
#include <cstring>
#include <memory>

#include "tensorflow/lite/core/c/c_api_opaque.h"
#include "tensorflow/lite/string_util.h"
#include "tflite/subgraph.h"

using pipit::compat::guarded;
using pipit::compat::read_string;

namespace {

const TfLiteTensor* seen(const TfLiteOpaqueTensor* t) {
  return reinterpret_cast<const TfLiteTensor*>(t);
}
TfLiteTensor* seen(TfLiteOpaqueTensor* t) { return reinterpret_cast<TfLiteTensor*>(t); }
const TfLiteNode* seen(const TfLiteOpaqueNode* n) { return reinterpret_cast<const TfLiteNode*>(n); }
TfLiteNode* seen(TfLiteOpaqueNode* n) { return reinterpret_cast<TfLiteNode*>(n); }

// An entry of a list of indices, or -1.
int at(const TfLiteIntArray* list, int i) {
  return list == nullptr || i < 0 || i >= list->size ? -1 : list->data[i];
}

TfLiteStatus give(const TfLiteIntArray* list, const int** data, int* size) {
  if (list == nullptr || data == nullptr || size == nullptr) return kTfLiteError;
  *data = list->data;
  *size = list->size;
  return kTfLiteOk;
}

TfLiteTensor* tensor_at(const TfLiteOpaqueContext* context, const TfLiteIntArray* list, int i) {
  const int index = at(list, i);
  if (context == nullptr || index < 0) return nullptr;
  const auto* c = reinterpret_cast<const TfLiteContext*>(context);
  return c->GetTensor(c, index);
}

}  // namespace

extern "C" {

// ---- tensors

TfLiteType TfLiteOpaqueTensorType(const TfLiteOpaqueTensor* t) { return TfLiteTensorType(seen(t)); }

int32_t TfLiteOpaqueTensorNumDims(const TfLiteOpaqueTensor* t) {
  return TfLiteTensorNumDims(seen(t));
}

int32_t TfLiteOpaqueTensorDim(const TfLiteOpaqueTensor* t, int32_t dim_index) {
  return TfLiteTensorDim(seen(t), dim_index);
}

TfLiteStatus TfLiteOpaqueTensorGetNumDimsSignature(const TfLiteOpaqueTensor* t, int32_t* num_dims) {
  if (t == nullptr || num_dims == nullptr) return kTfLiteError;
  *num_dims = seen(t)->dims_signature == nullptr ? -1 : seen(t)->dims_signature->size;
  return kTfLiteOk;
}

TfLiteStatus TfLiteOpaqueTensorGetDimSignature(const TfLiteOpaqueTensor* t, int32_t dim_index,
                                               int32_t* dim_length) {
  const TfLiteIntArray* list = TfLiteTensorGetDimsSignature(seen(t));
  if (list == nullptr || dim_length == nullptr || dim_index < 0 || dim_index >= list->size) {
    return kTfLiteError;
  }
  *dim_length = list->data[dim_index];
  return kTfLiteOk;
}

int TfLiteOpaqueTensorIsVariable(const TfLiteOpaqueTensor* t) {
  return t != nullptr && seen(t)->is_variable ? 1 : 0;
}

size_t TfLiteOpaqueTensorByteSize(const TfLiteOpaqueTensor* t) {
  return TfLiteTensorByteSize(seen(t));
}

void* TfLiteOpaqueTensorData(const TfLiteOpaqueTensor* t) { return TfLiteTensorData(seen(t)); }

TfLiteAllocationType TfLiteOpaqueTensorGetAllocationType(const TfLiteOpaqueTensor* t) {
  return t == nullptr ? kTfLiteMemNone : seen(t)->allocation_type;
}

TfLiteAllocationStrategy TfLiteOpaqueTensorGetAllocationStrategy(const TfLiteOpaqueTensor* t) {
  return TfLiteTensorGetAllocationStrategy(seen(t));
}

TfLiteRunStability TfLiteOpaqueTensorGetBufferAddressStability(const TfLiteOpaqueTensor* t) {
  return TfLiteTensorGetBufferAddressStability(seen(t));
}

TfLiteRunStability TfLiteOpaqueTensorGetDataStability(const TfLiteOpaqueTensor* t) {
  return TfLiteTensorGetDataStability(seen(t));
}

TfLiteRunStep TfLiteOpaqueTensorGetDataKnownStep(const TfLiteOpaqueTensor* t) {
  return TfLiteTensorGetDataKnownStep(seen(t));
}

TfLiteRunStep TfLiteOpaqueTensorGetShapeKnownStep(const TfLiteOpaqueTensor* t) {
  return TfLiteTensorGetShapeKnownStep(seen(t));
}

const char* TfLiteOpaqueTensorName(const TfLiteOpaqueTensor* t) {
  return TfLiteTensorName(seen(t));
}

TfLiteQuantization TfLiteOpaqueTensorGetQuantization(const TfLiteOpaqueTensor* t) {
  return t == nullptr ? TfLiteQuantization{kTfLiteNoQuantization, nullptr} : seen(t)->quantization;
}

TfLiteQuantizationParams TfLiteOpaqueTensorGetQuantizationParams(const TfLiteOpaqueTensor* t) {
  return TfLiteTensorQuantizationParams(seen(t));
}

TfLiteStatus TfLiteOpaqueTensorCopyFromBuffer(TfLiteOpaqueTensor* t, const void* input_data,
                                              size_t input_data_size) {
  return TfLiteTensorCopyFromBuffer(seen(t), input_data, input_data_size);
}

TfLiteStatus TfLiteOpaqueTensorCopyToBuffer(const TfLiteOpaqueTensor* t, void* output_data,
                                            size_t output_data_size) {
  return TfLiteTensorCopyToBuffer(seen(t), output_data, output_data_size);
}

int TfLiteOpaqueTensorGetStringCount(const TfLiteOpaqueTensor* t) {
  return t == nullptr ? -1 : read_string(*seen(t), -1, nullptr, nullptr);
}

TfLiteStatus TfLiteOpaqueTensorGetString(const TfLiteOpaqueTensor* t, int index, const char** str,
                                         int* len) {
  if (t == nullptr || str == nullptr || len == nullptr || index < 0) return kTfLiteError;
  return read_string(*seen(t), index, str, len) > index ? kTfLiteOk : kTfLiteError;
}

TfLiteStatus TfLiteOpaqueTensorWriteStrings(TfLiteOpaqueTensor* t, const char* const* str_array,
                                            int str_array_len, const int* str_n_len) {
  const bool some = str_array != nullptr && str_n_len != nullptr;
  const bool fits = t != nullptr && seen(t)->type == kTfLiteString && str_array_len >= 0;
  if (!fits || (str_array_len != 0 && !some)) return kTfLiteError;
  return guarded({}, kTfLiteError, [&] {
    tflite::DynamicBuffer strings;
    for (int i = 0; i < str_array_len; ++i) {
      if (str_n_len[i] < 0 || (str_array[i] == nullptr && str_n_len[i] != 0)) return kTfLiteError;
      strings.AddString(str_array[i], static_cast<size_t>(str_n_len[i]));
    }
    strings.WriteToTensorAsVector(seen(t));
    return kTfLiteOk;
  });
}

TfLiteStatus TfLiteOpaqueTensorWriteString(TfLiteOpaqueTensor* t, const char* str, int len) {
  return TfLiteOpaqueTensorWriteStrings(t, &str, 1, &len);
}

void TfLiteOpaqueTensorSetAllocationTypeToDynamic(TfLiteOpaqueTensor* t) {
  if (t == nullptr || seen(t)->allocation_type == kTfLiteDynamic) return;
  TfLiteTensorDataFree(seen(t));
  seen(t)->allocation_type = kTfLiteDynamic;
}

TfLiteOpaqueTensorBuilder* TfLiteOpaqueTensorBuilderCreate(void) {
  return guarded<TfLiteOpaqueTensorBuilder*>({}, nullptr,
                                             [] { return new TfLiteOpaqueTensorBuilder; });
}

void TfLiteOpaqueTensorBuilderDelete(TfLiteOpaqueTensorBuilder* builder) { delete builder; }

TfLiteOpaqueTensorBuilder* TfLiteOpaqueTensorBuilderSetType(TfLiteOpaqueTensorBuilder* builder,
                                                            TfLiteType type) {
  if (builder != nullptr) builder->type = type;
  return builder;
}

TfLiteOpaqueTensorBuilder* TfLiteOpaqueTensorBuilderSetData(TfLiteOpaqueTensorBuilder* builder,
                                                            void* data) {
  if (builder != nullptr) builder->data = data;
  return builder;
}

TfLiteOpaqueTensorBuilder* TfLiteOpaqueTensorBuilderSetAllocationType(
    TfLiteOpaqueTensorBuilder* builder, TfLiteAllocationType allocation_type) {
  if (builder != nullptr) builder->allocation_type = allocation_type;
  return builder;
}

TfLiteOpaqueTensorBuilder* TfLiteOpaqueTensorBuilderSetQuantizationParams(
    TfLiteOpaqueTensorBuilder* builder, TfLiteQuantizationParams params) {
  if (builder != nullptr) builder->params = params;
  return builder;
}

TfLiteOpaqueTensorBuilder* TfLiteOpaqueTensorBuilderSetQuantization(
    TfLiteOpaqueTensorBuilder* builder, TfLiteQuantization quantization) {
  if (builder != nullptr) builder->quantization = quantization;
  return builder;
}

// ---- nodes

const TfLiteOpaqueTensor* TfLiteOpaqueNodeGetInput(const TfLiteOpaqueContext* context,
                                                   const TfLiteOpaqueNode* n, int index) {
  if (n == nullptr) return nullptr;
  return reinterpret_cast<const TfLiteOpaqueTensor*>(tensor_at(context, seen(n)->inputs, index));
}

TfLiteOpaqueTensor* TfLiteOpaqueNodeGetOutput(TfLiteOpaqueContext* context,
                                              const TfLiteOpaqueNode* n, int index) {
  if (n == nullptr) return nullptr;
  return reinterpret_cast<TfLiteOpaqueTensor*>(tensor_at(context, seen(n)->outputs, index));
}

int TfLiteOpaqueNodeNumberOfInputs(const TfLiteOpaqueNode* n) {
  return n == nullptr || seen(n)->inputs == nullptr ? 0 : seen(n)->inputs->size;
}

int TfLiteOpaqueNodeNumberOfOutputs(const TfLiteOpaqueNode* n) {
  return n == nullptr || seen(n)->outputs == nullptr ? 0 : seen(n)->outputs->size;
}

void* TfLiteOpaqueNodeGetUserData(const TfLiteOpaqueNode* n) {
  return n == nullptr ? nullptr : seen(n)->user_data;
}

void* TfLiteOpaqueNodeGetBuiltinData(const TfLiteOpaqueNode* n) {
  return n == nullptr ? nullptr : seen(n)->builtin_data;
}

TfLiteStatus TfLiteOpaqueNodeGetCustomInitialData(const TfLiteOpaqueNode* n, const void** init_data,
                                                  int* size) {
  if (n == nullptr || init_data == nullptr || size == nullptr) return kTfLiteError;
  *init_data = seen(n)->custom_initial_data;
  *size = seen(n)->custom_initial_data_size;
  return kTfLiteOk;
}

TfLiteStatus TfLiteOpaqueNodeInputs(const TfLiteOpaqueNode* n, const int** inputs,
                                    int* num_inputs) {
  return n == nullptr ? kTfLiteError : give(seen(n)->inputs, inputs, num_inputs);
}

TfLiteStatus TfLiteOpaqueNodeOutputs(const TfLiteOpaqueNode* n, const int** outputs,
                                     int* num_outputs) {
  return n == nullptr ? kTfLiteError : give(seen(n)->outputs, outputs, num_outputs);
}

TfLiteStatus TfLiteOpaqueNodeTemporaries(const TfLiteOpaqueNode* n, const int** temporaries,
                                         int* num_temporaries) {
  return n == nullptr ? kTfLiteError : give(seen(n)->temporaries, temporaries, num_temporaries);
}

TfLiteStatus TfLiteOpaqueNodeSetTemporaries(TfLiteOpaqueNode* n, const int* temporaries,
                                            int num_temporaries) {
  const bool some = temporaries != nullptr || num_temporaries == 0;
  TfLiteIntArray* list = n == nullptr || !some ? nullptr : TfLiteIntArrayCreate(num_temporaries);
  if (list == nullptr) return kTfLiteError;
  for (int i = 0; i < num_temporaries; ++i) list->data[i] = temporaries[i];
  TfLiteIntArrayFree(seen(n)->temporaries);
  seen(n)->temporaries = list;
  return kTfLiteOk;
}

int TfLiteOpaqueNodeGetInputTensorIndex(const TfLiteOpaqueNode* n, int index_of_input) {
  return n == nullptr ? -1 : at(seen(n)->inputs, index_of_input);
}

int TfLiteOpaqueNodeGetOutputTensorIndex(const TfLiteOpaqueNode* n, int index_of_output) {
  return n == nullptr ? -1 : at(seen(n)->outputs, index_of_output);
}

}  // extern "C"
