// SPDX-License-Identifier: Apache-2.0
// Does with a file of unknown origin all that an application does: parse, plan, bind, run, resize.
// Whatever the file holds, nothing may be touched that is not its own.
#pragma once

#include <string>

#include "pipit/interpreter.h"

namespace pipit::test {

struct Exercise {
  Span<uint8_t> arena;  // of 16 aligned bytes
  uint64_t seed = 0;    // of what the inputs hold, and of how it is run
  CpuFeatures cpu = detect_cpu();
  Team* team = nullptr;
  std::string* outputs = nullptr;  // gets the bytes of the first invocation's, if it is not nullptr
};

// Returns what is wrong with how the file was refused, or "". `file` is aligned to 16 bytes.
std::string exercise(Span<const uint8_t> file, const Exercise& how);

}  // namespace pipit::test
