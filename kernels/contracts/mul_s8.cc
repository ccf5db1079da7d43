// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/mul_s8.h"

namespace pipit {
namespace {

constexpr BinaryVariant kS8[] = {
    {"portable", kCpuPortable, mul_s8_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, mul_s8_neon},
#endif
};

constexpr BinaryVariant kS16[] = {
    {"portable", kCpuPortable, mul_s16_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, mul_s16_neon},
#endif
};

}  // namespace

Span<const BinaryVariant> mul_s8_variants() { return kS8; }
Span<const BinaryVariant> mul_s16_variants() { return kS16; }

}  // namespace pipit
