// SPDX-License-Identifier: Apache-2.0
// Whether what a plan puts into the same bytes is ever needed at the same time: told from the plan,
// and by looking at the bytes while it runs.
#pragma once

#include <memory>
#include <string>

#include "core/plan.h"
#include "pipit/interpreter.h"

namespace pipit::test {

// The plan of an interpreter lies at the start of its arena.
inline State& state_in(Span<uint8_t> arena) { return *reinterpret_cast<State*>(arena.data()); }

// Two blocks of the plan that are alive together and share bytes otherwise than on purpose, which
// only a step's output and input do, and what is an alias of them; "" when there are none.
std::string find_overlap(const State& state);

// Follows invocations step by step. No step may change what was there before it and is read after
// it: activations, variables that it does not name, constants, tables, and other steps' parameters.
class Watch {
 public:
  explicit Watch(State& state);
  ~Watch();

  Profiler profiler() { return {step, this}; }
  // The first breach; "" while there is none.
  const std::string& wrong() const { return wrong_; }

 private:
  struct Frame;
  static void step(void* context, const StepInfo& info, bool begins);

  const State& state_;
  std::unique_ptr<Frame> innermost_;  // of the steps that are running
  std::string wrong_;
};

}  // namespace pipit::test
