// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/depthwise_u8.h"

namespace pipit {
namespace {

constexpr DepthwiseU8Variant kVariants[] = {
    {"portable", kCpuPortable, depthwise_u8_portable, nullptr},
    {"blocked", kCpuPortable, depthwise_u8_blocked, depthwise_u8_blocked_scratch},
#if PIPIT_ARM
    {"neon", kCpuNeon, depthwise_u8_neon, depthwise_u8_neon_scratch, depthwise_u8_neon_arranged,
     depthwise_u8_neon_arrange},
#endif
#if PIPIT_ARM64
    {"dotprod", kCpuNeon | kCpuDotprod, depthwise_u8_dotprod, depthwise_u8_dotprod_scratch,
     depthwise_u8_dotprod_arranged, depthwise_u8_dotprod_arrange},
#endif
};

}  // namespace

Span<const DepthwiseU8Variant> depthwise_u8_variants() { return kVariants; }

}  // namespace pipit
