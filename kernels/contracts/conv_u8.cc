// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/conv_u8.h"

namespace pipit {
namespace {

constexpr ConvU8Variant kVariants[] = {
    {"portable", kCpuPortable, conv_u8_portable, nullptr},
    {"blocked", kCpuPortable, conv_u8_blocked, conv_u8_blocked_scratch},
#if PIPIT_ARM
    {"neon", kCpuNeon, conv_u8_neon, conv_u8_neon_scratch},
#endif
#if PIPIT_ARM64
    {"dotprod", kCpuNeon | kCpuDotprod, conv_u8_dotprod, conv_u8_dotprod_scratch,
     conv_u8_dotprod_arranged, conv_u8_dotprod_arrange},
    {"i8mm", kCpuNeon | kCpuDotprod | kCpuI8mm, conv_u8_i8mm, conv_u8_i8mm_scratch,
     conv_u8_i8mm_arranged, conv_u8_i8mm_arrange},
#endif
};

}  // namespace

Span<const ConvU8Variant> conv_u8_variants() { return kVariants; }

}  // namespace pipit
