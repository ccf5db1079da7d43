// SPDX-License-Identifier: Apache-2.0
// What interpreters begin with: a model's graph, or one that the program adds tensors and nodes to.
#pragma once

#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "tensorflow/lite/interpreter_events.h"
#include "tensorflow/lite/own_graph.h"

namespace tflite {
namespace detail {

class InterpreterGraph {
 public:
  InterpreterGraph(const InterpreterGraph&) = delete;
  InterpreterGraph& operator=(const InterpreterGraph&) = delete;

  TfLiteStatus AddTensors(int tensors_to_add, int* first_new_tensor_index = nullptr) {
    if (own_ == nullptr || net_ != nullptr) return kTfLiteError;
    return own_->add_tensors(tensors_to_add, first_new_tensor_index);
  }
  TfLiteStatus SetInputs(std::vector<int> inputs) { return set_ends(&inputs_, std::move(inputs)); }
  TfLiteStatus SetOutputs(std::vector<int> outputs) {
    return set_ends(&outputs_, std::move(outputs));
  }
  // Variables are those tensors that SetTensorParametersReadWrite() made.
  TfLiteStatus SetVariables(const std::vector<int>&) {
    return own_ == nullptr ? kTfLiteError : kTfLiteOk;
  }
  // A constant; or, of a model's interpreter, an input or output that is at `buffer` from now on,
  // and has the type and shape that it had. `quantization` is taken.
  TfLiteStatus SetTensorParametersReadOnly(int tensor_index, TfLiteType type, const char* name,
                                           const std::vector<int>& dims,
                                           TfLiteQuantization quantization, const char* buffer,
                                           size_t bytes, const Allocation* = nullptr) {
    TfLiteTensor t = {};
    t.type = type;
    t.quantization = quantization;
    t.allocation_type = kTfLiteMmapRo;
    t.data.raw = const_cast<char*>(buffer);
    t.bytes = bytes;
    const TfLiteStatus status = set_tensor(tensor_index, t, name, dims);
    TfLiteQuantizationFree(&quantization);
    return status;
  }
  TfLiteStatus SetTensorParametersReadOnly(int tensor_index, TfLiteType type, const char* name,
                                           const std::vector<int>& dims,
                                           TfLiteQuantizationParams quantization,
                                           const char* buffer, size_t bytes,
                                           const Allocation* allocation = nullptr) {
    return SetTensorParametersReadOnly(tensor_index, type, name, dims, affine(type, quantization),
                                       buffer, bytes, allocation);
  }
  TfLiteStatus SetTensorParametersReadOnly(int tensor_index, TfLiteType type, const char* name,
                                           size_t rank, const int* dims,
                                           TfLiteQuantizationParams quantization,
                                           const char* buffer, size_t bytes,
                                           const Allocation* allocation = nullptr) {
    return SetTensorParametersReadOnly(tensor_index, type, name,
                                       std::vector<int>(dims, dims + rank), quantization, buffer,
                                       bytes, allocation);
  }
  // Of a model's interpreter: an input of the type that it had, which takes this shape.
  TfLiteStatus SetTensorParametersReadWrite(int tensor_index, TfLiteType type, const char* name,
                                            const std::vector<int>& dims,
                                            TfLiteQuantization quantization,
                                            bool is_variable = false) {
    TfLiteTensor t = {};
    t.type = type;
    t.quantization = quantization;
    t.is_variable = is_variable;
    const TfLiteStatus status = set_tensor(tensor_index, t, name, dims);
    TfLiteQuantizationFree(&quantization);
    return status;
  }
  TfLiteStatus SetTensorParametersReadWrite(int tensor_index, TfLiteType type, const char* name,
                                            const std::vector<int>& dims,
                                            TfLiteQuantizationParams quantization,
                                            bool is_variable = false,
                                            const std::vector<int>* = nullptr) {
    return SetTensorParametersReadWrite(tensor_index, type, name, dims, affine(type, quantization),
                                        is_variable);
  }
  TfLiteStatus SetTensorParametersReadWrite(int tensor_index, TfLiteType type, const char* name,
                                            size_t rank, const int* dims,
                                            TfLiteQuantizationParams quantization,
                                            bool is_variable = false, size_t = 0,
                                            const int* = nullptr) {
    return SetTensorParametersReadWrite(
        tensor_index, type, name, std::vector<int>(dims, dims + rank), quantization, is_variable);
  }
  // `builtin_data` comes from malloc, and is taken.
  TfLiteStatus AddNodeWithParameters(const std::vector<int>& inputs,
                                     const std::vector<int>& outputs, const char* init_data,
                                     size_t init_data_size, void* builtin_data,
                                     const TfLiteRegistration* registration,
                                     int* node_index = nullptr) {
    const std::unique_ptr<void, void (*)(void*)> options(builtin_data, std::free);
    if (own_ == nullptr || net_ != nullptr) return kTfLiteError;
    const TfLiteStatus status =
        own_->add_node(inputs, outputs, init_data, init_data_size, builtin_data, registration);
    if (status != kTfLiteOk) return status;
    if (node_index != nullptr) *node_index = static_cast<int>(added_.size());
    added_.push_back(static_cast<int>(added_.size()));
    return kTfLiteOk;
  }

  TfLiteInterpreter* handle() { return net_; }
  ErrorReporter* error_reporter() const { return reporter_; }

 protected:
  explicit InterpreterGraph(ErrorReporter* reporter)
      : reporter_(reporter == nullptr ? DefaultErrorReporter() : reporter),
        own_(new OwnGraph(reporter_)) {}
  InterpreterGraph(TfLiteInterpreter* net, ErrorReporter* reporter) : reporter_(reporter) {
    adopt(net);
  }
  ~InterpreterGraph() = default;  // whoever inherits deletes `net_`

  // Whether there is something to run: the program's graph becomes that when it is first needed.
  bool made() {
    if (net_ == nullptr && own_ != nullptr) {
      TfLiteInterpreter* net = own_->finish(inputs_, outputs_, threads_);
      if (net != nullptr) adopt(net);
    }
    return net_ != nullptr;
  }
  TfLiteStatus resize(int tensor_index, const std::vector<int>& dims, bool strict) {
    if (!made()) return kTfLiteError;
    return TfLitePipitInterpreterResizeTensor(net_, tensor_index, dims.data(),
                                              static_cast<int>(dims.size()), strict);
  }

  TfLiteInterpreter* net_ = nullptr;
  ErrorReporter* reporter_;
  InterpreterEvents events_;
  std::unique_ptr<OwnGraph> own_;
  int threads_ = -1;
  std::vector<int> inputs_, outputs_;
  std::vector<int> added_;  // numbers of the program's nodes

 private:
  void adopt(TfLiteInterpreter* net) {
    net_ = net;
    const int* in = TfLiteInterpreterInputTensorIndices(net);
    inputs_.assign(in, in + TfLiteInterpreterGetInputTensorCount(net));
    const int* out = TfLiteInterpreterOutputTensorIndices(net);
    outputs_.assign(out, out + TfLiteInterpreterGetOutputTensorCount(net));
    events_.watch(net);
  }
  TfLiteStatus set_ends(std::vector<int>* ends, std::vector<int> indices) {
    if (own_ == nullptr || net_ != nullptr) return kTfLiteError;
    *ends = std::move(indices);
    return kTfLiteOk;
  }
  TfLiteStatus set_tensor(int index, const TfLiteTensor& t, const char* name,
                          const std::vector<int>& dims) {
    if (own_ != nullptr && net_ == nullptr) return own_->set(index, t, name, dims);
    const int count = static_cast<int>(dims.size());
    if (t.allocation_type == kTfLiteMmapRo) {
      return TfLitePipitInterpreterSetData(net_, index, t.type, dims.data(), count, t.data.data,
                                           t.bytes);
    }
    const TfLiteTensor* there = TfLiteInterpreterGetTensor(net_, index);
    if (there == nullptr || there->type != t.type) return kTfLiteError;
    return resize(index, dims, false);
  }
  // Programs leave the parameters of types without a scale as they happen to be.
  static TfLiteQuantization affine(TfLiteType type, TfLiteQuantizationParams params) {
    const bool scaled = type == kTfLiteInt8 || type == kTfLiteUInt8 || type == kTfLiteInt16;
    if (!scaled || params.scale == 0) return {kTfLiteNoQuantization, nullptr};
    auto* q = static_cast<TfLiteAffineQuantization*>(std::malloc(sizeof(TfLiteAffineQuantization)));
    if (q == nullptr) return {kTfLiteNoQuantization, nullptr};
    *q = {TfLiteFloatArrayCreate(1), TfLiteIntArrayCreate(1), 0};
    q->scale->data[0] = params.scale;
    q->zero_point->data[0] = params.zero_point;
    return {kTfLiteAffineQuantization, q};
  }
};

}  // namespace detail
}  // namespace tflite
