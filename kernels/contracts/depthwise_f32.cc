// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/depthwise_f32.h"

namespace pipit {
namespace {

constexpr DepthwiseF32Variant kVariants[] = {
    {"portable", kCpuPortable, depthwise_f32_portable, nullptr},
#if PIPIT_ARM
    {"neon", kCpuNeon, depthwise_f32_neon, depthwise_f32_neon_scratch},
#endif
};

}  // namespace

Span<const DepthwiseF32Variant> depthwise_f32_variants() { return kVariants; }

}  // namespace pipit
