// SPDX-License-Identifier: Apache-2.0
#include "pipit/planned_cpu.h"

#include <cstring>

namespace pipit {
namespace {

constexpr CpuFeatures kDotprod = kCpuNeon | kCpuDotprod, kI8mm = kDotprod | kCpuI8mm;
constexpr bool k64Bits = sizeof(void*) == 8;
#if defined(__aarch64__)
constexpr bool kIsArm64 = true;  // never without NEON
#else
constexpr bool kIsArm64 = false;
#endif

// In the order of their age. 32-bit programs have no kernels beyond NEON.
constexpr NamedCpu kCpus[] = {
    {"arm1176", kCpuPortable, true, false}, {"cortex-a5", kCpuNeon, true, false},
    {"cortex-a7", kCpuNeon, true, false},   {"cortex-a8", kCpuNeon, true, false},
    {"cortex-a9", kCpuNeon, true, false},   {"cortex-a15", kCpuNeon, true, false},
    {"cortex-a17", kCpuNeon, true, false},  {"cortex-a32", kCpuNeon, true, false},
    {"cortex-a35", kCpuNeon, true, true},   {"cortex-a53", kCpuNeon, true, true},
    {"cortex-a57", kCpuNeon, true, true},   {"cortex-a72", kCpuNeon, true, true},
    {"cortex-a73", kCpuNeon, true, true},   {"cortex-a55", kDotprod, true, true},
    {"cortex-a75", kDotprod, true, true},   {"cortex-a76", kDotprod, true, true},
    {"cortex-a77", kDotprod, true, true},   {"cortex-a78", kDotprod, true, true},
    {"neoverse-n1", kDotprod, true, true},  {"cortex-x1", kDotprod, true, true},
    {"cortex-a510", kI8mm, false, true},    {"cortex-a520", kI8mm, false, true},
    {"cortex-a710", kI8mm, true, true},     {"cortex-a715", kI8mm, false, true},
    {"cortex-a720", kI8mm, false, true},    {"cortex-x2", kI8mm, false, true},
    {"neoverse-n2", kI8mm, false, true},    {"neoverse-v1", kI8mm, false, true},
    {"x86-64", kCpuPortable, false, true},
};

constexpr CpuFeatures kOf32Bits[] = {kCpuPortable, kCpuNeon};
constexpr CpuFeatures kOf64Bits[] = {kCpuPortable, kCpuNeon, kDotprod, kI8mm};

}  // namespace

CpuFeatures plan_for(CpuFeatures there) {
  return kCpuElsewhere | there << kCpuElsewhereShift | (there & detect_cpu());
}

Span<const NamedCpu> named_cpus() { return kCpus; }

bool is_of_this_build(const NamedCpu& cpu) {
  if (kIsArm64 && cpu.features == kCpuPortable) return false;
  return k64Bits ? cpu.in_64_bits : cpu.in_32_bits;
}

bool parse_cpu(const char* name, CpuFeatures* cpu) {
  if (std::strcmp(name, "any") == 0) {
    *cpu = kCpuAny;
    return true;
  }
  if (std::strcmp(name, k64Bits ? "aarch64" : "armhf") == 0) {
    *cpu = any_with(k64Bits ? kCpuNeon : kCpuPortable);
    return true;
  }
  for (const NamedCpu& known : kCpus) {
    if (std::strcmp(known.name, name) != 0 || !is_of_this_build(known)) continue;
    *cpu = plan_for(k64Bits ? known.features : known.features & kCpuNeon);
    return true;
  }
  return false;
}

Span<const CpuFeatures> possible_features() {
  const Span<const CpuFeatures> all = k64Bits ? Span<const CpuFeatures>(kOf64Bits) : kOf32Bits;
  return kIsArm64 ? all.subspan(1, all.size() - 1) : all;
}

}  // namespace pipit
