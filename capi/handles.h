// SPDX-License-Identifier: Apache-2.0
// What the handles of the C interface are, and how its structs and messages are filled.
#pragma once

#include <algorithm>
#include <cstring>

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

// Lies at the start of the arena, before its operators and the plan.
struct pipit_interpreter {
  pipit::Interpreter net;
  const pipit_model* model = nullptr;
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
  if (rank >= 0 && rank <= Shape::kMaxRank) std::copy(dims, dims + rank, shape.dims);
  return shape;
}

// Makes core's operator of the application's.
Operator adopt(const pipit_operator& op);

}  // namespace pipit::capi
