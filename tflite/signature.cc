// SPDX-License-Identifier: Apache-2.0
// Entry points by name.
#include <map>

#include "tensorflow/lite/core/c/c_api_pipit.h"
#include "tflite/interpreter.h"

using pipit::Model;
using pipit::NamedTensor;
using pipit::compat::guarded;

namespace pipit::compat {

// Tensors (their indices) by name, in order of the names.
class Names {
 public:
  void add(const char* name, int tensor) { tensors_[name] = tensor; }
  // When all are there.
  void list() {
    for (const auto& entry : tensors_) list_.push_back(entry.first.c_str());
  }
  size_t size() const { return tensors_.size(); }
  const char* name(int32_t i) const {
    return i < 0 || static_cast<size_t>(i) >= size() ? nullptr : list_[static_cast<size_t>(i)];
  }
  // -1 when there is none of that name.
  int tensor(const char* name) const {
    const auto found = name == nullptr ? tensors_.end() : tensors_.find(name);
    return found == tensors_.end() ? -1 : found->second;
  }

 private:
  std::map<std::string, int> tensors_;
  std::vector<const char*> list_;
};

}  // namespace pipit::compat

using pipit::compat::Names;

struct TfLiteSignatureRunner {
  TfLiteInterpreter* net = nullptr;
  int signature = -1;  // -1: the first subgraph, of a model without signatures
  int subgraph = 0;
  Names inputs, outputs;
  std::map<int, int> positions;  // of the inputs, by tensor

  TfLiteTensor* tensor(const Names& all, const char* name) const {
    const int index = all.tensor(name);
    if (index >= 0) return net->subgraph(subgraph).tensor(index);
    net->report().line("the signature has no tensor '%s'", name == nullptr ? "" : name);
    return nullptr;
  }

  // The position of an input, or -1.
  int position(const char* name) const {
    const auto found = positions.find(inputs.tensor(name));
    return found == positions.end() ? -1 : found->second;
  }

  // When all names are there.
  void list() {
    inputs.list();
    outputs.list();
    const pipit::Span<const int32_t> all = net->model().inputs(subgraph);
    for (size_t i = 0; i < all.size(); ++i) positions.emplace(all[i], static_cast<int>(i));
  }
};

namespace {

void read_signature(const Model& model, int i, TfLiteSignatureRunner* runner) {
  runner->signature = i;
  runner->subgraph = model.signature_subgraph(i);
  for (int k = 0; k < model.signature_inputs(i); ++k) {
    const NamedTensor t = model.signature_input(i, k);
    runner->inputs.add(t.name, t.tensor);
  }
  for (int k = 0; k < model.signature_outputs(i); ++k) {
    const NamedTensor t = model.signature_output(i, k);
    runner->outputs.add(t.name, t.tensor);
  }
}

void name_tensors(const Model& model, TfLiteSignatureRunner* runner) {
  for (const int32_t t : model.inputs()) runner->inputs.add(model.tensor(t).name, t);
  for (const int32_t t : model.outputs()) runner->outputs.add(model.tensor(t).name, t);
}

TfLiteSignatureRunner* make_runner(TfLiteInterpreter& net, const char* key) {
  const Model& model = net.model();
  auto runner = std::make_unique<TfLiteSignatureRunner>();
  runner->net = &net;
  if (key == nullptr && model.signatures() == 0) {
    name_tensors(model, runner.get());
    runner->list();
    return runner.release();
  }
  const int i = key == nullptr ? 0 : model.find_signature(key);
  if (i < 0) {
    net.report().line("the model has no signature '%s'", key);
    return nullptr;
  }
  read_signature(model, i, runner.get());
  runner->list();
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
  return signature_runner->inputs.name(input_index);
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
  return signature_runner->outputs.name(output_index);
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
