// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/row_sums.h"

namespace pipit {
namespace {

constexpr RowSumsVariant kVariants[] = {
    {"portable", kCpuPortable, row_sums_portable, nullptr},
#if PIPIT_ARM
    {"neon", kCpuNeon, row_sums_neon, nullptr},
#endif
};

}  // namespace

Span<const RowSumsVariant> row_sums_variants() { return kVariants; }

}  // namespace pipit
