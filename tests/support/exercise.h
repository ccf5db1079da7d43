// SPDX-License-Identifier: Apache-2.0
// Does with a file of unknown origin all that an application does: parse, plan, bind, run, resize.
// Whatever the file holds, nothing may be touched that is not its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipit/interpreter.h"

namespace pipit::test {

// What came of a file: of planning it, and of the first invocation.
struct Outcome {
  struct Output {
    Tensor tensor;
    std::vector<uint8_t> bytes;
  };
  Code planned = Code::kBadModel;
  Code ran = Code::kBadModel;
  std::vector<Output> outputs;
};

struct Exercise {
  Span<uint8_t>
      arena;  // of 16 aligned bytes; may be address space that costs nothing until touched
  size_t most_to_run = SIZE_MAX;  // larger plans are made, if they may, but not run
  uint64_t seed = 0;              // of what the inputs hold, and of how it is run
  CpuFeatures cpu = detect_cpu();
  Team* team = nullptr;
  OpTable operators = {};      // of the application
  bool tame = false;           // float inputs are finite, and neither large nor small
  Outcome* outcome = nullptr;  // is filled in, if there is one
  // Do all of it twice, with other bytes in the arena and in outputs of the application's own: what
  // comes out is the same. For small plans.
  bool twice = false;
};

// Returns what is wrong with how the file was refused, or "". `file` is aligned to 16 bytes.
std::string exercise(Span<const uint8_t> file, const Exercise& how);

// The same with bytes from anywhere, in a piece of the heap of exactly their size: a sanitizer sees
// one byte too far.
std::string exercise_copy(Span<const uint8_t> bytes, const Exercise& how);

}  // namespace pipit::test
