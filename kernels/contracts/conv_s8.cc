// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/conv_s8.h"

namespace pipit {
namespace {

constexpr ConvS8Variant kVariants[] = {
    {"portable", kCpuPortable, conv_s8_portable, nullptr},
    {"blocked", kCpuPortable, conv_s8_blocked, conv_s8_blocked_scratch},
#if PIPIT_ARM
    {"neon", kCpuNeon, conv_s8_neon, conv_s8_neon_scratch},
#endif
#if PIPIT_ARM64
    {"dotprod", kCpuNeon | kCpuDotprod, conv_s8_dotprod, conv_s8_dotprod_scratch,
     conv_s8_dotprod_arranged, conv_s8_dotprod_arrange},
    {"i8mm", kCpuNeon | kCpuDotprod | kCpuI8mm, conv_s8_i8mm, conv_s8_i8mm_scratch,
     conv_s8_i8mm_arranged, conv_s8_i8mm_arrange},
#endif
};

}  // namespace

Span<const ConvS8Variant> conv_s8_variants() { return kVariants; }

}  // namespace pipit
