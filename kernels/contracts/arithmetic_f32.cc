// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/arithmetic_f32.h"

namespace pipit {
namespace {

constexpr BinaryVariant kAdd[] = {
    {"portable", kCpuPortable, add_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, add_f32_neon},
#endif
};

constexpr BinaryVariant kSub[] = {
    {"portable", kCpuPortable, sub_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, sub_f32_neon},
#endif
};

constexpr BinaryVariant kMul[] = {
    {"portable", kCpuPortable, mul_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, mul_f32_neon},
#endif
};

// 32-bit code has no vector division.
constexpr BinaryVariant kDiv[] = {
    {"portable", kCpuPortable, div_f32_portable},
#if PIPIT_ARM64
    {"neon", kCpuNeon, div_f32_neon},
#endif
};

constexpr BinaryVariant kSquaredDifference[] = {
    {"portable", kCpuPortable, squared_difference_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, squared_difference_f32_neon},
#endif
};

constexpr BinaryVariant kMax[] = {
    {"portable", kCpuPortable, max_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, max_f32_neon},
#endif
};

constexpr BinaryVariant kMin[] = {
    {"portable", kCpuPortable, min_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, min_f32_neon},
#endif
};

constexpr BinaryVariant kPrelu[] = {
    {"portable", kCpuPortable, prelu_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, prelu_f32_neon},
#endif
};

}  // namespace

Span<const BinaryVariant> add_f32_variants() { return kAdd; }
Span<const BinaryVariant> sub_f32_variants() { return kSub; }
Span<const BinaryVariant> mul_f32_variants() { return kMul; }
Span<const BinaryVariant> div_f32_variants() { return kDiv; }
Span<const BinaryVariant> squared_difference_f32_variants() { return kSquaredDifference; }
Span<const BinaryVariant> max_f32_variants() { return kMax; }
Span<const BinaryVariant> min_f32_variants() { return kMin; }
Span<const BinaryVariant> prelu_f32_variants() { return kPrelu; }

}  // namespace pipit
