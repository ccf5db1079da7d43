// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/depthwise_hybrid.h"

namespace pipit {
namespace {

constexpr DepthwiseHybridVariant kVariants[] = {
    {"portable", kCpuPortable, depthwise_hybrid_portable, nullptr},
#if PIPIT_ARM
    {"neon", kCpuNeon, depthwise_hybrid_neon, depthwise_hybrid_neon_scratch},
#endif
};

}  // namespace

Span<const DepthwiseHybridVariant> depthwise_hybrid_variants() { return kVariants; }

}  // namespace pipit
