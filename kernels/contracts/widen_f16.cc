// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/widen_f16.h"

namespace pipit {
namespace {

constexpr UnaryVariant kVariants[] = {
    {"portable", kCpuPortable, widen_f16_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, widen_f16_neon},
#endif
};

}  // namespace

Span<const UnaryVariant> widen_f16_variants() { return kVariants; }

}  // namespace pipit
