// SPDX-License-Identifier: Apache-2.0
// Runs an entry point by the names of its tensors.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tensorflow/lite/core/c/c_api_pipit.h"

namespace tflite {

namespace detail {
class InterpreterSignatures;
}

class SignatureRunner {
 public:
  const std::string& signature_key() const { return key_; }
  size_t input_size() const { return inputs_.size(); }
  size_t output_size() const { return outputs_.size(); }
  // Sorted.
  const std::vector<const char*>& input_names() const { return inputs_; }
  const std::vector<const char*>& output_names() const { return outputs_; }

  TfLiteTensor* input_tensor(const char* input_name) {
    return TfLiteSignatureRunnerGetInputTensor(runner_.get(), input_name);
  }
  const TfLiteTensor* output_tensor(const char* output_name) const {
    return TfLiteSignatureRunnerGetOutputTensor(runner_.get(), output_name);
  }
  TfLiteStatus ResizeInputTensorStrict(const char* input_name, const std::vector<int>& new_size) {
    return TfLiteSignatureRunnerResizeInputTensor(runner_.get(), input_name, new_size.data(),
                                                  static_cast<int32_t>(new_size.size()));
  }
  // Any dimension.
  TfLiteStatus ResizeInputTensor(const char* input_name, const std::vector<int>& new_size) {
    return TfLitePipitSignatureRunnerResizeInputTensor(runner_.get(), input_name, new_size.data(),
                                                       static_cast<int32_t>(new_size.size()));
  }
  TfLiteStatus AllocateTensors() { return TfLiteSignatureRunnerAllocateTensors(runner_.get()); }
  TfLiteStatus Invoke() { return TfLiteSignatureRunnerInvoke(runner_.get()); }
  TfLiteStatus Cancel() { return TfLiteSignatureRunnerCancel(runner_.get()); }

 private:
  friend class detail::InterpreterSignatures;
  SignatureRunner(std::string key, TfLiteSignatureRunner* runner)
      : key_(std::move(key)), runner_(runner, TfLiteSignatureRunnerDelete) {
    for (size_t i = 0; i < TfLiteSignatureRunnerGetInputCount(runner); ++i) {
      inputs_.push_back(TfLiteSignatureRunnerGetInputName(runner, static_cast<int32_t>(i)));
    }
    for (size_t i = 0; i < TfLiteSignatureRunnerGetOutputCount(runner); ++i) {
      outputs_.push_back(TfLiteSignatureRunnerGetOutputName(runner, static_cast<int32_t>(i)));
    }
  }

  std::string key_;
  std::unique_ptr<TfLiteSignatureRunner, void (*)(TfLiteSignatureRunner*)> runner_;
  std::vector<const char*> inputs_, outputs_;
};

}  // namespace tflite
