// SPDX-License-Identifier: Apache-2.0
// Delegates written for TensorFlow Lite: what they are shown, what they claim, and what runs it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pipit/delegate.h"
#include "tflite/subgraph.h"

namespace pipit::compat {

// Nodes that a delegate computes in one step, and the kernel that does.
struct Part {
  int subgraph = 0;
  std::vector<int32_t> nodes;
  TfLiteDelegateParams params = {};
  TfLiteOpaqueDelegateParams opaque_params = {};  // the same for opaque kernels
  NodeView view;

  ~Part();
};

class Delegation;

// Nodes that a delegate has asked for in one call.
struct Claim : Delegate {
  TfLiteDelegate* theirs = nullptr;
  Delegation* all = nullptr;
  Kernel kernel;
  int subgraph = 0;
  std::string label;
  std::vector<uint8_t> wanted;  // for each node
  std::vector<uint8_t> taken;   // for each node: whether a part computes it
  std::vector<std::unique_ptr<Part>> parts;
  std::map<std::vector<int32_t>, Part*> part_of_nodes;
};

class Delegation {
 public:
  explicit Delegation(TfLiteInterpreter& net) : net_(net) {}
  Delegation(const Delegation&) = delete;
  ~Delegation() { undo(); }

  // Shows a delegate the planned subgraphs; it claims what it wants.
  TfLiteStatus apply(TfLiteDelegate* delegate);
  // Forgets all claims, and ends their kernels.
  void undo();
  // Whether claims hold for the shapes alone for which they were made.
  bool fixed_shapes() const;
  bool any() const { return !claims_.empty(); }
  const std::vector<TfLiteDelegate*>& applied() const { return applied_; }
  void forget_applied() { applied_.clear(); }
  // As core wants them.
  Span<const Delegate* const> claims() const { return table_; }
  // Whether a delegate computes the node.
  bool computes(int subgraph, int node) const;

  // What a delegate may ask while it looks.
  TfLiteStatus execution_plan(int subgraph, TfLiteIntArray** plan);
  TfLiteStatus node_at(int subgraph, int index, TfLiteNode** node, TfLiteRegistration** op);
  TfLiteStatus preview(int subgraph, const TfLiteIntArray* nodes, TfLiteDelegateParams** parts,
                       int* count);
  TfLiteStatus replace(int subgraph, const Kernel& kernel, const TfLiteIntArray* nodes,
                       TfLiteDelegate* delegate);
  // The same by an operator, which an opaque delegate leaves to the interpreter.
  TfLiteStatus replace_opaque(Subgraph& graph, TfLiteOperator* op, const TfLiteIntArray* nodes,
                              TfLiteDelegate* delegate);
  // A node's registration as an operator; as long as the interpreter.
  TfLiteOperator* operator_of(const TfLiteRegistration& registration);
  // The number in the execution plan of what computes a node: its own, or a delegate's part whose
  // first it is.
  int number_of(int subgraph, int node) const;
  // Numbers of nodes, those of delegates among them.
  size_t count(int subgraph) const;
  // Delegates are not shown this subgraph any more.
  void skip(int subgraph) { skipped_.insert(subgraph); }

  // What core calls while it plans.
  Status prepare(Claim& claim, Partition& p);
  // Whether a kernel has failed since the last call.
  bool failed() { return std::exchange(failed_, false); }
  void note_failure() { failed_ = true; }
  TfLiteInterpreter& net() const { return net_; }
  // The shape that a kernel has given an output of an operator that is nobody else's; false when
  // none has.
  bool learned_shape(const Tensor& t, Shape* shape) const;
  // Whether there are more of them since the last call: another plan is worth trying.
  bool learned() { return std::exchange(learned_, false); }

 private:
  TfLiteStatus look(Subgraph& graph, TfLiteDelegate* delegate);
  std::unique_ptr<Claim> make_claim(int subgraph, const Kernel& kernel, const TfLiteIntArray* nodes,
                                    TfLiteDelegate* delegate);
  TfLiteStatus find_parts(Claim& claim);
  Part* part_of(Claim& claim, const Partition& p);
  NodeView* view_of(int subgraph, int index) const;
  std::unique_ptr<Part> make_part(Claim& claim, const Partition& p) const;
  TfLiteStatus initialize(Claim& claim, Part& part);
  Status plan_part(Claim& claim, Part& part, Partition& p);
  Status check_shapes(Subgraph& graph, const Partition& p);
  void free_kernels(Claim& claim);

  TfLiteInterpreter& net_;
  std::vector<TfLiteDelegate*> applied_;
  std::vector<std::unique_ptr<Claim>> claims_;
  std::vector<const Delegate*> table_;
  std::unique_ptr<Claim> previewed_;
  std::vector<TfLiteDelegateParams> preview_;
  std::unique_ptr<TfLiteIntArray, void (*)(TfLiteIntArray*)> plan_{nullptr, TfLiteIntArrayFree};
  bool trial_ = false;  // partitions are looked for, and nothing will run
  bool failed_ = false;
  bool learned_ = false;
  bool looking_ = false;
  std::set<int> skipped_;
  std::map<const TfLiteOperator*, std::unique_ptr<TfLiteOperator>> operators_;  // left to us
  std::map<const TfLiteRegistration*, std::unique_ptr<TfLiteOperator>> shown_operators_;
  std::map<const void*, Shape> shapes_;  // learned, by the tensors' descriptions in the file
};

// ---- calls of a delegate's functions, in either form

TfLiteStatus prepare_delegate(TfLiteContext* context, TfLiteDelegate* delegate);
int64_t flags_of(const TfLiteDelegate& delegate);
bool is_opaque(const TfLiteDelegate& delegate);
TfLiteStatus copy_from_handle(TfLiteContext* context, TfLiteTensor* tensor);
void free_handle(TfLiteContext* context, TfLiteTensor* tensor);

// Lets the context's functions look at the graph; forbid_graph_functions() ends it.
void allow_graph_functions(TfLiteContext* context);

}  // namespace pipit::compat
