// SPDX-License-Identifier: Apache-2.0
// Plans for the CPU of another machine: a program on a PC asks what a model takes on a board.
//
//   pipit::Options options;
//   pipit::parse_cpu("cortex-a76", &options.cpu);  // or "any": every CPU that this build runs on
//   auto bytes = pipit::Interpreter::required_arena_bytes(model, ops, options);
//
// A plan that is made so takes the memory that it takes there, and runs on what this CPU has: its
// results are right, if slow. "any" has no plan, only sizes.
#pragma once

#include "pipit/cpu.h"
#include "pipit/span.h"

namespace pipit {

constexpr CpuFeatures kCpuElsewhere = 1u << 31;
constexpr CpuFeatures kCpuAny = 1u << 30;
constexpr int kCpuElsewhereShift = 8;

// For Options::cpu: the memory of a CPU with these features, and kernels that this one can run.
CpuFeatures plan_for(CpuFeatures there);

constexpr bool plans_elsewhere(CpuFeatures cpu) { return (cpu & kCpuElsewhere) != 0; }
// Whose memory is planned.
constexpr CpuFeatures planned_features(CpuFeatures cpu) {
  return plans_elsewhere(cpu) ? (cpu & ~(kCpuElsewhere | kCpuAny)) >> kCpuElsewhereShift : cpu;
}

// A CPU by its name: "cortex-a53".
struct NamedCpu {
  const char* name;
  CpuFeatures features;
  bool in_32_bits, in_64_bits;  // programs that it runs
};
Span<const NamedCpu> named_cpus();

// Whether this build runs there: plans of 32-bit and of 64-bit programs differ.
bool is_of_this_build(const NamedCpu& cpu);

// A name of these, or "any"; false when it is none, or its programs are not of this build's kind.
bool parse_cpu(const char* name, CpuFeatures* cpu);

// What CPUs have that run programs of this build's kind, 64-bit or 32-bit ones: each set once.
Span<const CpuFeatures> possible_features();

}  // namespace pipit
