// SPDX-License-Identifier: Apache-2.0
// The interpreter of TensorFlow Lite's C++ programs, over the C interface: nothing but this header
// and libtensorflowlite_c.so is needed. Source compatible, for what programs call; there is no
// binary compatibility, and what is not here was never meant for programs.
#pragma once

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/lite/builtin_op_data.h"
#include "tensorflow/lite/core/c/c_api_pipit.h"
#include "tensorflow/lite/model_builder.h"
#include "tensorflow/lite/mutable_op_resolver.h"
#include "tensorflow/lite/own_graph.h"
#include "tensorflow/lite/signature_runner.h"
#include "tensorflow/lite/stderr_reporter.h"

namespace tflite {

// The element type of a C++ type; kTfLiteNoType when it is none.
template <class T>
constexpr TfLiteType typeToTfLiteType() {
  return kTfLiteNoType;
}
#define PIPIT_TYPE(type, value)                   \
  template <>                                     \
  constexpr TfLiteType typeToTfLiteType<type>() { \
    return value;                                 \
  }
PIPIT_TYPE(float, kTfLiteFloat32)
PIPIT_TYPE(double, kTfLiteFloat64)
PIPIT_TYPE(bool, kTfLiteBool)
PIPIT_TYPE(int8_t, kTfLiteInt8)
PIPIT_TYPE(uint8_t, kTfLiteUInt8)
PIPIT_TYPE(int16_t, kTfLiteInt16)
PIPIT_TYPE(uint16_t, kTfLiteUInt16)
PIPIT_TYPE(int32_t, kTfLiteInt32)
PIPIT_TYPE(uint32_t, kTfLiteUInt32)
PIPIT_TYPE(int64_t, kTfLiteInt64)
PIPIT_TYPE(uint64_t, kTfLiteUInt64)
PIPIT_TYPE(TfLiteFloat16, kTfLiteFloat16)
#undef PIPIT_TYPE

// Of the main subgraph, what programs reach for beside the interpreter.
class Subgraph {
 public:
  TfLiteContext* context() { return TfLitePipitInterpreterGetContext(net_); }

 private:
  friend class Interpreter;
  TfLiteInterpreter* net_ = nullptr;
};

class Interpreter {
 public:
  using TfLiteDelegatePtr = std::unique_ptr<TfLiteDelegate, void (*)(TfLiteDelegate*)>;

  // Without a model: the program adds tensors and nodes until it allocates tensors.
  explicit Interpreter(ErrorReporter* error_reporter = DefaultErrorReporter())
      : reporter_(error_reporter == nullptr ? DefaultErrorReporter() : error_reporter),
        own_(new detail::OwnGraph(reporter_)) {}
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  ~Interpreter() {
    runners_.clear();
    TfLiteInterpreterDelete(net_);
  }

  // ---- a graph of the program

  TfLiteStatus AddTensors(int tensors_to_add, int* first_new_tensor_index = nullptr) {
    if (own_ == nullptr || net_ != nullptr) return kTfLiteError;
    return own_->add_tensors(tensors_to_add, first_new_tensor_index);
  }
  TfLiteStatus SetInputs(std::vector<int> inputs) { return set_ends(&inputs_, std::move(inputs)); }
  TfLiteStatus SetOutputs(std::vector<int> outputs) {
    return set_ends(&outputs_, std::move(outputs));
  }
  // Variables are those tensors that SetTensorParametersReadWrite() made.
  TfLiteStatus SetVariables(const std::vector<int>&) {
    return own_ == nullptr ? kTfLiteError : kTfLiteOk;
  }
  // A constant; or, of a model's interpreter, an input or output that is at `buffer` from now on,
  // and has the type and shape that it had. `quantization` is taken.
  TfLiteStatus SetTensorParametersReadOnly(int tensor_index, TfLiteType type, const char* name,
                                           const std::vector<int>& dims,
                                           TfLiteQuantization quantization, const char* buffer,
                                           size_t bytes, const Allocation* = nullptr) {
    TfLiteTensor t = {};
    t.type = type;
    t.quantization = quantization;
    t.allocation_type = kTfLiteMmapRo;
    t.data.raw = const_cast<char*>(buffer);
    t.bytes = bytes;
    const TfLiteStatus status = set_tensor(tensor_index, t, name, dims);
    TfLiteQuantizationFree(&quantization);
    return status;
  }
  TfLiteStatus SetTensorParametersReadOnly(int tensor_index, TfLiteType type, const char* name,
                                           const std::vector<int>& dims,
                                           TfLiteQuantizationParams quantization,
                                           const char* buffer, size_t bytes,
                                           const Allocation* allocation = nullptr) {
    return SetTensorParametersReadOnly(tensor_index, type, name, dims, affine(type, quantization),
                                       buffer, bytes, allocation);
  }
  // Of a model's interpreter: an input of the type that it had, which takes this shape.
  TfLiteStatus SetTensorParametersReadWrite(int tensor_index, TfLiteType type, const char* name,
                                            const std::vector<int>& dims,
                                            TfLiteQuantization quantization,
                                            bool is_variable = false) {
    TfLiteTensor t = {};
    t.type = type;
    t.quantization = quantization;
    t.is_variable = is_variable;
    const TfLiteStatus status = set_tensor(tensor_index, t, name, dims);
    TfLiteQuantizationFree(&quantization);
    return status;
  }
  TfLiteStatus SetTensorParametersReadWrite(int tensor_index, TfLiteType type, const char* name,
                                            const std::vector<int>& dims,
                                            TfLiteQuantizationParams quantization,
                                            bool is_variable = false,
                                            const std::vector<int>* = nullptr) {
    return SetTensorParametersReadWrite(tensor_index, type, name, dims, affine(type, quantization),
                                        is_variable);
  }
  // `builtin_data` comes from malloc, and is taken.
  TfLiteStatus AddNodeWithParameters(const std::vector<int>& inputs,
                                     const std::vector<int>& outputs, const char* init_data,
                                     size_t init_data_size, void* builtin_data,
                                     const TfLiteRegistration* registration,
                                     int* node_index = nullptr) {
    const std::unique_ptr<void, void (*)(void*)> options(builtin_data, std::free);
    if (own_ == nullptr || net_ != nullptr) return kTfLiteError;
    const TfLiteStatus status =
        own_->add_node(inputs, outputs, init_data, init_data_size, builtin_data, registration);
    if (status != kTfLiteOk) return status;
    if (node_index != nullptr) *node_index = static_cast<int>(plan_.size());
    plan_.push_back(static_cast<int>(plan_.size()));
    return kTfLiteOk;
  }

  // ---- inputs, outputs and other tensors

  const std::vector<int>& inputs() const { return inputs_; }
  const std::vector<int>& outputs() const { return outputs_; }
  size_t tensors_size() const {
    return static_cast<size_t>(TfLitePipitInterpreterGetTensorCount(net_));
  }
  TfLiteTensor* tensor(int tensor_index) {
    return made() ? TfLiteInterpreterGetTensor(net_, tensor_index) : nullptr;
  }
  const TfLiteTensor* tensor(int tensor_index) const {
    return TfLiteInterpreterGetTensor(net_, tensor_index);
  }
  TfLiteTensor* input_tensor(size_t index) { return tensor(inputs_[index]); }
  const TfLiteTensor* input_tensor(size_t index) const { return tensor(inputs_[index]); }
  TfLiteTensor* output_tensor(size_t index) { return tensor(outputs_[index]); }
  const TfLiteTensor* output_tensor(size_t index) const { return tensor(outputs_[index]); }
  const char* GetInputName(int index) const {
    return input_tensor(static_cast<size_t>(index))->name;
  }
  const char* GetOutputName(int index) const {
    return output_tensor(static_cast<size_t>(index))->name;
  }

  // nullptr when the elements are of another type.
  template <class T>
  T* typed_tensor(int tensor_index) {
    TfLiteTensor* t = tensor(tensor_index);
    return t != nullptr && t->type == typeToTfLiteType<T>() ? static_cast<T*>(t->data.data)
                                                            : nullptr;
  }
  template <class T>
  const T* typed_tensor(int tensor_index) const {
    return const_cast<Interpreter*>(this)->typed_tensor<T>(tensor_index);
  }
  template <class T>
  T* typed_input_tensor(int index) {
    return typed_tensor<T>(inputs_[static_cast<size_t>(index)]);
  }
  template <class T>
  const T* typed_input_tensor(int index) const {
    return typed_tensor<T>(inputs_[static_cast<size_t>(index)]);
  }
  template <class T>
  T* typed_output_tensor(int index) {
    return typed_tensor<T>(outputs_[static_cast<size_t>(index)]);
  }
  template <class T>
  const T* typed_output_tensor(int index) const {
    return typed_tensor<T>(outputs_[static_cast<size_t>(index)]);
  }

  // ---- nodes

  size_t nodes_size() const {
    return static_cast<size_t>(TfLitePipitInterpreterGetNodeCount(net_));
  }
  size_t subgraphs_size() const {
    return static_cast<size_t>(TfLitePipitInterpreterGetSubgraphCount(net_));
  }
  // All nodes of the model, whoever computes them.
  const std::vector<int>& execution_plan() const { return plan_; }
  // nullptr when there is no such node.
  const std::pair<TfLiteNode, TfLiteRegistration>* node_and_registration(int node_index) const {
    TfLiteNode* node = nullptr;
    TfLiteRegistration* op = nullptr;
    if (TfLitePipitInterpreterGetNode(net_, node_index, &node, &op) != kTfLiteOk) return nullptr;
    return &(nodes_[node_index] = {*node, *op});
  }

  // ---- running

  TfLiteStatus ResizeInputTensor(int tensor_index, const std::vector<int>& dims) {
    return resize(tensor_index, dims, false);
  }
  TfLiteStatus ResizeInputTensorStrict(int tensor_index, const std::vector<int>& dims) {
    return resize(tensor_index, dims, true);
  }
  TfLiteStatus AllocateTensors() {
    return made() ? TfLiteInterpreterAllocateTensors(net_) : kTfLiteError;
  }
  TfLiteStatus Invoke() { return TfLiteInterpreterInvoke(net_); }
  TfLiteStatus ResetVariableTensors() { return TfLiteInterpreterResetVariableTensors(net_); }
  TfLiteStatus SetNumThreads(int num_threads) {
    threads_ = num_threads;
    if (own_ != nullptr && net_ == nullptr) return num_threads < -1 ? kTfLiteError : kTfLiteOk;
    return TfLitePipitInterpreterSetNumThreads(net_, num_threads);
  }
  TfLiteStatus EnableCancellation() { return TfLitePipitInterpreterEnableCancellation(net_, true); }
  TfLiteStatus Cancel() { return TfLiteInterpreterCancel(net_); }
  TfLiteStatus SetCustomAllocationForTensor(int tensor_index,
                                            const TfLiteCustomAllocation& allocation,
                                            int64_t flags = kTfLiteCustomAllocationFlagsNone) {
    return TfLiteInterpreterSetCustomAllocationForTensor(net_, tensor_index, &allocation, flags);
  }

  // ---- signatures

  std::vector<const std::string*> signature_keys() const {
    std::vector<const std::string*> keys;
    for (const std::string& key : keys_) keys.push_back(&key);
    return keys;
  }
  std::vector<const std::string*> signature_def_names() const { return signature_keys(); }
  // Indices of tensors by the signature's names, for signatures of the main subgraph; else empty.
  std::map<std::string, uint32_t> signature_inputs(const char* signature_key) const {
    SignatureRunner* runner = const_cast<Interpreter*>(this)->GetSignatureRunner(signature_key);
    std::map<std::string, uint32_t> found;
    if (runner == nullptr) return found;
    for (const char* name : runner->input_names())
      add_index(name, runner->input_tensor(name), &found);
    return found;
  }
  std::map<std::string, uint32_t> signature_outputs(const char* signature_key) const {
    SignatureRunner* runner = const_cast<Interpreter*>(this)->GetSignatureRunner(signature_key);
    std::map<std::string, uint32_t> found;
    if (runner == nullptr) return found;
    for (const char* name : runner->output_names()) {
      add_index(name, runner->output_tensor(name), &found);
    }
    return found;
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
    SignatureRunner* runner = const_cast<Interpreter*>(this)->GetSignatureRunner(signature_key);
    return runner == nullptr ? nullptr : runner->output_tensor(output_name);
  }

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
  TfLiteStatus EnsureTensorDataIsReadable(int tensor_index) {
    return tensor(tensor_index) == nullptr ? kTfLiteError : kTfLiteOk;
  }

  TfLiteInterpreter* handle() { return net_; }
  ErrorReporter* error_reporter() const { return reporter_; }
  Subgraph& primary_subgraph() {
    main_.net_ = made() ? net_ : nullptr;
    return main_;
  }

 private:
  friend class InterpreterBuilder;
  Interpreter(TfLiteInterpreter* net, ErrorReporter* reporter) : reporter_(reporter) { adopt(net); }
  void adopt(TfLiteInterpreter* net) {
    net_ = net;
    plan_.clear();
    const int* in = TfLiteInterpreterInputTensorIndices(net);
    inputs_.assign(in, in + TfLiteInterpreterGetInputTensorCount(net));
    const int* out = TfLiteInterpreterOutputTensorIndices(net);
    outputs_.assign(out, out + TfLiteInterpreterGetOutputTensorCount(net));
    for (int i = 0; i < TfLitePipitInterpreterGetNodeCount(net); ++i) plan_.push_back(i);
    for (int i = 0; i < TfLiteInterpreterGetSignatureCount(net); ++i) {
      keys_.emplace_back(TfLiteInterpreterGetSignatureKey(net, i));
    }
  }
  // Whether there is something to run: the program's graph becomes that when it is first needed.
  bool made() {
    if (net_ == nullptr && own_ != nullptr) {
      TfLiteInterpreter* net = own_->finish(inputs_, outputs_, threads_);
      if (net != nullptr) adopt(net);
    }
    return net_ != nullptr;
  }
  void add_index(const char* name, const TfLiteTensor* t,
                 std::map<std::string, uint32_t>* found) const {
    for (int i = 0; t != nullptr && i < static_cast<int>(tensors_size()); ++i) {
      if (tensor(i) == t) (*found)[name] = static_cast<uint32_t>(i);
    }
  }
  TfLiteStatus set_ends(std::vector<int>* ends, std::vector<int> indices) {
    if (own_ == nullptr || net_ != nullptr) return kTfLiteError;
    *ends = std::move(indices);
    return kTfLiteOk;
  }
  TfLiteStatus set_tensor(int index, const TfLiteTensor& t, const char* name,
                          const std::vector<int>& dims) {
    if (own_ != nullptr && net_ == nullptr) return own_->set(index, t, name, dims);
    const int count = static_cast<int>(dims.size());
    if (t.allocation_type == kTfLiteMmapRo) {
      return TfLitePipitInterpreterSetData(net_, index, t.type, dims.data(), count, t.data.data,
                                           t.bytes);
    }
    const TfLiteTensor* there = tensor(index);
    if (there == nullptr || there->type != t.type) return kTfLiteError;
    return resize(index, dims, false);
  }
  // Programs leave the parameters of types without a scale as they happen to be.
  static TfLiteQuantization affine(TfLiteType type, TfLiteQuantizationParams params) {
    const bool scaled = type == kTfLiteInt8 || type == kTfLiteUInt8 || type == kTfLiteInt16;
    if (!scaled || params.scale == 0) return {kTfLiteNoQuantization, nullptr};
    auto* q = static_cast<TfLiteAffineQuantization*>(std::malloc(sizeof(TfLiteAffineQuantization)));
    if (q == nullptr) return {kTfLiteNoQuantization, nullptr};
    *q = {TfLiteFloatArrayCreate(1), TfLiteIntArrayCreate(1), 0};
    q->scale->data[0] = params.scale;
    q->zero_point->data[0] = params.zero_point;
    return {kTfLiteAffineQuantization, q};
  }
  TfLiteStatus resize(int tensor_index, const std::vector<int>& dims, bool strict) {
    if (!made()) return kTfLiteError;
    return TfLitePipitInterpreterResizeTensor(net_, tensor_index, dims.data(),
                                              static_cast<int>(dims.size()), strict);
  }

  // They outlive the interpreter.
  std::vector<std::unique_ptr<TfLiteDelegate, std::function<void(TfLiteDelegate*)>>> kept_;
  TfLiteInterpreter* net_ = nullptr;
  ErrorReporter* reporter_;
  Subgraph main_;
  std::unique_ptr<detail::OwnGraph> own_;
  int threads_ = -1;
  std::vector<int> inputs_, outputs_, plan_;
  std::vector<std::string> keys_;
  std::map<std::pair<bool, std::string>, std::unique_ptr<SignatureRunner>> runners_;
  mutable std::map<int, std::pair<TfLiteNode, TfLiteRegistration>> nodes_;
  bool allows_fp16_ = false;
};

}  // namespace tflite

#include "tensorflow/lite/interpreter_builder.h"  // IWYU pragma: export
