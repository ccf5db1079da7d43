// SPDX-License-Identifier: Apache-2.0
// Makes interpreters of a model.
#pragma once

#include <memory>

#include "tensorflow/lite/interpreter.h"

namespace tflite {

class InterpreterOptions {
 public:
  void SetPreserveAllTensors(bool value = true) { preserve_ = value; }
  bool GetPreserveAllTensors() const { return preserve_; }
  void SetDynamicAllocationForLargeTensors(int) {}
  void OptimizeMemoryForLargeTensors(int) {}
  void SetEnsureDynamicTensorsAreReleased(bool = true) {}
  void SetDisableDelegateClustering(bool = true) {}
  void SetCacheConstantCastOp(bool) {}

 private:
  bool preserve_ = false;
};

class InterpreterBuilder {
 public:
  InterpreterBuilder(const FlatBufferModel& model, const OpResolver& op_resolver,
                     const InterpreterOptions* options = nullptr)
      : model_(model), options_(TfLiteInterpreterOptionsCreate(), TfLiteInterpreterOptionsDelete) {
    TfLiteInterpreterOptionsSetErrorReporter(options_.get(), detail::report,
                                             model.error_reporter());
    for (const OpResolver::Own& own : op_resolver.own()) add(own);
    if (options != nullptr && options->GetPreserveAllTensors()) PreserveAllTensorsExperimental();
  }
  InterpreterBuilder(const InterpreterBuilder&) = delete;
  InterpreterBuilder& operator=(const InterpreterBuilder&) = delete;

  TfLiteStatus SetNumThreads(int num_threads) {
    TfLiteInterpreterOptionsSetNumThreads(options_.get(), num_threads);
    return num_threads < -1 ? kTfLiteError : kTfLiteOk;
  }
  void AddDelegate(TfLiteDelegate* delegate) {
    TfLiteInterpreterOptionsAddDelegate(options_.get(), delegate);
  }
  InterpreterBuilder& PreserveAllTensorsExperimental() {
    TfLitePipitOptionsSetPreserveAllTensors(options_.get(), true);
    return *this;
  }

  TfLiteStatus operator()(std::unique_ptr<Interpreter>* interpreter) {
    if (interpreter == nullptr) return kTfLiteError;
    TfLiteInterpreter* made = TfLiteInterpreterCreate(model_.handle(), options_.get());
    interpreter->reset(made == nullptr ? nullptr : new Interpreter(made));
    return made == nullptr ? kTfLiteError : kTfLiteOk;
  }
  TfLiteStatus operator()(std::unique_ptr<Interpreter>* interpreter, int num_threads) {
    const TfLiteStatus status = SetNumThreads(num_threads);
    return status == kTfLiteOk ? (*this)(interpreter) : status;
  }

 private:
  void add(const OpResolver::Own& own) {
    if (own.code == kTfLiteBuiltinCustom) {
      TfLiteInterpreterOptionsAddCustomOp(options_.get(), own.name.c_str(), &own.registration,
                                          own.min_version, own.max_version);
    } else {
      TfLiteInterpreterOptionsAddBuiltinOp(options_.get(),
                                           static_cast<TfLiteBuiltinOperator>(own.code),
                                           &own.registration, own.min_version, own.max_version);
    }
  }

  const FlatBufferModel& model_;
  std::unique_ptr<TfLiteInterpreterOptions, void (*)(TfLiteInterpreterOptions*)> options_;
};

}  // namespace tflite
