// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/depthwise_s16.h"

namespace pipit {
namespace {

constexpr DepthwiseS16Variant kVariants[] = {
    {"portable", kCpuPortable, depthwise_s16_portable, nullptr},
};

}  // namespace

Span<const DepthwiseS16Variant> depthwise_s16_variants() { return kVariants; }

}  // namespace pipit
