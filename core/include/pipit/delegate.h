// SPDX-License-Identifier: Apache-2.0
// Hands operators of a model to something else that computes: an accelerator, another library.
//
//   bool claims(const Delegate&, const Partition& p) {
//     const Node node = p.node(0);
//     return node.code == kConv2d && p.tensor(node.inputs[0])->type == Type::kInt8;
//   }
//   Status run(const Step& s, Run&) {  // s.input(i) and s.output(i) are those of the partition
//     const auto& job = *s.params<Job>();
//     return job.device->compute(s.input(0).data, s.output(0).data);
//   }
//   Status prepare(const Delegate& d, Partition& p) {
//     Job* job = p.allocate<Job>();
//     if (job == nullptr) return Code::kArenaTooSmall;
//     ...
//     return p.run(run, job);
//   }
//
//   const Delegate npu = {"npu", &device, claims, prepare};
//   const Delegate* const delegates[] = {&npu};
//   options.delegates = delegates;
//
// Planning shows every delegate each operator, in running order, once it is known to be well formed
// and what shapes it has; the first that claims it has it. Operators that follow each other and
// have the same delegate become one partition, and a partition becomes one step of the plan.
// Interpreter::partition() and Interpreter::delegation() say what came of it.
//
// Not shown are operators that have effects beyond their outputs (variables, resources, random
// numbers, calls of subgraphs), that work on strings, or whose shapes only values tell; nor those
// that are computed at plan time.
//
// A model is planned to measure its memory, to run, and again by each resize: `claims` and
// `prepare` are called in each of these, give the same answers for the same shapes, and leave
// nothing behind but what allocate() gave them. The delegate stays as long as the interpreter.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pipit/model.h"
#include "pipit/op.h"
#include "pipit/status.h"
#include "pipit/tensor.h"
#include "pipit/text.h"

namespace pipit {

struct Delegation;
struct Graph;
struct State;
class Partition;

struct Delegate {
  const char* name = "";
  void* context = nullptr;  // whatever the delegate wants
  // Whether it will compute the one operator of `candidate`.
  bool (*claims)(const Delegate&, const Partition& candidate) = nullptr;
  // Plans a partition: leaves a function that computes its outputs, by Partition::run().
  Status (*prepare)(const Delegate&, Partition&) = nullptr;
};

// Operators that follow each other, as a delegate sees them while they are planned.
class Partition {
 public:
  Partition(State& state, Graph& graph, const Delegation& delegation, Message* why);

  int subgraph() const;
  int nodes() const;
  int number(int i) const;  // the position of node `i` in the subgraph's list of operators
  Node node(int i) const;
  // A field of the builtin options of node `i`; see Model::option().
  int64_t option(int i, int field, int bytes, int64_t otherwise) const;
  // A tensor by its index, as in Node::inputs, with the shape it was planned for; `data` is set for
  // constants. nullptr for -1.
  const Tensor* tensor(int index) const;

  // What run() finds in its step: tensors that the partition reads and neither computes nor has as
  // constants; tensors that others read, or everybody with Options::preserve_all. What its nodes
  // hand to each other alone has no bytes: use scratch().
  int inputs() const { return step_.inputs; }
  int outputs() const { return step_.outputs; }
  const Tensor& input(int i) const { return step_.input(i); }
  const Tensor& output(int i) const { return step_.output(i); }

  // n objects that live as long as the plan, zeroed; nullptr when the arena is too small (return
  // Code::kArenaTooSmall then). Only for trivial types.
  template <class T>
  T* allocate(size_t n = 1) {
    return static_cast<T*>(allocate_bytes(ByteCount(n) * sizeof(T), alignof(T)));
  }
  // Bytes that run() may use and nobody keeps.
  void scratch(ByteCount bytes) { scratch_bytes_ = bytes; }

  Status run(RunFn fn, const void* parameters = nullptr);
  // Refuses the model: one line that starts with the delegate and its operators.
  template <class... P>
  Status fail(Code code, const P&... parts) const {
    begin_message();
    text(why_, parts...);
    return code;
  }

 private:
  friend struct Partitioner;
  void* allocate_bytes(ByteCount bytes, size_t align);
  void begin_message() const;

  State& state_;
  Graph& graph_;
  const Delegation& delegation_;
  Message* why_;
  Step step_;
  ByteCount scratch_bytes_;
};

}  // namespace pipit
