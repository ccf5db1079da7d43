// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/copy_box.h"

namespace pipit {
namespace {

constexpr CopyBoxVariant kVariants[] = {
    {"portable", kCpuPortable, copy_box_portable},
};

constexpr CopyBoxVariant kTranspositions[] = {
    {"portable", kCpuPortable, copy_box_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, copy_box_neon},
#endif
};

// Whether `outer` goes on where `inner` ends, in both places.
bool one_run(const CopyDim& outer, const CopyDim& inner) {
  const auto continues = [&](int32_t step, int32_t inner_step) {
    return step == static_cast<int64_t>(inner_step) * inner.size;
  };
  return continues(outer.in_step, inner.in_step) && continues(outer.out_step, inner.out_step);
}

}  // namespace

Span<const CopyBoxVariant> copy_box_variants() { return kVariants; }
Span<const CopyBoxVariant> transposition_variants() { return kTranspositions; }

CopyMatrix find_matrix(const CopyBox& a) {
  const int32_t side = tile_side(a.element);
  CopyMatrix m;
  for (int32_t d = 0; side > 0 && d < a.rank; ++d) {
    if (a.dims[d].size < side) continue;
    if (a.dims[d].in_step == a.element) m.row = d;
    if (a.dims[d].out_step == a.element) m.column = d;
  }
  return m;
}

void CopyDims::simplify() {
  int32_t n = 0;
  for (int32_t i = 0; i < rank; ++i) {
    const CopyDim d = dims[i];
    // Nothing to copy: one empty dimension says so.
    if (d.size == 0) {
      dims[0] = d;
      rank = 1;
      return;
    }
    if (d.size == 1) continue;
    if (n > 0 && one_run(dims[n - 1], d)) {
      dims[n - 1] = {dims[n - 1].size * d.size, d.in_step, d.out_step};
    } else {
      dims[n++] = d;
    }
  }
  // Not more than one such dimension is left, since neighbours of that kind were merged.
  if (n > 0 && dims[n - 1].in_step == element && dims[n - 1].out_step == element) {
    element *= dims[--n].size;
  }
  rank = n;
}

}  // namespace pipit
