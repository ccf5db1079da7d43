// SPDX-License-Identifier: Apache-2.0
// A subgraph of an interpreter's model: its tensors, its nodes, and the context that operators get.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/lite/core/c/c_api_opaque.h"
#include "tensorflow/lite/core/c/c_api_pipit.h"

namespace tflite {
namespace detail {
class InterpreterNodes;
}

class Subgraph {
 public:
  Subgraph() = default;
  Subgraph(const Subgraph&) = delete;
  Subgraph& operator=(const Subgraph&) = delete;

  int GetSubgraphIndex() const { return index_; }
  const std::string& GetName() const {
    const char* name = context_ == nullptr ? nullptr : TfLiteOpaqueContextGetName(opaque());
    return name_ = name == nullptr ? "" : name;
  }
  TfLiteContext* context() { return context_; }
  const TfLiteContext* context() const { return context_; }

  const std::vector<int>& inputs() const { return list(TfLiteOpaqueContextGetInputs, &inputs_); }
  const std::vector<int>& outputs() const { return list(TfLiteOpaqueContextGetOutputs, &outputs_); }
  const std::vector<int>& variables() const {
    return list(TfLiteOpaqueContextGetVariables, &variables_);
  }

  // Those that operators have added are behind the model's.
  size_t tensors_size() const { return context_ == nullptr ? 0 : context_->tensors_size; }
  TfLiteTensor* tensor(int tensor_index) {
    return context_ == nullptr ? nullptr : context_->GetTensor(context_, tensor_index);
  }
  const TfLiteTensor* tensor(int tensor_index) const {
    return const_cast<Subgraph*>(this)->tensor(tensor_index);
  }

  // What delegates compute is behind the model's nodes.
  size_t nodes_size() const {
    return context_ == nullptr ? 0 : TfLiteOpaqueContextGetNumNodes(opaque());
  }
  // What runs, in order.
  const std::vector<int>& execution_plan() const {
    // All nodes, as long as no delegate has any: programs ask in each round of a loop.
    if (!plan_.empty() && plan_.size() == nodes_size()) return plan_;
    TfLiteIntArray* plan = nullptr;
    if (TfLitePipitInterpreterGetExecutionPlan(net_, index_, &plan) == kTfLiteOk) {
      plan_.assign(plan->data, plan->data + plan->size);
    }
    return plan_;
  }
  // nullptr when there is no such node.
  const std::pair<TfLiteNode, TfLiteRegistration>* node_and_registration(int node_index) const {
    TfLiteNode* node = nullptr;
    TfLiteRegistration* op = nullptr;
    const TfLiteStatus status = TfLitePipitInterpreterGetNode(net_, index_, node_index, &node, &op);
    return status == kTfLiteOk ? &(nodes_[node_index] = {*node, *op}) : nullptr;
  }

 private:
  friend class detail::InterpreterNodes;
  void attach(TfLiteInterpreter* net, int index) {
    if (net_ == net) return;
    net_ = net;
    index_ = index;
    context_ = TfLitePipitInterpreterGetContext(net, index);
  }
  TfLiteOpaqueContext* opaque() const { return reinterpret_cast<TfLiteOpaqueContext*>(context_); }
  const std::vector<int>& list(TfLiteStatus (*get)(const TfLiteOpaqueContext*, const int**, int*),
                               std::vector<int>* to) const {
    const int* data = nullptr;
    int size = 0;
    if (context_ != nullptr && get(opaque(), &data, &size) == kTfLiteOk) {
      to->assign(data, data + size);
    }
    return *to;
  }

  TfLiteInterpreter* net_ = nullptr;
  TfLiteContext* context_ = nullptr;
  int index_ = 0;
  mutable std::string name_;
  mutable std::vector<int> inputs_, outputs_, variables_, plan_;
  mutable std::map<int, std::pair<TfLiteNode, TfLiteRegistration>> nodes_;
};

}  // namespace tflite
