// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/conv_hybrid.h"

namespace pipit {
namespace {

constexpr ConvHybridVariant kVariants[] = {
    {"portable", kCpuPortable, conv_hybrid_portable, nullptr},
#if PIPIT_ARM
    {"neon", kCpuNeon, conv_hybrid_neon, conv_hybrid_scratch},
#endif
#if PIPIT_ARM64
    {"dotprod", kCpuNeon | kCpuDotprod, conv_hybrid_dotprod, conv_hybrid_scratch},
#endif
};

}  // namespace

Span<const ConvHybridVariant> conv_hybrid_variants() { return kVariants; }

}  // namespace pipit
