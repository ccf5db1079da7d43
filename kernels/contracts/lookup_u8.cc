// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/lookup_u8.h"

namespace pipit {
namespace {

constexpr UnaryVariant kVariants[] = {
    {"portable", kCpuPortable, lookup_u8_portable},
#if PIPIT_ARM64
    {"neon", kCpuNeon, lookup_u8_neon},
#endif
};

}  // namespace

Span<const UnaryVariant> lookup_u8_variants() { return kVariants; }

}  // namespace pipit
