// SPDX-License-Identifier: Apache-2.0
// The functions of interpreters, and what tensors say.
#include <cstring>

#include "tflite/interpreter.h"

using pipit::Span;
using pipit::compat::guarded;

namespace {

// Of TensorFlow Lite, whose interface is served; and of its extension interface.
constexpr char kVersion[] = "2.20.0";
constexpr char kExtensionVersion[] = "1.0.0";
constexpr int kSchemaVersion = 3;

// Index of the i-th tensor of a list, or -1.
int32_t at(Span<const int32_t> list, int32_t i) {
  return i < 0 || static_cast<size_t>(i) >= list.size() ? -1 : list[static_cast<size_t>(i)];
}

TfLiteTensor* tensor_of(const TfLiteInterpreter* net, int32_t index) {
  return guarded<TfLiteTensor*>(net->report(), nullptr,
                                [&] { return net->subgraph(0).tensor(index); });
}

TfLiteInterpreter* create(const TfLiteModel* model, const TfLiteInterpreterOptions* options,
                          bool selected_only) {
  const pipit::compat::Settings defaults;
  const auto& settings = options == nullptr ? defaults : options->settings;
  if (model == nullptr) {
    settings.reporter.line("there is no model");
    return nullptr;
  }
  return guarded<TfLiteInterpreter*>(settings.reporter, nullptr, [&] {
    auto copy = settings;
    copy.selected_only = selected_only;
    return TfLiteInterpreter::create(*model, std::move(copy));
  });
}

// Runs f on an interpreter that is there.
template <class F>
TfLiteStatus attempt(const TfLiteInterpreter* net, const F& f) {
  return net == nullptr ? kTfLiteError : guarded(net->report(), kTfLiteError, f);
}

}  // namespace

extern "C" {

const char* TfLiteVersion(void) { return kVersion; }
const char* TfLiteExtensionApisVersion(void) { return kExtensionVersion; }
int TfLiteSchemaVersion(void) { return kSchemaVersion; }

TfLiteInterpreter* TfLiteInterpreterCreate(const TfLiteModel* model,
                                           const TfLiteInterpreterOptions* optional_options) {
  return create(model, optional_options, false);
}

TfLiteInterpreter* TfLiteInterpreterCreateWithSelectedOps(const TfLiteModel* model,
                                                          const TfLiteInterpreterOptions* options) {
  return create(model, options, true);
}

void TfLiteInterpreterDelete(TfLiteInterpreter* interpreter) { delete interpreter; }

int32_t TfLiteInterpreterGetInputTensorCount(const TfLiteInterpreter* interpreter) {
  return interpreter == nullptr ? 0 : static_cast<int32_t>(interpreter->model().inputs().size());
}

const int* TfLiteInterpreterInputTensorIndices(const TfLiteInterpreter* interpreter) {
  return interpreter == nullptr ? nullptr : interpreter->model().inputs().data();
}

TfLiteTensor* TfLiteInterpreterGetInputTensor(const TfLiteInterpreter* interpreter,
                                              int32_t input_index) {
  if (interpreter == nullptr) return nullptr;
  return tensor_of(interpreter, at(interpreter->model().inputs(), input_index));
}

TfLiteStatus TfLiteInterpreterResizeInputTensor(TfLiteInterpreter* interpreter, int32_t input_index,
                                                const int* input_dims, int32_t input_dims_size) {
  return attempt(interpreter, [&] {
    return interpreter->resize(0, input_index, input_dims, input_dims_size, false);
  });
}

TfLiteStatus TfLiteInterpreterAllocateTensors(TfLiteInterpreter* interpreter) {
  return attempt(interpreter, [&] { return interpreter->allocate(); });
}

TfLiteStatus TfLiteInterpreterInvoke(TfLiteInterpreter* interpreter) {
  return attempt(interpreter, [&] { return interpreter->invoke(0, -1); });
}

int32_t TfLiteInterpreterGetOutputTensorCount(const TfLiteInterpreter* interpreter) {
  return interpreter == nullptr ? 0 : static_cast<int32_t>(interpreter->model().outputs().size());
}

const int* TfLiteInterpreterOutputTensorIndices(const TfLiteInterpreter* interpreter) {
  return interpreter == nullptr ? nullptr : interpreter->model().outputs().data();
}

const TfLiteTensor* TfLiteInterpreterGetOutputTensor(const TfLiteInterpreter* interpreter,
                                                     int32_t output_index) {
  if (interpreter == nullptr) return nullptr;
  return tensor_of(interpreter, at(interpreter->model().outputs(), output_index));
}

TfLiteTensor* TfLiteInterpreterGetTensor(const TfLiteInterpreter* interpreter, int index) {
  return interpreter == nullptr ? nullptr : tensor_of(interpreter, index);
}

int32_t TfLiteInterpreterGetInputTensorIndex(const TfLiteInterpreter* interpreter,
                                             int32_t input_index) {
  return interpreter == nullptr ? -1 : at(interpreter->model().inputs(), input_index);
}

int32_t TfLiteInterpreterGetOutputTensorIndex(const TfLiteInterpreter* interpreter,
                                              int32_t output_index) {
  return interpreter == nullptr ? -1 : at(interpreter->model().outputs(), output_index);
}

TfLiteStatus TfLiteInterpreterCancel(const TfLiteInterpreter* interpreter) {
  return interpreter == nullptr ? kTfLiteError : interpreter->cancel();
}

TfLiteStatus TfLiteInterpreterResetVariableTensors(TfLiteInterpreter* interpreter) {
  return attempt(interpreter, [&] { return interpreter->reset_variables(); });
}

int32_t TfLiteInterpreterGetVariableTensorCount(const TfLiteInterpreter* interpreter) {
  if (interpreter == nullptr) return 0;
  return guarded<int32_t>(interpreter->report(), 0, [&] {
    return static_cast<int32_t>(interpreter->subgraph(0).variables().size());
  });
}

TfLiteTensor* TfLiteInterpreterGetVariableTensor(const TfLiteInterpreter* interpreter,
                                                 int32_t variable_index) {
  if (variable_index >= TfLiteInterpreterGetVariableTensorCount(interpreter)) return nullptr;
  return tensor_of(interpreter, at(interpreter->subgraph(0).variables(), variable_index));
}

TfLiteStatus TfLiteInterpreterSetCustomAllocationForTensor(TfLiteInterpreter* interpreter,
                                                           int tensor_index,
                                                           const TfLiteCustomAllocation* allocation,
                                                           int64_t flags) {
  return attempt(interpreter, [&] {
    if (allocation == nullptr) return interpreter->fail(kTfLiteError, "there is no allocation");
    return interpreter->set_allocation(tensor_index, *allocation, flags);
  });
}

// ---- delegates

TfLiteStatus TfLiteInterpreterModifyGraphWithDelegate(const TfLiteInterpreter* interpreter,
                                                      TfLiteDelegate* delegate) {
  return attempt(interpreter,
                 [&] { return const_cast<TfLiteInterpreter*>(interpreter)->modify(delegate); });
}

TfLiteStatus TfLiteInterpreterSetBufferHandle(TfLiteInterpreter* interpreter, TfLiteTensor* tensor,
                                              TfLiteBufferHandle buffer_handle,
                                              TfLiteDelegate* delegate) {
  return attempt(interpreter, [&] {
    pipit::compat::Subgraph& graph = interpreter->subgraph(0);
    const bool theirs = tensor != nullptr && graph.contains(tensor) &&
                        (tensor->delegate == nullptr || tensor->delegate == delegate);
    if (!theirs) return interpreter->fail(kTfLiteError, "no tensor of this delegate");
    pipit::compat::free_handle(&graph.context(), tensor);
    tensor->delegate = delegate;
    tensor->buffer_handle = buffer_handle;
    return kTfLiteOk;
  });
}

TfLiteStatus TfLiteInterpreterGetBufferHandle(TfLiteInterpreter* interpreter, int tensor_index,
                                              TfLiteBufferHandle* buffer_handle,
                                              TfLiteDelegate** delegate) {
  return attempt(interpreter, [&] {
    const TfLiteTensor* t = interpreter->subgraph(0).tensor(tensor_index);
    if (t == nullptr) return interpreter->fail(kTfLiteError, "there is no tensor %d", tensor_index);
    if (buffer_handle != nullptr) *buffer_handle = t->buffer_handle;
    if (delegate != nullptr) *delegate = t->delegate;
    return kTfLiteOk;
  });
}

TfLiteStatus TfLiteInterpreterEnsureTensorDataIsReadable(TfLiteInterpreter* interpreter,
                                                         int tensor_index) {
  return attempt(interpreter, [&] {
    pipit::compat::Subgraph& graph = interpreter->subgraph(0);
    TfLiteTensor* t = graph.tensor(tensor_index);
    if (t == nullptr) return interpreter->fail(kTfLiteError, "there is no tensor %d", tensor_index);
    if (!t->data_is_stale) return kTfLiteOk;
    return pipit::compat::copy_from_handle(&graph.context(), t);
  });
}

void TfLiteSetAllowBufferHandleOutput(const TfLiteInterpreter* interpreter,
                                      bool allow_buffer_handle_output) {
  if (interpreter == nullptr) return;
  const_cast<TfLiteInterpreter*>(interpreter)->allow_handles(allow_buffer_handle_output);
}

// ---- tensors

TfLiteType TfLiteTensorType(const TfLiteTensor* tensor) {
  return tensor == nullptr ? kTfLiteNoType : tensor->type;
}

int32_t TfLiteTensorNumDims(const TfLiteTensor* tensor) {
  return tensor == nullptr || tensor->dims == nullptr ? -1 : tensor->dims->size;
}

int32_t TfLiteTensorDim(const TfLiteTensor* tensor, int32_t dim_index) {
  if (dim_index < 0 || dim_index >= TfLiteTensorNumDims(tensor)) return -1;
  return tensor->dims->data[dim_index];
}

size_t TfLiteTensorByteSize(const TfLiteTensor* tensor) {
  return tensor == nullptr ? 0 : tensor->bytes;
}

void* TfLiteTensorData(const TfLiteTensor* tensor) {
  return tensor == nullptr ? nullptr : tensor->data.data;
}

const char* TfLiteTensorName(const TfLiteTensor* tensor) {
  return tensor == nullptr ? nullptr : tensor->name;
}

TfLiteQuantizationParams TfLiteTensorQuantizationParams(const TfLiteTensor* tensor) {
  return tensor == nullptr ? TfLiteQuantizationParams{0, 0} : tensor->params;
}

TfLiteStatus TfLiteTensorCopyFromBuffer(TfLiteTensor* tensor, const void* input_data,
                                        size_t input_data_size) {
  if (tensor == nullptr || tensor->bytes != input_data_size) return kTfLiteError;
  if (input_data_size == 0) return kTfLiteOk;
  if (tensor->data.data == nullptr || input_data == nullptr) return kTfLiteError;
  if (tensor->allocation_type == kTfLiteMmapRo) return kTfLiteError;
  std::memcpy(tensor->data.data, input_data, input_data_size);
  return kTfLiteOk;
}

TfLiteStatus TfLiteTensorCopyToBuffer(const TfLiteTensor* output_tensor, void* output_data,
                                      size_t output_data_size) {
  if (output_tensor == nullptr || output_tensor->bytes != output_data_size) return kTfLiteError;
  if (output_data_size == 0) return kTfLiteOk;
  if (output_tensor->data.data == nullptr || output_data == nullptr) return kTfLiteError;
  std::memcpy(output_data, output_tensor->data.data, output_data_size);
  return kTfLiteOk;
}

}  // extern "C"
