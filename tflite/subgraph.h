// SPDX-License-Identifier: Apache-2.0
// A subgraph as TensorFlow Lite's structs show it: made piece by piece when somebody asks.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "pipit/interpreter.h"
#include "pipit/op.h"
#include "pipit/tensor.h"
#include "tensorflow/lite/core/c/c_api_opaque.h"
#include "tflite/handles.h"

namespace pipit::compat {

// Options of a builtin operator, as the struct that they have in builtin_op_data.h.
struct OptionData {
  alignas(8) uint8_t bytes[64] = {};
};
// False when there are none for this operator.
bool read_options(const Model& model, int node, int subgraph, OptionData* data);

// The same the other way round, by calls of functions that write them: the numbers of a table of
// options, or its only member, a list. False when the operator has none.
struct OptionWriter {
  virtual void number(int id, int bytes, int32_t value, int32_t otherwise) = 0;
  virtual void list(const int* values, int count) = 0;

 protected:
  ~OptionWriter() = default;
};
bool write_options(int32_t op, const void* data, OptionWriter* writer);

// A node and whose it is.
struct NodeView {
  TfLiteNode node = {};
  TfLiteRegistration registration = {};
  OptionData options;
  Kernel kernel;             // the application's
  bool own = false;          // whether there is one
  bool initialized = false;  // whether its `init` has been called

  NodeView() = default;
  NodeView(const NodeView&) = delete;
  ~NodeView();
};

class Subgraph {
 public:
  Subgraph(TfLiteInterpreter& owner, const Model& model, int index);
  Subgraph(const Subgraph&) = delete;
  ~Subgraph();

  TfLiteInterpreter& owner() const { return owner_; }
  int index() const { return index_; }
  TfLiteContext& context() { return context_; }
  static Subgraph& of(const TfLiteContext* context) {
    return *static_cast<Subgraph*>(context->impl_);
  }

  // A tensor of the model, or one that an operator has added; nullptr when out of range.
  TfLiteTensor* tensor(int i);
  // The same, if somebody has asked for it before.
  TfLiteTensor* shown(int i) { return is_shown(i) ? &tensors_[i] : nullptr; }
  int tensors() const { return static_cast<int>(context_.tensors_size); }
  int model_tensors() const { return model_tensors_; }
  bool contains(const TfLiteTensor* t) const;
  // Fails when too many are added.
  bool add_tensors(int count, int* first);
  void show_all();

  // What the plan says of a tensor. Strings that an application has put into an input stay there.
  void update(const Tensor& t, bool with_bytes = true);
  // The same of a step's output: an operator may make it dynamic.
  void update_output(const Tensor& t, bool with_bytes);
  // Of all tensors that are shown: after planning, and those whose bytes an invocation has found.
  void update_all(const Interpreter& net);
  void update_outcome(const Interpreter& net);
  // The bytes that a tensor has by the plan (the application may have put in others).
  void* given(int i) const { return given_[static_cast<size_t>(i)]; }
  // Says that the tensor's bytes belong to somebody else, and are not to be freed.
  void give(int i, void* data);
  void set_dims(TfLiteTensor* t, const Shape& shape);
  // Before a dynamic tensor gets bytes from malloc, and when others are to get others.
  void disown(TfLiteTensor* t);
  void forget_bytes(TfLiteTensor* t);
  // Bytes that an added tensor keeps; zeros at first, and when its size has changed.
  void keep_bytes(int i);
  // Zeroed bytes for as long as the interpreter.
  void* keep(size_t bytes);

  // Indices of the model's variables.
  Span<const int32_t> variables();

  // Nodes of the model.
  NodeView& node(int i);
  // Calls its `init` once.
  TfLiteStatus initialize(NodeView& view);
  void release_nodes();

 private:
  bool is_shown(int i) const {
    return i >= 0 && i < tensors() && shown_[static_cast<size_t>(i)] != 0;
  }
  void show(int i);
  bool holds_strings(const Tensor& t) const;
  void show_quantization(const Tensor& t, TfLiteTensor* to);

  TfLiteInterpreter& owner_;
  const Model& model_;
  int index_;
  int model_tensors_;
  size_t capacity_;
  TfLiteContext context_ = {};
  TfLiteTensor* tensors_ = nullptr;  // never moves
  std::vector<uint8_t> shown_;
  std::vector<void*> given_;
  std::vector<uint8_t> is_input_;
  std::vector<std::unique_ptr<NodeView>> nodes_;
  using Bytes = std::vector<ModelFile::Block>;
  std::map<int, Bytes> kept_of_;
  std::vector<Bytes> kept_;
  std::vector<int32_t> variables_;
};

// How many strings a tensor has, -1 when it has none; finds one of them.
int read_string(const TfLiteTensor& t, int index, const char** str, int* len);

TfLiteType type_of(Type type);
// The shape of a tensor; false when it is none that this library can have.
bool shape_of(const TfLiteIntArray* dims, Shape* shape);
bool type_from(TfLiteType type, Type* to);

// Fills the context's functions; those that look at the graph refuse.
void set_context_functions(TfLiteContext* context);
void forbid_graph_functions(TfLiteContext* context);

}  // namespace pipit::compat

// What an operator that does not know TfLiteTensor wants of one that it adds.
struct TfLiteOpaqueTensorBuilder {
  TfLiteType type = kTfLiteNoType;
  void* data = nullptr;
  TfLiteAllocationType allocation_type = kTfLiteMemNone;
  TfLiteQuantizationParams params = {};
  TfLiteQuantization quantization = {};
};
