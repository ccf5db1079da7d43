// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/add_s8.h"

namespace pipit {
namespace {

constexpr BinaryVariant kS8[] = {
    {"portable", kCpuPortable, add_s8_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, add_s8_neon},
#endif
};

constexpr BinaryVariant kS16[] = {
    {"portable", kCpuPortable, add_s16_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, add_s16_neon},
#endif
};

}  // namespace

Span<const BinaryVariant> add_s8_variants() { return kS8; }
Span<const BinaryVariant> add_s16_variants() { return kS16; }

}  // namespace pipit
