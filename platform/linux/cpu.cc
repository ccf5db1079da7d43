// SPDX-License-Identifier: Apache-2.0
#include "pipit/cpu.h"

#include <sys/auxv.h>

#include <cstring>

namespace pipit {
namespace {

struct Isa {
  const char* name;
  CpuFeatures features;
};

// From the least to the most; each includes the ones before it.
constexpr Isa kIsas[] = {
    {"portable", kCpuPortable},
    {"neon", kCpuNeon},
    {"dotprod", kCpuNeon | kCpuDotprod},
    {"i8mm", kCpuNeon | kCpuDotprod | kCpuI8mm},
};

}  // namespace

CpuFeatures detect_cpu() {
  CpuFeatures features = kCpuPortable;
#if defined(__aarch64__)
  // Bits of the Linux ABI (asm/hwcap.h), spelled out because older headers lack the newer ones.
  constexpr unsigned long kAsimd = 1ul << 1, kRdm = 1ul << 12, kAsimdDp = 1ul << 20,
                          kI8mm2 = 1ul << 13;
  const unsigned long caps = getauxval(AT_HWCAP);
  if ((caps & kAsimd) != 0) features |= kCpuNeon;
  // The files that are built for dotprod also use the instructions of ARMv8.1.
  if ((caps & kRdm) != 0 && (caps & kAsimdDp) != 0) features |= kCpuDotprod;
  if ((getauxval(AT_HWCAP2) & kI8mm2) != 0) features |= kCpuI8mm;
#elif defined(__arm__)
  constexpr unsigned long kNeon = 1ul << 12;
  if ((getauxval(AT_HWCAP) & kNeon) != 0) features |= kCpuNeon;
#endif
  return features;
}

bool parse_isa(const char* name, CpuFeatures* features) {
  for (const Isa& isa : kIsas) {
    if (std::strcmp(isa.name, name) != 0) continue;
    *features = isa.features;
    return true;
  }
  return false;
}

const char* isa_name(CpuFeatures features) {
  const char* best = kIsas[0].name;
  for (const Isa& isa : kIsas) {
    if ((isa.features & ~features) == 0) best = isa.name;
  }
  return best;
}

}  // namespace pipit
