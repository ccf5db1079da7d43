// SPDX-License-Identifier: Apache-2.0
// What the handles of the C interface are, and how its structs and messages are filled.
#pragma once

#include <algorithm>
#include <cstring>

#include "pipit/delegate.h"
#include "pipit/file.h"
#include "pipit/interpreter.h"
#include "pipit/op.h"
#include "pipit/pipit.h"
#include "pipit/team.h"

struct pipit_team {
  pipit::Team team;
};

struct pipit_model {
  pipit::Model model;
  pipit::MappedFile file;
};

namespace pipit::capi {

// A C operator as core sees it.
struct Operator : Op {
  pipit_operator c = {};
};

// The same of a C delegate.
struct CDelegate : Delegate {
  pipit_delegate c = {};
};

// Adds up the time of the nodes of subgraph 0.
struct NodeTimer {
  uint64_t* nanoseconds = nullptr;
  size_t nodes = 0;
  uint64_t began = 0;
};

struct CProfiler {
  pipit_profiler call = nullptr;
  void* context = nullptr;
};

}  // namespace pipit::capi

// A step as the functions of the application see it.
struct pipit_run {
  const pipit::Step& step;
  pipit::Run& run;
  bool failed = false;
};

// Lies at the start of the arena, before its operators and the plan.
struct pipit_interpreter {
  pipit::Interpreter net;
  size_t front_bytes = 0;
  uint32_t busy = 0;  // by any thread: see Turn
  pipit::capi::CProfiler profiler;
  pipit::capi::NodeTimer timer;
};

namespace pipit::capi {

constexpr size_t kAlign = 16;

inline bool aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % kAlign == 0; }

inline pipit_code code(Status status) { return static_cast<pipit_code>(status.code()); }

inline pipit_code fail(pipit_message* why, pipit_code code, const char* text) {
  if (why == nullptr) return code;
  std::strncpy(why->text, text, sizeof(why->text) - 1);
  why->text[sizeof(why->text) - 1] = '\0';
  return code;
}

// Where the caller wants a handle: NULL until there is one.
template <class Handle>
pipit_code no_handle_yet(Handle** to, pipit_message* why) {
  if (to == nullptr) return fail(why, PIPIT_BAD_ARGUMENT, "there is no place for the handle: NULL");
  *to = nullptr;
  return PIPIT_OK;
}

inline pipit_code need(const pipit_model* model, pipit_message* why) {
  return model == nullptr ? fail(why, PIPIT_BAD_ARGUMENT, "the model is NULL") : PIPIT_OK;
}

inline pipit_code need(const pipit_interpreter* net, pipit_message* why) {
  return net == nullptr ? fail(why, PIPIT_BAD_ARGUMENT, "the interpreter is NULL") : PIPIT_OK;
}

// While one lives, its thread alone uses the interpreter: another one is told so instead of being
// served from memory that changes under it.
class Turn {
 public:
  Turn(pipit_interpreter* net, pipit_message* why) : net_(net), refused_(need(net, why)) {
    if (refused_ != PIPIT_OK || __atomic_exchange_n(&net->busy, 1u, __ATOMIC_ACQUIRE) == 0) return;
    refused_ =
        fail(why, PIPIT_BUSY,
             "the interpreter is in use: one thread has to finish (inputs, invocation and "
             "outputs, under a lock) before the next begins, or make an interpreter for each");
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (refused_ == PIPIT_OK) __atomic_store_n(&net_->busy, 0u, __ATOMIC_RELEASE);
  }
  // PIPIT_OK when it is this thread's turn.
  pipit_code refused() const { return refused_; }

 private:
  pipit_interpreter* net_;
  pipit_code refused_;
};

// The outcome of a call that wrote `text` when it failed.
inline pipit_code outcome(Status status, const Message& text, pipit_message* why) {
  return status.ok() ? PIPIT_OK : fail(why, code(status), text.text());
}

// Writes as much of a struct as the caller's header knew.
template <class T>
pipit_code give(T full, T* to) {
  if (to == nullptr || to->struct_bytes < sizeof(size_t)) return PIPIT_BAD_ARGUMENT;
  full.struct_bytes = to->struct_bytes;
  std::memcpy(static_cast<void*>(to), &full, std::min(to->struct_bytes, sizeof(T)));
  return PIPIT_OK;
}

pipit_tensor describe(const Tensor& tensor);

inline pipit_code give_tensor(const Tensor* tensor, pipit_tensor* to) {
  return tensor == nullptr ? PIPIT_BAD_ARGUMENT : give(describe(*tensor), to);
}

inline Shape to_shape(int32_t rank, const int32_t* dims) {
  Shape shape;
  shape.rank = rank;
  if (rank > 0 && rank <= Shape::kMaxRank) std::copy(dims, dims + rank, shape.dims);
  return shape;
}

inline Status status_of(pipit_code code) {
  const bool known = code >= PIPIT_OK && code <= PIPIT_RUN_FAILED;
  return known ? static_cast<Code>(code) : Code::kBadArgument;
}

// Of a function that says that it fails: a code of success is none.
inline Code failure_of(pipit_code code) {
  return code == PIPIT_OK ? Code::kBadArgument : status_of(code).code();
}

inline const char* text_or_none(const char* text) { return text == nullptr ? "" : text; }

inline pipit_node describe(const Node& n) {
  return {n.op,
          n.inputs.data(),
          n.outputs.data(),
          static_cast<int32_t>(n.inputs.size()),
          static_cast<int32_t>(n.outputs.size()),
          n.code,
          n.version};
}

// Room for `bytes` that an application wants of a plan: aligned for anything it may keep there.
template <class P>
void* parameters_of(P& planned, size_t bytes) {
  constexpr size_t kUnit = sizeof(uint64_t);
  if (bytes > SIZE_MAX - kUnit) return nullptr;
  return planned.template allocate<uint64_t>((bytes + kUnit - 1) / kUnit);
}

// What a run function of the application came to.
inline Status outcome_of(pipit_code code, const pipit_run& node) {
  if (code == PIPIT_OK || node.failed) return status_of(code);
  return node.run.fail(node.step, "failed with code ", code);
}

// Makes core's operator and delegate of the application's.
Operator adopt(const pipit_operator& op);
CDelegate adopt(const pipit_delegate& delegate);

}  // namespace pipit::capi
