// SPDX-License-Identifier: Apache-2.0
// What the C++ headers need beyond TensorFlow Lite's C interface.
#include <algorithm>

#include "pipit/details.h"
#include "tensorflow/lite/core/c/c_api_pipit.h"
#include "tflite/interpreter.h"

using pipit::Span;
using pipit::compat::guarded;

namespace {

template <class F>
TfLiteStatus attempt(const TfLiteInterpreter* net, const F& f) {
  return net == nullptr ? kTfLiteError : guarded(net->report(), kTfLiteError, f);
}

bool has_subgraph(const TfLiteInterpreter& net, int subgraph) {
  return subgraph >= 0 && subgraph < net.model().subgraphs();
}

TfLiteStatus set_data(TfLiteInterpreter& net, int index, TfLiteType type, Span<const int> dims,
                      const void* data, size_t bytes) {
  if (index < 0 || index >= net.model().tensors()) {
    return net.fail(kTfLiteError, "there is no tensor %d", index);
  }
  TfLiteTensor& t = *net.subgraph(0).tensor(index);
  if (type != t.type ||
      TfLiteIntArrayEqualsArray(t.dims, static_cast<int>(dims.size()), dims.data()) == 0) {
    return net.fail(kTfLiteError,
                    "tensor %d, '%s', has another type or shape than the values that it is given",
                    index, t.name);
  }
  const TfLiteStatus set = net.set_allocation(index, {const_cast<void*>(data), bytes},
                                              kTfLiteCustomAllocationFlagsSkipAlignCheck);
  if (set == kTfLiteOk) net.subgraph(0).give(index, const_cast<void*>(data));
  return set;
}

}  // namespace

extern "C" {

void TfLitePipitOptionsSetPreserveAllTensors(TfLiteInterpreterOptions* options, bool preserve) {
  if (options != nullptr) options->settings.preserve_all = preserve;
}

const void* TfLitePipitModelGetContent(const TfLiteModel* model, size_t* bytes) {
  if (model == nullptr || bytes == nullptr) return nullptr;
  *bytes = model->file->bytes.size();
  return model->file->bytes.data();
}

bool TfLitePipitModelGetMetadata(const TfLiteModel* model, int i, const char** name,
                                 const void** data, size_t* bytes) {
  if (model == nullptr || name == nullptr || data == nullptr || bytes == nullptr) return false;
  const pipit::Model& m = model->file->model;
  if (i < 0 || i >= pipit::metadata_count(m)) return false;
  *name = pipit::metadata_name(m, i);
  const Span<const uint8_t> found = pipit::metadata(m, i);
  *data = found.data();
  *bytes = found.size();
  return true;
}

int TfLitePipitInterpreterGetTensorCount(const TfLiteInterpreter* interpreter) {
  return interpreter == nullptr ? 0 : interpreter->model().tensors();
}

int TfLitePipitInterpreterGetSubgraphCount(const TfLiteInterpreter* interpreter) {
  return interpreter == nullptr ? 0 : interpreter->model().subgraphs();
}

TfLiteStatus TfLitePipitInterpreterGetExecutionPlan(TfLiteInterpreter* interpreter, int subgraph,
                                                    TfLiteIntArray** plan) {
  return attempt(interpreter, [&] {
    if (!has_subgraph(*interpreter, subgraph)) return kTfLiteError;
    return interpreter->delegation().execution_plan(subgraph, plan);
  });
}

TfLiteStatus TfLitePipitInterpreterGetNode(const TfLiteInterpreter* interpreter, int subgraph,
                                           int node, TfLiteNode** view, TfLiteRegistration** op) {
  return attempt(interpreter, [&] {
    if (!has_subgraph(*interpreter, subgraph)) return kTfLiteError;
    auto& net = const_cast<TfLiteInterpreter&>(*interpreter);
    return net.delegation().node_at(subgraph, node, view, op);
  });
}

TfLiteStatus TfLitePipitInterpreterResizeTensor(TfLiteInterpreter* interpreter, int tensor_index,
                                                const int* dims, int count, bool strict) {
  return attempt(interpreter, [&] {
    const Span<const int32_t> inputs = interpreter->model().inputs();
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] != tensor_index) continue;
      return interpreter->resize(0, static_cast<int>(i), dims, count, strict);
    }
    return interpreter->fail(kTfLiteError, "tensor %d is no input", tensor_index);
  });
}

TfLiteStatus TfLitePipitInterpreterSetData(TfLiteInterpreter* interpreter, int tensor_index,
                                           TfLiteType type, const int* dims, int count,
                                           const void* data, size_t bytes) {
  return attempt(interpreter, [&] {
    return set_data(*interpreter, tensor_index, type,
                    {dims, static_cast<size_t>(std::max(count, 0))}, data, bytes);
  });
}

TfLiteStatus TfLitePipitInterpreterSetNumThreads(TfLiteInterpreter* interpreter, int num_threads) {
  return attempt(interpreter, [&] { return interpreter->set_threads(num_threads); });
}

TfLiteStatus TfLitePipitInterpreterEnableCancellation(TfLiteInterpreter* interpreter, bool enable) {
  if (interpreter == nullptr) return kTfLiteError;
  interpreter->enable_cancelling(enable);
  return kTfLiteOk;
}

TfLiteContext* TfLitePipitInterpreterGetContext(TfLiteInterpreter* interpreter, int subgraph) {
  if (interpreter == nullptr) return nullptr;
  return guarded<TfLiteContext*>(interpreter->report(), nullptr, [&] {
    return has_subgraph(*interpreter, subgraph) ? &interpreter->subgraph(subgraph).context()
                                                : nullptr;
  });
}

void TfLitePipitInterpreterSetExternalContext(TfLiteInterpreter* interpreter,
                                              TfLiteExternalContextType type,
                                              TfLiteExternalContext* context) {
  if (interpreter != nullptr) interpreter->set_external(type, context);
}

void TfLitePipitInterpreterSetProfiler(TfLiteInterpreter* interpreter,
                                       void (*event)(void* user, const char* tag, int subgraph,
                                                     int node, bool begins),
                                       void* user, void* profiler) {
  if (interpreter != nullptr) interpreter->set_listener({event, user, profiler});
}

bool TfLitePipitHasOperator(int builtin_code, const char* custom_name) {
  if (builtin_code == kTfLiteBuiltinCustom && custom_name == nullptr) return false;
  return pipit::compat::is_known(builtin_code, custom_name);
}

int TfLitePipitInterpreterGetSignatureSubgraph(const TfLiteInterpreter* interpreter,
                                               const char* signature_key) {
  if (interpreter == nullptr || signature_key == nullptr) return -1;
  const int found = interpreter->model().find_signature(signature_key);
  return found < 0 ? -1 : interpreter->model().signature_subgraph(found);
}

}  // extern "C"
