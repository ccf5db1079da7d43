// SPDX-License-Identifier: Apache-2.0
#include "kernels/depthwise_s8.h"

namespace pipit {
namespace {

constexpr DepthwiseS8Variant kVariants[] = {
    {"portable", kCpuPortable, depthwise_s8_portable, nullptr},
#if PIPIT_ARM
    {"neon", kCpuNeon, depthwise_s8_neon, depthwise_s8_neon_scratch},
#endif
#if PIPIT_ARM64
    {"dotprod", kCpuNeon | kCpuDotprod, depthwise_s8_dotprod, depthwise_s8_dotprod_scratch},
#endif
};

}  // namespace

Span<const DepthwiseS8Variant> depthwise_s8_variants() { return kVariants; }

}  // namespace pipit
