// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/depthwise_s8.h"

namespace pipit {
namespace {

constexpr DepthwiseS8Variant kVariants[] = {
    {"portable", kCpuPortable, depthwise_s8_portable, nullptr},
    {"blocked", kCpuPortable, depthwise_s8_blocked, depthwise_s8_blocked_scratch},
#if PIPIT_ARM
    {"neon", kCpuNeon, depthwise_s8_neon, depthwise_s8_neon_scratch, depthwise_s8_neon_arranged,
     depthwise_s8_neon_arrange},
#endif
#if PIPIT_ARM64
    {"dotprod", kCpuNeon | kCpuDotprod, depthwise_s8_dotprod, depthwise_s8_dotprod_scratch,
     depthwise_s8_dotprod_arranged, depthwise_s8_dotprod_arrange},
#endif
};

}  // namespace

Span<const DepthwiseS8Variant> depthwise_s8_variants() { return kVariants; }

}  // namespace pipit
