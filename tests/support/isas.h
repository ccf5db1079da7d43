// SPDX-License-Identifier: Apache-2.0
// The instruction sets that tests of whole models run with, one after the other.
#pragma once

#include <vector>

#include "pipit/cpu.h"

namespace pipit::test {

// Those that this CPU has.
inline std::vector<CpuFeatures> instruction_sets() {
  std::vector<CpuFeatures> sets;
  for (const char* name : {"portable", "neon", "dotprod", "i8mm"}) {
    CpuFeatures features;
    if (parse_isa(name, &features) && (features & ~detect_cpu()) == 0) sets.push_back(features);
  }
  return sets;
}

}  // namespace pipit::test
