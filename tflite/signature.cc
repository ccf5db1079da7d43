// SPDX-License-Identifier: Apache-2.0
// Entry points by name.
#include <map>

#include "tensorflow/lite/core/c/c_api_pipit.h"
#include "tflite/interpreter.h"

using pipit::Model;
using pipit::NamedTensor;
using pipit::Span;
using pipit::compat::guarded;

// Names are in order, as std::map has them.
struct TfLiteSignatureRunner {
  TfLiteInterpreter* net = nullptr;
  int signature = -1;  // -1: the first subgraph, of a model without signatures
  int subgraph = 0;
  std::map<std::string, int> inputs;  // tensors' indices
  std::map<std::string, int> outputs;

  const char* name(const std::map<std::string, int>& all, int32_t i) const {
    if (i < 0 || static_cast<size_t>(i) >= all.size()) return nullptr;
    return std::next(all.begin(), i)->first.c_str();
  }

  TfLiteTensor* tensor(const std::map<std::string, int>& all, const char* name) const {
    const auto found = name == nullptr ? all.end() : all.find(name);
    if (found == all.end()) {
      net->report().line("the signature has no tensor '%s'", name == nullptr ? "" : name);
      return nullptr;
    }
    return net->subgraph(subgraph).tensor(found->second);
  }

  // The position of an input, or -1.
  int position(const char* name) const {
    const auto found = name == nullptr ? inputs.end() : inputs.find(name);
    const Span<const int32_t> list = net->model().inputs(subgraph);
    for (size_t i = 0; found != inputs.end() && i < list.size(); ++i) {
      if (list[i] == found->second) return static_cast<int>(i);
    }
    return -1;
  }
};

namespace {

void read_signature(const Model& model, int i, TfLiteSignatureRunner* runner) {
  runner->signature = i;
  runner->subgraph = model.signature_subgraph(i);
  for (int k = 0; k < model.signature_inputs(i); ++k) {
    const NamedTensor t = model.signature_input(i, k);
    runner->inputs[t.name] = t.tensor;
  }
  for (int k = 0; k < model.signature_outputs(i); ++k) {
    const NamedTensor t = model.signature_output(i, k);
    runner->outputs[t.name] = t.tensor;
  }
}

void name_tensors(const Model& model, TfLiteSignatureRunner* runner) {
  for (const int32_t t : model.inputs()) runner->inputs[model.tensor(t).name] = t;
  for (const int32_t t : model.outputs()) runner->outputs[model.tensor(t).name] = t;
}

TfLiteSignatureRunner* make_runner(TfLiteInterpreter& net, const char* key) {
  const Model& model = net.model();
  auto runner = std::make_unique<TfLiteSignatureRunner>();
  runner->net = &net;
  if (key == nullptr && model.signatures() == 0) {
    name_tensors(model, runner.get());
    return runner.release();
  }
  const int i = key == nullptr ? 0 : model.find_signature(key);
  if (i < 0) {
    net.report().line("the model has no signature '%s'", key);
    return nullptr;
  }
  read_signature(model, i, runner.get());
  return runner.release();
}

template <class R, class F>
R attempt(const TfLiteSignatureRunner* runner, R failure, const F& f) {
  return runner == nullptr ? failure : guarded(runner->net->report(), failure, f);
}

}  // namespace

extern "C" {

int32_t TfLiteInterpreterGetSignatureCount(const TfLiteInterpreter* interpreter) {
  return interpreter == nullptr ? 0 : interpreter->model().signatures();
}

const char* TfLiteInterpreterGetSignatureKey(const TfLiteInterpreter* interpreter,
                                             int32_t signature_index) {
  if (signature_index < 0 || signature_index >= TfLiteInterpreterGetSignatureCount(interpreter)) {
    return nullptr;
  }
  return interpreter->model().signature_key(signature_index);
}

TfLiteSignatureRunner* TfLiteInterpreterGetSignatureRunner(const TfLiteInterpreter* interpreter,
                                                           const char* signature_key) {
  if (interpreter == nullptr) return nullptr;
  return guarded<TfLiteSignatureRunner*>(interpreter->report(), nullptr, [&] {
    return make_runner(const_cast<TfLiteInterpreter&>(*interpreter), signature_key);
  });
}

size_t TfLiteSignatureRunnerGetInputCount(const TfLiteSignatureRunner* signature_runner) {
  return signature_runner == nullptr ? 0 : signature_runner->inputs.size();
}

const char* TfLiteSignatureRunnerGetInputName(const TfLiteSignatureRunner* signature_runner,
                                              int32_t input_index) {
  if (signature_runner == nullptr) return nullptr;
  return signature_runner->name(signature_runner->inputs, input_index);
}

TfLiteStatus TfLiteSignatureRunnerResizeInputTensor(TfLiteSignatureRunner* signature_runner,
                                                    const char* input_name, const int* input_dims,
                                                    int32_t input_dims_size) {
  return attempt(signature_runner, kTfLiteError, [&] {
    const int i = signature_runner->position(input_name);
    return signature_runner->net->resize(signature_runner->subgraph, i, input_dims, input_dims_size,
                                         true);
  });
}

TfLiteStatus TfLitePipitSignatureRunnerResizeInputTensor(TfLiteSignatureRunner* signature_runner,
                                                         const char* input_name, const int* dims,
                                                         int count) {
  return attempt(signature_runner, kTfLiteError, [&] {
    const int i = signature_runner->position(input_name);
    return signature_runner->net->resize(signature_runner->subgraph, i, dims, count, false);
  });
}

TfLiteStatus TfLiteSignatureRunnerAllocateTensors(TfLiteSignatureRunner* signature_runner) {
  return attempt(signature_runner, kTfLiteError, [&] { return signature_runner->net->allocate(); });
}

TfLiteTensor* TfLiteSignatureRunnerGetInputTensor(TfLiteSignatureRunner* signature_runner,
                                                  const char* input_name) {
  return attempt<TfLiteTensor*>(signature_runner, nullptr, [&] {
    return signature_runner->tensor(signature_runner->inputs, input_name);
  });
}

TfLiteStatus TfLiteSignatureRunnerInvoke(TfLiteSignatureRunner* signature_runner) {
  return attempt(signature_runner, kTfLiteError, [&] {
    return signature_runner->net->invoke(signature_runner->subgraph, signature_runner->signature);
  });
}

size_t TfLiteSignatureRunnerGetOutputCount(const TfLiteSignatureRunner* signature_runner) {
  return signature_runner == nullptr ? 0 : signature_runner->outputs.size();
}

const char* TfLiteSignatureRunnerGetOutputName(const TfLiteSignatureRunner* signature_runner,
                                               int32_t output_index) {
  if (signature_runner == nullptr) return nullptr;
  return signature_runner->name(signature_runner->outputs, output_index);
}

const TfLiteTensor* TfLiteSignatureRunnerGetOutputTensor(
    const TfLiteSignatureRunner* signature_runner, const char* output_name) {
  return attempt<const TfLiteTensor*>(signature_runner, nullptr, [&] {
    return signature_runner->tensor(signature_runner->outputs, output_name);
  });
}

TfLiteStatus TfLiteSignatureRunnerCancel(TfLiteSignatureRunner* signature_runner) {
  return signature_runner == nullptr ? kTfLiteError : signature_runner->net->cancel();
}

void TfLiteSignatureRunnerDelete(TfLiteSignatureRunner* signature_runner) {
  delete signature_runner;
}

}  // extern "C"
