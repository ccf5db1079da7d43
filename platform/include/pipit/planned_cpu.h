// SPDX-License-Identifier: Apache-2.0
// Plans for the CPU of another machine: a program on a PC asks what a model takes on a board.
//
//   pipit::Options options;
//   pipit::parse_cpu("cortex-a76", &options.cpu);  // or "any"
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
// Any CPU that has at least these features.
constexpr CpuFeatures any_with(CpuFeatures least) { return kCpuAny | least << kCpuElsewhereShift; }

// For Options::cpu: the memory of a CPU with these features, and kernels that this one can run.
CpuFeatures plan_for(CpuFeatures there);

constexpr bool plans_elsewhere(CpuFeatures cpu) { return (cpu & kCpuElsewhere) != 0; }
// Whose memory is planned.
constexpr CpuFeatures planned_features(CpuFeatures cpu) {
  const CpuFeatures planned = (cpu & ~(kCpuElsewhere | kCpuAny)) >> kCpuElsewhereShift;
  return (cpu & (kCpuElsewhere | kCpuAny)) != 0 ? planned : cpu;
}

// A CPU by its name: "cortex-a53".
struct NamedCpu {
  const char* name;
  CpuFeatures features;
  bool in_32_bits, in_64_bits;  // programs that it runs
};
Span<const NamedCpu> named_cpus();

// Whether this build knows its plans: those of 32-bit and of 64-bit programs differ. (On a PC, a
// 64-bit one knows those of the PC and of 64-bit ARM.)
bool is_of_this_build(const NamedCpu& cpu);

// A name of these; "aarch64" or "armhf" for any ARM CPU with 64-bit or 32-bit programs; or "any"
// for these and this machine. False when it is none of them, or this build does not know its plans.
bool parse_cpu(const char* name, CpuFeatures* cpu);

// What the CPUs have that this build knows: each set once, from the least to the most.
Span<const CpuFeatures> possible_features();

}  // namespace pipit
