// SPDX-License-Identifier: Apache-2.0
// Subgraphs and nodes of an interpreter.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "tensorflow/lite/core/subgraph.h"
#include "tensorflow/lite/interpreter_tensors.h"

namespace tflite {
namespace detail {

class InterpreterNodes : public InterpreterTensors {
 public:
  size_t subgraphs_size() const {
    return static_cast<size_t>(TfLitePipitInterpreterGetSubgraphCount(net_));
  }
  // nullptr when there is none.
  Subgraph* subgraph(int subgraph_index) {
    return made() ? const_cast<Subgraph*>(find(subgraph_index)) : nullptr;
  }
  const Subgraph* subgraph(int subgraph_index) const { return find(subgraph_index); }
  Subgraph& primary_subgraph() {
    (void)made();
    return attached(0);
  }
  const Subgraph& primary_subgraph() const { return attached(0); }
  size_t nodes_size() const {
    return net_ == nullptr ? added_.size() : primary_subgraph().nodes_size();
  }
  const std::vector<int>& variables() const { return primary_subgraph().variables(); }
  // What runs, in order: nodes of the model, and behind their numbers what delegates compute.
  const std::vector<int>& execution_plan() const {
    return net_ == nullptr ? added_ : primary_subgraph().execution_plan();
  }
  // nullptr when there is no such node.
  const std::pair<TfLiteNode, TfLiteRegistration>* node_and_registration(int node_index) const {
    return primary_subgraph().node_and_registration(node_index);
  }
  const std::pair<TfLiteNode, TfLiteRegistration>* node_and_registration(int subgraph_index,
                                                                         int node_index) const {
    const Subgraph* graph = find(subgraph_index);
    return graph == nullptr ? nullptr : graph->node_and_registration(node_index);
  }
  const char* OpProfilingString(const TfLiteRegistration& op, const TfLiteNode* node) const {
    return op.profiling_string == nullptr ? nullptr
                                          : op.profiling_string(primary_subgraph().context(), node);
  }

 protected:
  using InterpreterTensors::InterpreterTensors;

  Subgraph& attached(int index) const {
    Subgraph& graph = subgraphs_[index];
    graph.attach(net_, index);
    return graph;
  }
  const Subgraph* find(int index) const {
    const bool there = index >= 0 && static_cast<size_t>(index) < subgraphs_size();
    return there ? &attached(index) : nullptr;
  }

 private:
  mutable std::map<int, Subgraph> subgraphs_;
};

}  // namespace detail
}  // namespace tflite
