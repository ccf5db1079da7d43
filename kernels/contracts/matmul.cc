// SPDX-License-Identifier: Apache-2.0
// The variants of the matrix products.
#include "kernels/contracts/matmul.h"

namespace pipit {
namespace {

constexpr MatmulVariant<MatmulF32> kF32[] = {
    {"portable", 0, matmul_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, matmul_f32_neon},
#endif
};
constexpr MatmulVariant<MatmulS8> kS8[] = {
    {"portable", 0, matmul_s8_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, matmul_s8_neon},
#endif
#if PIPIT_ARM64
    {"dotprod", kCpuNeon | kCpuDotprod, matmul_s8_dotprod},
#endif
};
constexpr MatmulVariant<MatmulU8> kU8[] = {
    {"portable", 0, matmul_u8_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, matmul_u8_neon},
#endif
#if PIPIT_ARM64
    {"dotprod", kCpuNeon | kCpuDotprod, matmul_u8_dotprod},
#endif
};
constexpr MatmulVariant<MatmulS16S8> kS16S8[] = {
    {"portable", 0, matmul_s16s8_portable},
};
constexpr MatmulVariant<MatmulS16> kS16[] = {
    {"portable", 0, matmul_s16_portable},
};

}  // namespace

Span<const MatmulVariant<MatmulF32>> matmul_f32_variants() { return kF32; }
Span<const MatmulVariant<MatmulS8>> matmul_s8_variants() { return kS8; }
Span<const MatmulVariant<MatmulU8>> matmul_u8_variants() { return kU8; }
Span<const MatmulVariant<MatmulS16S8>> matmul_s16s8_variants() { return kS16S8; }
Span<const MatmulVariant<MatmulS16>> matmul_s16_variants() { return kS16; }

}  // namespace pipit
