// SPDX-License-Identifier: Apache-2.0
// What a program tells an interpreter that it makes without a model: tensors, nodes, and what runs
// those that the program computes itself.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/lite/core/c/c_api_pipit.h"
#include "tensorflow/lite/model_builder.h"
#include "tensorflow/lite/mutable_op_resolver.h"

namespace tflite {
namespace detail {

// A TfLiteIntArray of its own.
class IntArray {
 public:
  explicit IntArray(const std::vector<int>& values)
      : array_(TfLiteIntArrayCreate(static_cast<int>(values.size())), TfLiteIntArrayFree) {
    if (!values.empty()) std::memcpy(array_->data, values.data(), values.size() * sizeof(int));
  }
  TfLiteIntArray* get() const { return array_.get(); }

 private:
  std::unique_ptr<TfLiteIntArray, void (*)(TfLiteIntArray*)> array_;
};

class OwnGraph {
 public:
  explicit OwnGraph(ErrorReporter* reporter)
      : reporter_(reporter),
        graph_(TfLitePipitGraphCreate(report, reporter_), TfLitePipitGraphDelete) {}

  TfLiteStatus add_tensors(int count, int* first) {
    const int index = TfLitePipitGraphAddTensors(graph_.get(), count);
    if (index >= 0 && first != nullptr) *first = index;
    return index >= 0 ? kTfLiteOk : kTfLiteError;
  }
  // `t` says everything but name and shape.
  TfLiteStatus set(int index, TfLiteTensor t, const char* name, const std::vector<int>& dims) {
    const IntArray shape(dims);
    t.name = name;
    t.dims = shape.get();
    return TfLitePipitGraphSetTensor(graph_.get(), index, &t);
  }
  TfLiteStatus add_node(const std::vector<int>& inputs, const std::vector<int>& outputs,
                        const char* init_data, size_t init_size, const void* builtin_data,
                        const TfLiteRegistration* op) {
    const IntArray in(inputs), out(outputs);
    TfLiteNode node = {};
    node.inputs = in.get();
    node.outputs = out.get();
    node.builtin_data = const_cast<void*>(builtin_data);
    node.custom_initial_data = init_data;
    node.custom_initial_data_size = static_cast<int>(init_size);
    if (op != nullptr && op->invoke != nullptr) own_.push_back(*op);
    return TfLitePipitGraphAddNode(graph_.get(), &node, op);
  }
  // nullptr when it is no model that runs.
  TfLiteInterpreter* finish(const std::vector<int>& inputs, const std::vector<int>& outputs,
                            int threads) {
    TfLitePipitGraphSetEnds(graph_.get(), inputs.data(), static_cast<int>(inputs.size()),
                            outputs.data(), static_cast<int>(outputs.size()));
    TfLiteModel* model = TfLitePipitGraphFinish(graph_.get());
    if (model == nullptr) return nullptr;
    TfLiteInterpreterOptions* options = TfLiteInterpreterOptionsCreate();
    TfLiteInterpreterOptionsSetErrorReporter(options, report, reporter_);
    TfLiteInterpreterOptionsSetNumThreads(options, threads);
    for (const TfLiteRegistration& op : own_) {
      if (op.builtin_code == kTfLiteBuiltinCustom) {
        TfLiteInterpreterOptionsAddCustomOp(options, op.custom_name, &op, 1, op.version);
      } else {
        TfLiteInterpreterOptionsAddBuiltinOp(
            options, static_cast<TfLiteBuiltinOperator>(op.builtin_code), &op, 1, op.version);
      }
    }
    TfLiteInterpreter* net = TfLiteInterpreterCreate(model, options);
    TfLiteInterpreterOptionsDelete(options);
    TfLiteModelDelete(model);
    return net;
  }

 private:
  ErrorReporter* reporter_;
  std::unique_ptr<TfLitePipitGraph, void (*)(TfLitePipitGraph*)> graph_;
  std::vector<TfLiteRegistration> own_;
};

}  // namespace detail
}  // namespace tflite
