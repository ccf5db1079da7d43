// SPDX-License-Identifier: Apache-2.0
// The interpreter of TensorFlow Lite's C++ programs, over the C interface: nothing but these
// headers and libtensorflowlite_c.so is needed. Source compatible, for what programs call; there is
// no binary compatibility, and what is not here was never meant for programs.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tensorflow/lite/builtin_op_data.h"
#include "tensorflow/lite/interpreter_signatures.h"

namespace tflite {

// interpreter_graph.h has the functions for graphs of the program, interpreter_tensors.h those for
// tensors, interpreter_nodes.h for subgraphs and nodes, interpreter_signatures.h for signatures.
class Interpreter : public detail::InterpreterSignatures {
 public:
  using TfLiteDelegatePtr = std::unique_ptr<TfLiteDelegate, void (*)(TfLiteDelegate*)>;

  // Without a model: the program adds tensors and nodes until it allocates tensors.
  explicit Interpreter(ErrorReporter* error_reporter = DefaultErrorReporter())
      : InterpreterSignatures(error_reporter) {}
  ~Interpreter() {
    forget_runners();
    TfLiteInterpreterDelete(net_);
  }

  // ---- running

  TfLiteStatus AllocateTensors() {
    return made() ? TfLiteInterpreterAllocateTensors(net_) : kTfLiteError;
  }
  TfLiteStatus Invoke() { return TfLiteInterpreterInvoke(net_); }
  TfLiteStatus SetNumThreads(int num_threads) {
    threads_ = num_threads;
    if (own_ != nullptr && net_ == nullptr) return num_threads < -1 ? kTfLiteError : kTfLiteOk;
    return TfLitePipitInterpreterSetNumThreads(net_, num_threads);
  }
  TfLiteStatus EnableCancellation() { return TfLitePipitInterpreterEnableCancellation(net_, true); }
  TfLiteStatus Cancel() { return TfLiteInterpreterCancel(net_); }
  // Is asked before each step; an invocation ends when it says true.
  void SetCancellationFunction(void* data, bool (*check_cancelled_func)(void*)) {
    events_.set_cancelling(data, check_cancelled_func);
  }

  // ---- profiling

  // In place of all that there are; nullptr: none. Operators that run in bands are one event, with
  // the number of the first one's node.
  void SetProfiler(Profiler* profiler) {
    events_.remove_all();
    events_.add(profiler);
  }
  // The interpreter keeps it.
  void SetProfiler(std::unique_ptr<Profiler> profiler) {
    events_.remove_all();
    events_.add(std::move(profiler));
  }
  void AddProfiler(Profiler* profiler) { events_.add(profiler); }
  // All of them as one, nullptr when there is none.
  Profiler* GetProfiler() { return events_.profiler(); }

  // ---- delegates

  TfLiteStatus ModifyGraphWithDelegate(TfLiteDelegate* delegate) {
    return TfLiteInterpreterModifyGraphWithDelegate(net_, delegate);
  }
  // The interpreter keeps it.
  template <class Delegate, class Deleter>
  TfLiteStatus ModifyGraphWithDelegate(std::unique_ptr<Delegate, Deleter> delegate) {
    Deleter deleter = delegate.get_deleter();
    TfLiteDelegate* raw = delegate.release();
    kept_.emplace_back(
        raw, [deleter](TfLiteDelegate* d) mutable { deleter(static_cast<Delegate*>(d)); });
    return ModifyGraphWithDelegate(raw);
  }
  TfLiteStatus SetBufferHandle(int tensor_index, TfLiteBufferHandle handle,
                               TfLiteDelegate* delegate) {
    return TfLiteInterpreterSetBufferHandle(net_, tensor(tensor_index), handle, delegate);
  }
  TfLiteStatus GetBufferHandle(int tensor_index, TfLiteBufferHandle* handle,
                               TfLiteDelegate** delegate) {
    return TfLiteInterpreterGetBufferHandle(net_, tensor_index, handle, delegate);
  }
  void SetAllowBufferHandleOutput(bool allow) { TfLiteSetAllowBufferHandleOutput(net_, allow); }
  void SetExternalContext(TfLiteExternalContextType type, TfLiteExternalContext* context) {
    TfLitePipitInterpreterSetExternalContext(net_, type, context);
  }

  // ---- accepted, and without effect: there is one way to compute

  void SetAllowFp16PrecisionForFp32(bool allow) { allows_fp16_ = allow; }
  bool GetAllowFp16PrecisionForFp32() const { return allows_fp16_; }
  void UseNNAPI(bool) {}

 private:
  friend class InterpreterBuilder;
  Interpreter(TfLiteInterpreter* net, ErrorReporter* reporter)
      : InterpreterSignatures(net, reporter) {}

  std::vector<std::unique_ptr<TfLiteDelegate, std::function<void(TfLiteDelegate*)>>> kept_;
  bool allows_fp16_ = false;
};

}  // namespace tflite

#include "tensorflow/lite/interpreter_builder.h"  // IWYU pragma: export
