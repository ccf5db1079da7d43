// SPDX-License-Identifier: Apache-2.0
// What an operator is: how it is planned once and run many times.
//
// An operator is a function `prepare`. It looks at its inputs, checks what the file asks for, sets
// the shapes of its outputs, computes what can be computed once, and leaves one run function with
// its parameters:
//
//   static Status run(const Step& s, Run&) {
//     const auto& p = *s.params<Params>();
//     p.kernel({.in = s.input(0).as<float>(), .out = s.output(0).as<float>(), .n = p.n});
//     return {};
//   }
//   static Status prepare(Prepare& p) {
//     PIPIT_TRY(p.arity(1, 1, 1));
//     if (p.input(0).type != Type::kFloat32) return p.unsupported(p.input(0), ": float32 only");
//     PIPIT_TRY(p.set_output(0, p.input(0).shape));
//     Params* params = p.allocate<Params>();
//     if (params == nullptr) return Code::kArenaTooSmall;
//     ...
//     return p.run(run, params, "portable");
//   }
//   const Op kExample = {.code = kCustomOp, .name = "Example", .prepare = prepare};
//
// Shapes that depend on values: ask with `values<T>(i)`. It answers nullptr while the values are
// not known, and then `return p.defer()` has prepare called again when the step's turn has come and
// they are. The same code serves constants, folded constants and values computed while running.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pipit/byte_count.h"
#include "pipit/cpu.h"
#include "pipit/share.h"
#include "pipit/span.h"
#include "pipit/status.h"
#include "pipit/tensor.h"
#include "pipit/text.h"

namespace pipit {

class Run;
class Prepare;
struct Planning;
struct Graph;
struct State;
struct Step;

// Processes the step's tensors. May fail (through Run::fail) only on values in tensors.
using RunFn = Status (*)(const Step&, Run&);

struct Step {
  RunFn run = nullptr;
  const void* parameters = nullptr;  // the operator's own struct
  Tensor* const* tensors = nullptr;  // inputs, then outputs; nullptr where one is left out
  uint8_t* scratch = nullptr;        // aligned to 16; content undefined before run
  const char* variant = "";
  int32_t node = 0;
  uint16_t inputs = 0;
  uint16_t outputs = 0;

  template <class T>
  const T* params() const {
    return static_cast<const T*>(parameters);
  }
  bool has_input(int i) const { return i < inputs && tensors[i] != nullptr; }
  const Tensor& input(int i) const { return *tensors[i]; }
  const Tensor* optional_input(int i) const { return i < inputs ? tensors[i] : nullptr; }
  const Tensor& output(int i) const { return *tensors[inputs + i]; }
  // The bytes of an input: `detached`, where Prepare::detach() has told them, or nullptr where the
  // input is left out.
  template <class T>
  const T* bytes(int i, const T* detached) const {
    return detached != nullptr || !has_input(i) ? detached : input(i).as<T>();
  }
};

// ---- steps that can compute some rows of their output at a time

// Rows of a tensor [1, rows, ...]: row `first` lies at `at`, and those behind it follow.
struct Band {
  uint8_t* at = nullptr;
  int32_t first = 0;

  // Where a row lies, or would lie if it were there, of so many bytes each.
  template <class T>
  T* row(int32_t y, ptrdiff_t bytes) const {
    const ptrdiff_t away = (ptrdiff_t{y} - first) * bytes;
    return reinterpret_cast<T*>(reinterpret_cast<uintptr_t>(at) + static_cast<uintptr_t>(away));
  }
};

struct RowsCall {
  Part rows;   // of the output
  Band in[2];  // of the first inputs
  Band out;
  uint8_t* scratch = nullptr;
  const uint8_t* kept = nullptr;  // what RowsPlan::begin has made, if there is one
};

// How such a step does it. Row y reads, of each of its first `inputs` inputs, the rows
//   y * stride - pad + t * dilation  for t in [0, taps)
// as far as they exist, or those that `reads` tells (of later rows, none before them), and other
// inputs as a whole. Rows can be computed in any order.
struct RowsPlan {
  void (*run)(const Step&, const RowsCall&) = nullptr;
  ByteCount (*scratch)(const Step&, const Part& rows) = nullptr;  // for these; nullptr: none
  Part (*reads)(const Step&, const Part& rows) = nullptr;
  // What all calls of an invocation share: begin() fills so many bytes before the first of them.
  ByteCount kept;
  void (*begin)(const Step&, uint8_t* kept) = nullptr;
  // Rows of the output that a call should compute, so that what each call costs does not show.
  int32_t least = 1;
  int32_t inputs = 1;
  int32_t taps = 1, stride = 1, dilation = 1, pad = 0;
  // With weights, for each element of the output; 0 where there are none. Only what calls cost is
  // estimated by it.
  int32_t products = 0;
};
using RowsFn = RowsPlan (*)(const Step&);

// A subgraph that a step calls, planned for certain arguments.
class Callee {
 public:
  int inputs() const;
  int outputs() const;
  const Tensor& input(int i) const;
  const Tensor& output(int i) const;

 private:
  friend class Prepare;
  friend class Run;
  Graph* graph_ = nullptr;
};

enum OpFlags : uint8_t {
  kOpDefault = 0,
  // Has effects or results beyond its outputs (state, randomness, other subgraphs): it is never
  // computed at plan time even if all its inputs are constant.
  kOpNoFold = 1,
  // Accepts constants that are stored sparsely: fewer bytes than their shape needs.
  kOpSparse = 2,
  // Has a counter that outlives invocations: Run::counter().
  kOpCounter = 4,
  // Makes a resource (see Prepare::make_resource).
  kOpMakesResource = 8,
};

struct Op {
  int32_t code = 0;       // the builtin code; kCustomOp for a custom operator
  const char* name = "";  // "CONV_2D"; for a custom operator the name that the file uses
  Status (*prepare)(Prepare&) = nullptr;
  uint8_t flags = kOpDefault;
  const void* user = nullptr;  // whatever an operator of the application wants (Prepare::user)
};
constexpr int32_t kCustomOp = 32;

// ---- resources: state that operators share by way of a handle, an int32 in a tensor

// What tells a resource from others of its kind. The texts lie in the model's file.
struct ResourceName {
  const char* container = "";
  const char* name = "";
  int32_t number = 0;
};

// Its first bytes are aligned to 16; nothing of it is kept by operators, for it may move.
struct Resource {
  const Op* kind = nullptr;  // the operator that makes the handle
  ResourceName name;
  uint8_t* data = nullptr;
  size_t bytes = 0;
  size_t capacity = 0;
  Shape shape;
  Type type = Type::kFloat32;
  bool is_set = false;
  size_t planned = 0;       // bytes that are there from the start ...
  uint8_t* home = nullptr;  // ... here
};

// What an operator sees while it is planned.
class Prepare {
 public:
  Prepare(State& state, Graph& graph, Planning* planning, int node, Message* why);
  // Late: the node of a deferred step, again.
  Prepare(State& state, Graph& graph, const Step& deferred, Message* why);

  // The operator that is being prepared: its row in the table.
  const Op& op() const;

  // ---- tensors
  const Step& step() const { return step_; }
  int inputs() const { return step_.inputs; }
  int outputs() const { return step_.outputs; }
  // Fails unless the node has min..max inputs, none of the first `min` left out, and `outputs`
  // outputs.
  Status arity(int min_inputs, int max_inputs, int outputs) const;
  bool has_input(int i) const { return step_.has_input(i); }
  const Tensor& input(int i) const { return *step_.tensors[i]; }
  const Tensor* optional_input(int i) const { return step_.optional_input(i); }
  const Tensor& output(int i) const { return *step_.tensors[step_.inputs + i]; }
  // Tensors of constants last as long as the plan only where steps have them: what `prepare` stores
  // is not the address of one but this (nullptr when the arena is too small), ...
  const Tensor* keep_input(int i);
  // ... or, of a constant, that of its bytes: if not nullptr, run() finds no tensor in its place.
  const void* detach(int i);
  template <class T>
  const T* detach_as(int i) {
    return static_cast<const T*>(detach(i));
  }
  // An input that the operator also writes (a variable).
  Tensor& variable(int i) { return *step_.tensors[i]; }
  // A tensor that only carries quantization parameters (LSTM); nullptr when left out.
  const Tensor* intermediate(int i) const;
  int intermediates() const;
  // A tensor of the subgraph by its number, as quantization parameters may name one; nullptr when
  // there is none.
  const Tensor* tensor(int index) const;

  // The values of input `i` when they are known now: a constant, or any tensor while a deferred
  // step is prepared. nullptr otherwise, or when the element type is not T's.
  template <class T>
  const T* values(int i) const {
    return static_cast<const T*>(known_values(i, sizeof(T)));
  }
  bool values_known(int i) const;

  // The shape of output `i`; checks that its size can be represented.
  Status set_output(int i, const Shape& shape);
  // The same for a string tensor, while late: its buffer takes `bytes`.
  Status set_output_strings(int i, const Shape& shape, ByteCount bytes);
  // Overrides the type that the file gives the output (few operators do).
  void set_output_type(int i, Type type) { step_.tensors[step_.inputs + i]->type = type; }
  // The output's content is the input's, byte for byte: let them share memory where possible. run()
  // still copies when the addresses differ.
  void alias(int output, int input);
  // The output may be written over the input, element by element, when nobody reads it later.
  void in_place(int output, int input);
  // run() reads no values, only shapes: compute the outputs at plan time, whatever the inputs are.
  void fold() { fold_ = true; }
  // Shape depends on values that are not known yet: prepare is called again when they are.
  Status defer();
  // While the step is about to run: all input values are known, and failing means kRunFailed.
  bool late() const { return planning_ == nullptr; }

  // ---- resources
  // The number of the resource of that name, made unless it is there. For operators with
  // kOpMakesResource; the resource is of their kind.
  Status make_resource(const ResourceName& name, int32_t* number);
  // What the handle in input `i` names; nullptr when it is of another kind or not known yet.
  const Resource* resource(int i, const Op& kind) const;
  // The same resource may come to hold so many bytes. Where the handle is not known yet, they are
  // taken from what the arena has left while running.
  void reserve_resource(int i, const Op& kind, ByteCount bytes);
  // Whether the bytes of input `i` lie in the model's file, where they outlive every invocation.
  bool in_file(int i) const;

  // ---- options
  // The builtin options' type code and table (see core/options.h), or custom options.
  const void* options(int* type) const;
  const void* options2(int* type) const;
  Span<const uint8_t> custom_options() const;
  int version() const;
  CpuFeatures cpu() const;
  // A number of the node's own, the same in each plan, that Options::random_seed changes.
  uint64_t random_seed() const;
  const void* user() const;  // of the Op
  Sharing sharing() const;

  // ---- memory
  // Whether the plan is made for its size alone and nobody will run this step: what it allocates
  // need not be computed.
  bool only_measured() const;
  // n objects that live as long as the plan, zeroed; nullptr when the arena is too small (return
  // Code::kArenaTooSmall then). Only for trivial types.
  template <class T>
  T* allocate(size_t n = 1) {
    return static_cast<T*>(allocate_bytes(ByteCount(n) * sizeof(T), alignof(T)));
  }
  // n objects that keep their values from one invocation to the next: all bytes 0 before the first
  // and after Interpreter::reset_variables(). For operators with kOpNoFold. Fails where the
  // operator is planned anew by each invocation.
  template <class T>
  Status state(size_t n, T** objects) {
    void* bytes = nullptr;
    const Status status = state_bytes(ByteCount(n) * sizeof(T), &bytes);
    *objects = static_cast<T*>(bytes);
    return status;
  }
  // Bytes that run() may use and nobody keeps.
  void scratch(ByteCount bytes) { scratch_bytes_ = bytes; }

  // ---- outcome
  Status run(RunFn fn, const void* parameters = nullptr, const char* variant = "");
  // The step can compute some rows of its output at a time; `rows` tells how, from its parameters.
  void by_rows(RowsFn rows) { rows_ = rows; }
  // Plans another subgraph for these arguments: their shapes, and the values of the constant ones.
  Status plan_subgraph(int subgraph, const Tensor* const* arguments, int count, Callee* callee);
  // Whether output `i` of a subgraph is nothing but its input `i`.
  bool returns_input(int subgraph, int i) const;
  // The outputs' shapes are known only when run() is through, which sets them by keep_outputs().
  void set_outputs_later() { outputs_later_ = true; }
  // The builtin code of the only operator of another subgraph, -1 when it has none: for operators
  // whose function is given as a subgraph.
  Status only_operator(int subgraph, int32_t* code) const;

  // ---- failures: one line that starts with the operator and its number
  template <class... P>
  Status bad(const P&... parts) const {
    return fail(Code::kBadModel, parts...);
  }
  template <class... P>
  Status unsupported(const P&... parts) const {
    return fail(Code::kUnsupported, parts...);
  }
  template <class... P>
  Status fail(Code code, const P&... parts) const {
    begin_message();
    text(why_, parts...);
    return late() && code != Code::kArenaTooSmall ? Code::kRunFailed : code;
  }

 private:
  friend struct NodePlanner;
  friend class Run;
  const void* known_values(int i, size_t element_size) const;
  void drop_detached();
  Status take_output(int i);
  Status check_subgraph(int subgraph) const;
  bool affordable(ByteCount bytes);
  void* allocate_bytes(ByteCount bytes, size_t align);
  Status state_bytes(ByteCount bytes, void** state);
  void begin_message() const;

  State& state_;
  Graph& graph_;
  Planning* planning_;  // nullptr: late
  Message* why_;
  Step step_;
  ByteCount scratch_bytes_;
  ByteCount unaffordable_;  // bytes that were asked for
  RowsFn rows_ = nullptr;
  bool deferred_ = false;
  bool fold_ = false;
  bool outputs_later_ = false;
  uint32_t detached_ = 0;  // a bit for each of the first inputs
};

// What a step sees while it runs.
class Run {
 public:
  Run(State& state, Graph& graph, Message* why);

  template <class... P>
  Status fail(const Step& step, const P&... parts) const {
    begin_message(step);
    text(why_, parts...);
    return Code::kRunFailed;
  }
  // Fails for want of memory.
  Status too_small(const Step& step) const;

  // ---- resources
  // What a handle names; nullptr when it is none of that kind.
  Resource* resource(const Tensor& handle, const Op& kind) const;
  // Makes room for so many bytes; what they were is lost. Other resources may move.
  Status resize(const Step& step, Resource* resource, ByteCount bytes);

  // ---- threads
  Sharing sharing() const { return sharing_; }
  // Calls f(share) once for each share of [0, shares), on as many threads, and returns when all are
  // done. No share may depend on another.
  template <class F>
  void for_each_share(int32_t shares, const F& f) const {
    if (shares == 1) return f(0);
    run_shares(
        shares, [](void* context, int share) { (*static_cast<const F*>(context))(share); },
        const_cast<F*>(&f));
  }
  // Calls f(part) for parts of [0, n) that begin at multiples of `unit`; all take about `cycles`.
  template <class F>
  void for_each_part(int32_t n, int32_t unit, int64_t cycles, const F& f) const {
    if (sharing_.threads == 1) return f(Part{0, n});
    share_parts(n, unit, cycles, f);
  }

  // ---- calls of subgraphs
  // Runs one over these arguments; it reads their bytes where they are. Its outputs are valid until
  // another call or release().
  Status call(const Step& step, const Callee& callee, const Tensor* const* arguments);
  // Plans one for the shapes that the arguments have now, unless there is such a plan.
  Status plan(const Step& step, int subgraph, const Tensor* const* arguments, Callee* callee);
  // Whether a call-once of the callee's subgraph is done.
  bool& called_once(const Callee& callee);

  // The counter of the step's operator (kOpCounter), 0 at first.
  uint64_t& counter(const Step& step);

  // Memory that calls take while running is given back by releasing it to an earlier mark.
  struct Mark {
    size_t low;
    Graph* newest;
  };
  Mark mark() const;
  void release(const Mark& mark);
  // Bytes of that memory, or nullptr when there are too few left.
  void* take(ByteCount bytes);
  // Releases all but the callee's outputs, which become the values of these tensors (nullptr: an
  // output that is not kept).
  Status keep_outputs(const Step& step, const Callee& callee, Tensor* const* tensors,
                      const Mark& mark);

  // Prepares the node of a deferred step with the values that are known now, and runs it.
  Status prepare_and_run(const Step& step);

 private:
  // Apart, so that a step of one thread is short.
  template <class F>
  [[gnu::noinline]] void share_parts(int32_t n, int32_t unit, int64_t cycles, const F& f) const {
    const int32_t shares = sharing_.shares(n / unit, cycles);
    for_each_share(shares, [&](int32_t share) { f(part_of(n, unit, shares, share)); });
  }
  void run_shares(int32_t shares, void (*f)(void* context, int share), void* context) const;
  void begin_message(const Step& step) const;

  State& state_;
  Graph& graph_;
  Message* why_;
  Sharing sharing_;
};

}  // namespace pipit
