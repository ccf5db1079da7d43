// SPDX-License-Identifier: Apache-2.0
// Inputs, outputs and other tensors of an interpreter.
#pragma once

#include <vector>

#include "tensorflow/lite/interpreter_graph.h"
#include "tensorflow/lite/type_to_tflitetype.h"

namespace tflite {
namespace detail {

class InterpreterTensors : public InterpreterGraph {
 public:
  const std::vector<int>& inputs() const { return inputs_; }
  const std::vector<int>& outputs() const { return outputs_; }
  size_t tensors_size() const {
    return static_cast<size_t>(TfLitePipitInterpreterGetTensorCount(net_));
  }
  TfLiteTensor* tensor(int tensor_index) {
    return made() ? TfLiteInterpreterGetTensor(net_, tensor_index) : nullptr;
  }
  const TfLiteTensor* tensor(int tensor_index) const {
    return TfLiteInterpreterGetTensor(net_, tensor_index);
  }
  TfLiteTensor* input_tensor(size_t index) { return tensor(inputs_[index]); }
  const TfLiteTensor* input_tensor(size_t index) const { return tensor(inputs_[index]); }
  TfLiteTensor* output_tensor(size_t index) { return tensor(outputs_[index]); }
  const TfLiteTensor* output_tensor(size_t index) const { return tensor(outputs_[index]); }
  const char* GetInputName(int index) const {
    return input_tensor(static_cast<size_t>(index))->name;
  }
  const char* GetOutputName(int index) const {
    return output_tensor(static_cast<size_t>(index))->name;
  }

  // nullptr when the elements are of another type.
  template <class T>
  T* typed_tensor(int tensor_index) {
    TfLiteTensor* t = tensor(tensor_index);
    return t != nullptr && t->type == typeToTfLiteType<T>() ? static_cast<T*>(t->data.data)
                                                            : nullptr;
  }
  template <class T>
  const T* typed_tensor(int tensor_index) const {
    return const_cast<InterpreterTensors*>(this)->typed_tensor<T>(tensor_index);
  }
  template <class T>
  T* typed_input_tensor(int index) {
    return typed_tensor<T>(inputs_[static_cast<size_t>(index)]);
  }
  template <class T>
  const T* typed_input_tensor(int index) const {
    return typed_tensor<T>(inputs_[static_cast<size_t>(index)]);
  }
  template <class T>
  T* typed_output_tensor(int index) {
    return typed_tensor<T>(outputs_[static_cast<size_t>(index)]);
  }
  template <class T>
  const T* typed_output_tensor(int index) const {
    return typed_tensor<T>(outputs_[static_cast<size_t>(index)]);
  }

  TfLiteStatus ResizeInputTensor(int tensor_index, const std::vector<int>& dims) {
    return resize(tensor_index, dims, false);
  }
  TfLiteStatus ResizeInputTensorStrict(int tensor_index, const std::vector<int>& dims) {
    return resize(tensor_index, dims, true);
  }
  TfLiteStatus ResetVariableTensors() { return TfLiteInterpreterResetVariableTensors(net_); }
  TfLiteStatus SetCustomAllocationForTensor(int tensor_index,
                                            const TfLiteCustomAllocation& allocation,
                                            int64_t flags = kTfLiteCustomAllocationFlagsNone) {
    return TfLiteInterpreterSetCustomAllocationForTensor(net_, tensor_index, &allocation, flags);
  }
  // They always are.
  TfLiteStatus EnsureTensorDataIsReadable(int tensor_index) {
    return tensor(tensor_index) == nullptr ? kTfLiteError : kTfLiteOk;
  }

 protected:
  using InterpreterGraph::InterpreterGraph;
};

}  // namespace detail
}  // namespace tflite
