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
      : InterpreterBuilder(model.handle(), op_resolver, model.error_reporter(), options) {}
  // `model` has to be the GetModel() of a FlatBufferModel that is there.
  InterpreterBuilder(const Model* model, const OpResolver& op_resolver,
                     ErrorReporter* error_reporter = DefaultErrorReporter(),
                     const InterpreterOptions* options = nullptr, const Allocation* = nullptr)
      : InterpreterBuilder(detail::Roots::find(model), op_resolver, error_reporter, options) {}
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
    if (model_ == nullptr) {
      reporter_->Report(
          "InterpreterBuilder: this model is no FlatBufferModel's; build one of its bytes");
      interpreter->reset();
      return kTfLiteError;
    }
    TfLiteInterpreter* made = TfLiteInterpreterCreate(model_, options_.get());
    interpreter->reset(made == nullptr ? nullptr : new Interpreter(made, reporter_));
    return made == nullptr ? kTfLiteError : kTfLiteOk;
  }
  TfLiteStatus operator()(std::unique_ptr<Interpreter>* interpreter, int num_threads) {
    const TfLiteStatus status = SetNumThreads(num_threads);
    return status == kTfLiteOk ? (*this)(interpreter) : status;
  }

 private:
  InterpreterBuilder(const TfLiteModel* model, const OpResolver& op_resolver,
                     ErrorReporter* reporter, const InterpreterOptions* options)
      : model_(model),
        reporter_(reporter == nullptr ? DefaultErrorReporter() : reporter),
        options_(TfLiteInterpreterOptionsCreate(), TfLiteInterpreterOptionsDelete) {
    TfLiteInterpreterOptionsSetErrorReporter(options_.get(), detail::report, reporter_);
    for (const OpResolver::Own& own : op_resolver.own()) add(own);
    if (options != nullptr && options->GetPreserveAllTensors()) PreserveAllTensorsExperimental();
  }
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

  const TfLiteModel* model_;
  ErrorReporter* reporter_;
  std::unique_ptr<TfLiteInterpreterOptions, void (*)(TfLiteInterpreterOptions*)> options_;
};

}  // namespace tflite
