// SPDX-License-Identifier: Apache-2.0
// The variants of a kernel, and the choice among them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pipit/cpu.h"
#include "pipit/span.h"

namespace pipit {

// One implementation of the kernel whose argument struct is Args. The list of a kernel has every
// variant in this build, slowest first; the first is the portable one: it needs nothing and defines
// the right answer.
template <class Args>
struct KernelVariant {
  const char* name;  // names the test case, the benchmark and the step's variant
  CpuFeatures needs;
  void (*run)(const Args&);
  // Bytes of scratch, aligned to 16, for these sizes (pointers are not read); nullptr: none. They
  // suffice for a part of the work as well: fewer images, rows of one image, channels or taps.
  size_t (*scratch)(const Args&);
};

// The last variant that `cpu` can run. Never nothing: the first one needs no feature.
template <class Variant>
const Variant& choose(Span<const Variant> variants, CpuFeatures cpu) {
  size_t best = 0;
  for (size_t i = 1; i < variants.size(); ++i) {
    if ((variants[i].needs & ~cpu) == 0) best = i;
  }
  return variants[best];
}

}  // namespace pipit
