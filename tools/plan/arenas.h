// SPDX-License-Identifier: Apache-2.0
// How much memory a model takes on other CPUs.
#pragma once

#include <string>
#include <vector>

#include "pipit/planned_cpu.h"
#include "tools/describe.h"
#include "tools/progress.h"
#include "tools/session.h"

namespace pipit::tools {

// CPUs with the same instruction sets, as far as kernels go.
struct ArenaOf {
  std::string isa;
  CpuFeatures features = kCpuPortable;
  std::vector<std::string> cpus;
  MemoryPlan memory;
};

// For all CPUs that this build runs on, 32-bit or 64-bit ones. Throws Failure where the model
// cannot be planned.
std::vector<ArenaOf> arenas(const Session& session, const Options& options, Waiting* waiting);
// The one that is the largest of those with at least these features.
const ArenaOf& largest(const std::vector<ArenaOf>& list, CpuFeatures least = kCpuPortable);

Json arenas_json(const std::vector<ArenaOf>& list);
// Lines such as "neon      133,328 bytes  cortex-a53, cortex-a72".
std::string arenas_text(const std::vector<ArenaOf>& list, const std::string& indent);

// Options::cpu for a plan that need not run here: what --cpu or --isa say, of which one at most is
// given. "any" and the like become kCpuAny and more.
CpuFeatures planned_cpu(const std::string& cpu, const std::string& isa);
// The CPU to make a plan for: of any, one with the largest arena.
CpuFeatures one_cpu(CpuFeatures wanted, const std::vector<ArenaOf>& list);
// What that is, for a person: "cortex-a76 (dotprod)".
std::string planned_name(const std::string& cpu, const std::string& isa);

}  // namespace pipit::tools
