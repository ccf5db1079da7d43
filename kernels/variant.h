// SPDX-License-Identifier: Apache-2.0
// Chooses a kernel's variant.
#pragma once

#include "pipit/cpu.h"
#include "pipit/span.h"

namespace pipit {

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
