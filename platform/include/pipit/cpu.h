// SPDX-License-Identifier: Apache-2.0
// What the CPU offers beyond its baseline.
#pragma once

#include <cstdint>

namespace pipit {

// A set of the bits below.
using CpuFeatures = uint32_t;

enum : CpuFeatures {
  kCpuPortable = 0,
  kCpuNeon = 1u << 0,     // Advanced SIMD: every aarch64 CPU, most armv7 ones
  kCpuDotprod = 1u << 1,  // SDOT/UDOT: Cortex-A55, A75, A76 (Pi 5) and newer
  kCpuI8mm = 1u << 2,     // SMMLA: Armv8.6
};

// Asks the operating system (getauxval); never probes with an instruction.
CpuFeatures detect_cpu();

// "portable", "neon", "dotprod" or "i8mm": the set up to and including that instruction set.
// Returns false for any other name.
bool parse_isa(const char* name, CpuFeatures* features);

// The name of the best instruction set in `features`.
const char* isa_name(CpuFeatures features);

}  // namespace pipit
