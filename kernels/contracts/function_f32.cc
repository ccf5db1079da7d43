// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/function_f32.h"

namespace pipit {
namespace {

constexpr UnaryVariant kAbs[] = {
    {"portable", kCpuPortable, abs_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, abs_f32_neon},
#endif
};

constexpr UnaryVariant kNeg[] = {
    {"portable", kCpuPortable, neg_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, neg_f32_neon},
#endif
};

constexpr UnaryVariant kSquare[] = {
    {"portable", kCpuPortable, square_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, square_f32_neon},
#endif
};

constexpr UnaryVariant kExp[] = {
    {"portable", kCpuPortable, exp_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, exp_f32_neon},
#endif
};

// 32-bit code has neither roots nor divisions of vectors, and rounds them by no instruction.
constexpr UnaryVariant kSqrt[] = {
    {"portable", kCpuPortable, sqrt_f32_portable},
#if PIPIT_ARM64
    {"neon", kCpuNeon, sqrt_f32_neon},
#endif
};

constexpr UnaryVariant kRsqrt[] = {
    {"portable", kCpuPortable, rsqrt_f32_portable},
#if PIPIT_ARM64
    {"neon", kCpuNeon, rsqrt_f32_neon},
#endif
};

constexpr UnaryVariant kFloor[] = {
    {"portable", kCpuPortable, floor_f32_portable},
#if PIPIT_ARM64
    {"neon", kCpuNeon, floor_f32_neon},
#endif
};

constexpr UnaryVariant kCeil[] = {
    {"portable", kCpuPortable, ceil_f32_portable},
#if PIPIT_ARM64
    {"neon", kCpuNeon, ceil_f32_neon},
#endif
};

constexpr UnaryVariant kRound[] = {
    {"portable", kCpuPortable, round_f32_portable},
#if PIPIT_ARM64
    {"neon", kCpuNeon, round_f32_neon},
#endif
};

}  // namespace

Span<const UnaryVariant> abs_f32_variants() { return kAbs; }
Span<const UnaryVariant> neg_f32_variants() { return kNeg; }
Span<const UnaryVariant> square_f32_variants() { return kSquare; }
Span<const UnaryVariant> exp_f32_variants() { return kExp; }
Span<const UnaryVariant> sqrt_f32_variants() { return kSqrt; }
Span<const UnaryVariant> rsqrt_f32_variants() { return kRsqrt; }
Span<const UnaryVariant> floor_f32_variants() { return kFloor; }
Span<const UnaryVariant> ceil_f32_variants() { return kCeil; }
Span<const UnaryVariant> round_f32_variants() { return kRound; }

}  // namespace pipit
