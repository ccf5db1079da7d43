// SPDX-License-Identifier: Apache-2.0
// An interpreter by way of the functions of pipit/pipit.h: what Pipit's Python packages need to run
// models with delegates written for TensorFlow Lite.
#include "capi/handles.h"
#include "tensorflow/lite/core/c/c_api_pipit.h"
#include "tflite/interpreter.h"

using pipit::compat::guarded;
using pipit::compat::Reporter;

pipit_interpreter* TfLiteInterpreter::handle() {
  if (!ready_) return nullptr;
  if (handle_ == nullptr) {
    handle_ = {new pipit_interpreter, [](pipit_interpreter* made) { delete made; }};
  }
  handle_->net = plan_.net();
  return handle_.get();
}

extern "C" {

void TfLitePipitOptionsSetPlanning(TfLiteInterpreterOptions* options, uint64_t random_seed,
                                   int64_t max_calls, bool main_may_fail) {
  if (options == nullptr) return;
  options->settings.random_seed = random_seed;
  options->settings.max_calls = max_calls;
  options->settings.main_may_fail = main_may_fail;
}

void TfLitePipitOptionsSetLineReporter(TfLiteInterpreterOptions* options,
                                       void (*report)(void* user, const char* line), void* user) {
  if (options != nullptr) options->settings.reporter = Reporter(report, user);
}

TfLiteStatus TfLitePipitInterpreterResizeInput(TfLiteInterpreter* interpreter, int subgraph,
                                               int input, const int* dims, int count) {
  if (interpreter == nullptr) return kTfLiteError;
  return guarded(interpreter->report(), kTfLiteError, [&] {
    if (subgraph < 0 || subgraph >= interpreter->model().subgraphs()) {
      return interpreter->fail(kTfLiteError, "there is no subgraph %d", subgraph);
    }
    return interpreter->resize(subgraph, input, dims, count, false);
  });
}

pipit_interpreter* TfLitePipitInterpreterGetHandle(TfLiteInterpreter* interpreter) {
  if (interpreter == nullptr) return nullptr;
  return guarded<pipit_interpreter*>(interpreter->report(), nullptr,
                                     [&] { return interpreter->handle(); });
}

}  // extern "C"
