// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/conv_f32.h"

namespace pipit {
namespace {

constexpr ConvF32Variant kVariants[] = {
    {"portable", kCpuPortable, conv_f32_portable, nullptr},
#if PIPIT_ARM
    {"neon", kCpuNeon, conv_f32_neon, conv_f32_neon_scratch},
#endif
};

}  // namespace

Span<const ConvF32Variant> conv_f32_variants() { return kVariants; }

}  // namespace pipit
