// SPDX-License-Identifier: Apache-2.0
#include "kernels/depthwise_u8.h"

namespace pipit {
namespace {

constexpr DepthwiseU8Variant kVariants[] = {
    {"portable", kCpuPortable, depthwise_u8_portable, nullptr},
};

}  // namespace

Span<const DepthwiseU8Variant> depthwise_u8_variants() { return kVariants; }

}  // namespace pipit
