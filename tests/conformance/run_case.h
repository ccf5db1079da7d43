// SPDX-License-Identifier: Apache-2.0
// Runs one case as a user's program would, in an arena of exactly the size that it needs.
#pragma once

#include <string>
#include <vector>

#include "pipit/interpreter.h"
#include "pipit/team.h"
#include "tests/conformance/cases.h"
#include "tests/support/guarded_buffer.h"

namespace pipit::test {

enum class Verdict { kPassed, kFailed, kSkipped };

// An operator that a model has: the types that it reads, and the kernel that was chosen for them.
struct OpUse {
  std::string op;
  std::string types;
  std::string variant;  // "" when it runs no kernel, or which one is known only while it runs
};

struct Outcome {
  Verdict verdict = Verdict::kFailed;
  std::string text;     // when failed: why
  bool exact = true;    // every element equal, not only within its tolerance
  uint64_t result = 0;  // made of the bits of all outputs
  MemoryPlan memory;
  std::vector<OpUse> used;
  std::vector<std::string> missing;  // when skipped: operators that the build lacks
};

// Where outputs lie, and what of the model else can be read after an invocation.
enum class Outputs { kInArena, kOwn, kAllTensors };

constexpr Outputs next(Outputs o) {
  return o == Outputs::kAllTensors ? Outputs::kInArena
                                   : static_cast<Outputs>(static_cast<int>(o) + 1);
}

// How to run: the kernels to use, and the side of the arena that a mistake would show on.
struct Setup {
  CpuFeatures cpu = detect_cpu();
  Team* team = nullptr;  // shares even the smallest work
  Against side = Against::kUpperGuard;
  unsigned seconds = 60;
  bool watch = false;  // each step, for what it changes
  bool twice = false;  // with other bytes in the arena: nothing that comes out may differ
  Outputs outputs = Outputs::kInArena;
  // Whether a reject is also right that is refused for an operator that nobody has.
  bool refuses_operators = false;
};

Outcome run_case(const Case& c, const Setup& setup);

}  // namespace pipit::test
