// SPDX-License-Identifier: Apache-2.0
// Signatures of an interpreter's model, and their tensors by name.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/lite/interpreter_nodes.h"
#include "tensorflow/lite/signature_runner.h"

namespace tflite {
namespace detail {

class InterpreterSignatures : public InterpreterNodes {
 public:
  std::vector<const std::string*> signature_keys() const {
    std::vector<const std::string*> keys;
    for (int i = 0; i < TfLiteInterpreterGetSignatureCount(net_); ++i) {
      keys.push_back(&*keys_.insert(TfLiteInterpreterGetSignatureKey(net_, i)).first);
    }
    return keys;
  }
  std::vector<const std::string*> signature_def_names() const { return signature_keys(); }
  // -1 when there is none of that name.
  int GetSubgraphIndexFromSignature(const char* signature_key) const {
    return TfLitePipitInterpreterGetSignatureSubgraph(net_, signature_key);
  }
  // Indices of tensors in the signature's subgraph by the signature's names.
  std::map<std::string, uint32_t> signature_inputs(const char* signature_key) const {
    return indices(signature_key, &SignatureRunner::input_names, &SignatureRunner::input_tensor);
  }
  std::map<std::string, uint32_t> signature_outputs(const char* signature_key) const {
    return indices(signature_key, &SignatureRunner::output_names, &SignatureRunner::output_tensor);
  }
  // nullptr when there is none; nullptr for the key: the first, or the whole of a model without.
  SignatureRunner* GetSignatureRunner(const char* signature_key) {
    const std::string key = signature_key == nullptr ? "" : signature_key;
    const auto found = runners_.find({signature_key == nullptr, key});
    if (found != runners_.end()) return found->second.get();
    TfLiteSignatureRunner* made = TfLiteInterpreterGetSignatureRunner(net_, signature_key);
    if (made == nullptr) return nullptr;
    auto& slot = runners_[{signature_key == nullptr, key}];
    slot.reset(new SignatureRunner(key, made));
    return slot.get();
  }
  TfLiteTensor* input_tensor_by_signature(const char* input_name, const char* signature_key) {
    SignatureRunner* runner = GetSignatureRunner(signature_key);
    return runner == nullptr ? nullptr : runner->input_tensor(input_name);
  }
  const TfLiteTensor* output_tensor_by_signature(const char* output_name,
                                                 const char* signature_key) const {
    SignatureRunner* runner =
        const_cast<InterpreterSignatures*>(this)->GetSignatureRunner(signature_key);
    return runner == nullptr ? nullptr : runner->output_tensor(output_name);
  }

 protected:
  using InterpreterNodes::InterpreterNodes;
  // Before the interpreter goes.
  void forget_runners() { runners_.clear(); }

 private:
  // Of the tensors that a runner tells by these two of its functions.
  template <class Names, class TensorOf>
  std::map<std::string, uint32_t> indices(const char* signature_key, Names names,
                                          TensorOf tensor_of) const {
    std::map<std::string, uint32_t> found;
    SignatureRunner* runner =
        const_cast<InterpreterSignatures*>(this)->GetSignatureRunner(signature_key);
    if (runner == nullptr) return found;
    const int index = GetSubgraphIndexFromSignature(signature_key);
    const Subgraph& graph = attached(index < 0 ? 0 : index);
    for (const char* name : (runner->*names)()) {
      const TfLiteTensor* t = (runner->*tensor_of)(name);
      for (int i = 0; t != nullptr && i < static_cast<int>(graph.tensors_size()); ++i) {
        if (graph.tensor(i) == t) found[name] = static_cast<uint32_t>(i);
      }
    }
    return found;
  }

  mutable std::set<std::string> keys_;
  std::map<std::pair<bool, std::string>, std::unique_ptr<SignatureRunner>> runners_;
};

}  // namespace detail
}  // namespace tflite
