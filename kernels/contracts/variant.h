// SPDX-License-Identifier: Apache-2.0
// The variants of a kernel, and the choice among them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pipit/byte_count.h"
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
  // suffice for a part of the work as well: fewer images, rows of one image, channels or taps. The
  // sizes may be any numbers; where the variant cannot count them, it asks for unbounded memory.
  ByteCount (*scratch)(const Args&);
  // What the variant first makes of the weights, for who calls it often, for some rows of the
  // output at a time: so many bytes, aligned to 16, filled for sizes of which all calls are parts.
  // A call with Args::arranged then need not do it again. nullptr: there is nothing to gain.
  ByteCount (*arranged_bytes)(const Args&) = nullptr;
  void (*arrange)(const Args&, uint8_t* to) = nullptr;
};

// The last variant that `cpu` can run and `accepts` does not turn down. Never nothing: the first
// one needs no feature, and is not asked about.
template <class Variant, class Accepts>
const Variant& choose(Span<const Variant> variants, CpuFeatures cpu, const Accepts& accepts) {
  for (size_t i = variants.size(); i-- > 1;) {
    if ((variants[i].needs & ~cpu) == 0 && accepts(variants[i])) return variants[i];
  }
  return variants[0];
}

template <class Variant>
const Variant& choose(Span<const Variant> variants, CpuFeatures cpu) {
  return choose(variants, cpu, [](const Variant&) { return true; });
}

}  // namespace pipit
