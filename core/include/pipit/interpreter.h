// SPDX-License-Identifier: Apache-2.0
// Runs a model inside memory that the caller owns.
//
//   alignas(16) static uint8_t arena[256 * 1024];
//
//   auto model = pipit::Model::parse(file);
//   auto net = pipit::Interpreter::create(model.value(), arena, pipit::all_operators());
//   std::copy(image.begin(), image.end(), net.value().input(0)->as<int8_t>());
//   pipit::Status s = net.value().invoke();
//   for (int8_t score : pipit::elements_of<int8_t>(net.value().output(0))) ...
//
// (Each of the three steps can fail: check ok() and print the Message.)
#pragma once

#include <cstddef>
#include <cstdint>

#include "pipit/cpu.h"
#include "pipit/model.h"
#include "pipit/span.h"
#include "pipit/status.h"
#include "pipit/tensor.h"

namespace pipit {

struct Delegate;
struct Op;
class Team;

// The operators that a program carries: in any order.
using OpTable = Span<const Op* const>;

// Every operator of this build. Linking it links them all; a program that needs few makes a table
// of its own from the declarations in kernels/ops.h.
OpTable all_operators();

// A shape for input `input` (its position, from 0) of a subgraph in place of the file's.
struct InputShape {
  int input = 0;
  Shape shape;
  int subgraph = 0;
};

// One operator of the plan, in running order.
struct StepInfo {
  const char* op = "";       // "CONV_2D", or the name of a custom operator or of a delegate
  const char* variant = "";  // the kernel chosen: "portable", "neon", ..., "delegate"; "" for none
  int node = 0;              // position in the subgraph's list of operators; a delegate's first
  int subgraph = 0;
  int chain = -1;  // which chain it is (see ChainInfo): then `op` is "CHAIN"
};

// Operators that a delegate computes in one step.
struct PartitionInfo {
  const char* delegate = "";
  int subgraph = 0;
  Span<const int32_t> nodes;  // positions in the subgraph's list of operators
};

// Operators that run in bands (see Bands), as one step.
struct ChainInfo {
  int subgraph = 0;
  int operators = 0;  // Interpreter::chain_step() tells them
  int rows = 0;       // of the last one's output at a time
  int shares = 0;     // each thread's has bands of its own
  size_t bytes = 0;   // of all bands, and of what the operators use while they run
  // Of all operators' outputs, and what of it shares compute again.
  int64_t computed_rows = 0, repeated_rows = 0;
  int calls = 0;  // Interpreter::chain_call() tells them: those of the first share, then the next's
};

// A call of a chain: which of its operators computes which rows of its output.
struct ChainCallInfo {
  int share = 0;
  int link = 0;
  int first = 0, rows = 0;
};

// Is told of each step of an invocation before and after it runs. Steps that call subgraphs enclose
// theirs.
struct Profiler {
  void (*step)(void* context, const StepInfo& step, bool begins) = nullptr;
  void* context = nullptr;
};

// Bytes that the plan of a subgraph has given to a tensor, or to a step as scratch memory (which is
// where a chain has its bands). Tensors that share bytes have one block.
struct PlannedBlock {
  int subgraph = 0;
  int tensor = -1;    // the one whose bytes they are, or the largest of those that share them
  int step = -1;      // whose scratch memory it is
  size_t offset = 0;  // from the beginning of the subgraph's activations
  size_t bytes = 0;
  int first = 0, last = 0;  // the steps (see Interpreter::step()) in which they are in use
};

// Is told of each block, each time that a subgraph is planned: also to measure its memory.
struct PlanListener {
  void (*block)(void* context, const PlannedBlock& block) = nullptr;
  void* context = nullptr;
};

// Operators of which one reads what another computes can run together, some rows at a time: what
// they hand on never exists as a whole, which saves memory and costs some time. No result changes.
enum class Bands : uint8_t {
  kWhereTheyPay,  // while that lowers the most bytes that are alive at a time by a sixteenth
  kNever,
  kEverywhere,  // for tests
};

struct Options {
  // Instruction sets that kernels may use. For the memory that a model takes on another CPU, or on
  // any: see planned_cpu.h.
  CpuFeatures cpu = detect_cpu();
  // Threads to share the work with (see team.h): results do not depend on how many. Planning needs
  // to know them, so the team is started before and stays while the interpreter is used.
  Team* team = nullptr;
  // Cycles, roughly, below which a share of work is not worth a thread.
  int64_t least_share = 4096;
  Span<const InputShape> shapes;  // inputs to resize before planning
  // Input tensors keep their values over an invocation. Otherwise later activations may use their
  // bytes, and inputs have to be written before each invocation.
  bool preserve_inputs = false;
  // Every tensor keeps bytes of its own, so all can be read after an invocation; no result changes.
  bool preserve_all = false;
  // The application's own operators, looked up before the interpreter's table: one with the code of
  // a builtin operator replaces that. They and this list stay as long as the interpreter.
  OpTable operators;
  // Are shown the model's operators and may compute some of them instead of this library: see
  // delegate.h. They and this list stay as long as the interpreter.
  Span<const Delegate* const> delegates;
  // Activations lie here (aligned to 16 bytes) instead of in the arena. Interpreters of which never
  // two are in use may share the bytes: what is in inputs, outputs and other activations lasts
  // until another one runs; variables stay.
  Span<uint8_t> activations;
  Bands bands = Bands::kWhereTheyPay;
  // Bytes for activations that bands are to keep within, however little each of them saves, and
  // however few rows at a time that takes, which costs time; 0: as many as bands take that cost
  // nearly none. Where they cannot keep within, planning does not fail.
  size_t max_activation_bytes = 0;
  // Rows of a chain's output that are computed at a time; 0: as many as fit into a small cache.
  int32_t band_rows = 0;
  Profiler profiler;
  PlanListener listener;
  // Calls of subgraphs in one invocation, two for each iteration of a WHILE: more are taken for an
  // endless loop.
  int64_t max_calls = 20'000'000;
  // Where random operators start from to which the file gives no seeds: the same numbers follow in
  // each run of the program, unless it passes something else here.
  uint64_t random_seed = 0;
  // A signature whose subgraph this build cannot run is left out of the plan: see
  // Interpreter::runs(). When this is true, so is subgraph 0, as long as there is one that runs.
  bool main_may_fail = false;
};

// What planning found.
struct MemoryPlan {
  size_t arena_bytes = 0;        // what the arena must have...
  size_t separate_bytes = 0;     // ...and when activations lie elsewhere (Options::activations)
  size_t persistent_bytes = 0;   // tables, parameters and variables
  size_t activation_bytes = 0;   // what the planner reached for activations and scratch
  size_t lower_bound_bytes = 0;  // the largest sum of activations and scratch alive at one step
};

// The elements of a tensor (input() and the like give one, or nullptr): none when T has another
// size than they, and while the tensor has no bytes.
template <class T>
Span<T> elements_of(const Tensor* tensor) {
  if (tensor == nullptr || tensor->data == nullptr) return {};
  const size_t n = tensor->bytes / sizeof(T);
  const bool same = n == static_cast<size_t>(tensor->elements()) && n * sizeof(T) == tensor->bytes;
  return same ? Span<T>(tensor->as<T>(), n) : Span<T>();
}

// Fails, and names them, when some node of the model has an operator that neither table knows.
Status check_operators(const Model& model, OpTable ops, const Options& options = {},
                       Message* why = nullptr);

class Interpreter {
 public:
  Interpreter() = default;

  // Plans `model` into `arena` (aligned to 16 bytes). When it is too small, fails with
  // kArenaTooSmall and the size that suffices. The interpreter, its model's bytes and the arena
  // belong together from then on; the object itself is a handle and may be copied.
  static Result<Interpreter> create(const Model& model, Span<uint8_t> arena, OpTable ops,
                                    const Options& options = {}, Message* why = nullptr);

  // What create() will need for the same arguments.
  static Result<MemoryPlan> required_memory(const Model& model, OpTable ops,
                                            const Options& options = {}, Message* why = nullptr);
  // The smallest arena that create() accepts for them.
  static Result<size_t> required_arena_bytes(const Model& model, OpTable ops,
                                             const Options& options = {}, Message* why = nullptr);

  // What it was created for; not of an object that create() did not make.
  const Model& model() const;

  // Inputs and outputs of a subgraph, in the order of the file. nullptr when out of range.
  int inputs(int subgraph = 0) const;
  int outputs(int subgraph = 0) const;
  const Tensor* input(int i, int subgraph = 0) const;
  const Tensor* output(int i, int subgraph = 0) const;
  int tensors(int subgraph = 0) const;
  // What it is now, and where its bytes are; with index -1 when out of range. The plan keeps no
  // more of constants than their operators need, so this makes the tensor anew.
  Tensor tensor(int i, int subgraph = 0) const;

  // Uses the caller's own bytes for an input or output from the next invocation on; nullptr, or a
  // resize(), returns to the arena's. `bytes` must have the tensor's size, be aligned to its
  // element type, and may not be freed before it is unbound. A string input has no bytes of its
  // own: bind a string buffer (see strings.h) of any size to it.
  Status bind_input(int i, void* bytes, size_t size, Message* why = nullptr, int subgraph = 0);
  Status bind_output(int i, void* bytes, size_t size, Message* why = nullptr, int subgraph = 0);

  // One inference. Fails only on values that arrive in tensors.
  Status invoke(Message* why = nullptr) { return invoke_subgraph(0, why); }
  Status invoke_signature(int signature, Message* why = nullptr);
  // The subgraph that a signature runs.
  int signature_subgraph(int signature) const;
  // Whether an application can run a subgraph; if not, says why.
  Status runs(int subgraph, Message* why = nullptr) const;

  // Ends the running invocation before its next step: it fails with kRunFailed, and its outputs are
  // undefined. To be called by another thread, or by the profiler; where nothing runs, nothing
  // happens.
  void cancel() const;
  // Whether the last invocation ended so.
  bool cancelled() const;

  // Plans again in the same arena with other input shapes (they replace Options::shapes). When that
  // fails, the old plan and all tensors stay as they were. When it succeeds, variables are reset.
  // (An operator or delegate of the application that refuses what it has just accepted leaves an
  // interpreter without a plan: it has no tensors, and can do nothing but resize() again.)
  Status resize(Span<const InputShape> shapes, Message* why = nullptr);
  // The same, but refuses to change a dimension that the model does not leave open (-1 in
  // shape_signature()).
  Status resize_strict(Span<const InputShape> shapes, Message* why = nullptr);

  // Other threads (nullptr: none but the caller) from the next invocation on; no result changes. Of
  // more than the plan was made for, a resize() makes use.
  void set_team(Team* team);
  // From the next invocation on.
  void set_profiler(const Profiler& profiler);

  // Variables and other state return to zero (int8 ones to their zero point).
  void reset_variables();

  MemoryPlan memory() const;
  int steps(int subgraph = 0) const;
  StepInfo step(int i, int subgraph = 0) const;

  // Operators that run in bands, in running order.
  int chains() const;
  ChainInfo chain(int i) const;
  StepInfo chain_step(int i, int link) const;
  ChainCallInfo chain_call(int i, int call) const;

  // What delegates compute, in running order.
  int partitions() const;
  PartitionInfo partition(int i) const;
  // The same in a line for a person: "npu computes 5 of 31 operators in 2 partitions: 0-3; 7".
  void delegation(Message* report) const;

 private:
  Status invoke_subgraph(int subgraph, Message* why);

  struct State* state_ = nullptr;
};

}  // namespace pipit
