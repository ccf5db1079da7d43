// SPDX-License-Identifier: Apache-2.0
// Makes interpreters of a model.
#pragma once

#include <memory>

#include "tensorflow/lite/interpreter.h"
#include "tensorflow/lite/interpreter_options.h"
#include "tensorflow/lite/mutable_op_resolver.h"

namespace tflite {

// The resolver has to be there as long as the builder.
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
    TfLiteInterpreterOptionsSetOpResolver(options_.get(), find_builtin, find_custom,
                                          const_cast<OpResolver*>(&op_resolver));
    if (options != nullptr && options->GetPreserveAllTensors()) PreserveAllTensorsExperimental();
  }
  // What the library has itself it looks for where the resolver has nothing.
  static const TfLiteRegistration* of_program(const TfLiteRegistration* found) {
    return found == nullptr || detail::is_of_library(*found) ? nullptr : found;
  }
  static const TfLiteRegistration* find_builtin(void* resolver, TfLiteBuiltinOperator op,
                                                int version) {
    return of_program(
        static_cast<OpResolver*>(resolver)->FindOp(static_cast<BuiltinOperator>(op), version));
  }
  static const TfLiteRegistration* find_custom(void* resolver, const char* op, int version) {
    return of_program(static_cast<OpResolver*>(resolver)->FindOp(op, version));
  }

  const TfLiteModel* model_;
  ErrorReporter* reporter_;
  std::unique_ptr<TfLiteInterpreterOptions, void (*)(TfLiteInterpreterOptions*)> options_;
};

}  // namespace tflite
