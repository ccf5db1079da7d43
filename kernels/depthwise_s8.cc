// SPDX-License-Identifier: Apache-2.0
#include "kernels/depthwise_s8.h"

namespace pipit {
namespace {

constexpr DepthwiseS8Variant kVariants[] = {
    {"portable", kCpuPortable, depthwise_s8_portable, nullptr},
};

}  // namespace

Span<const DepthwiseS8Variant> depthwise_s8_variants() { return kVariants; }

}  // namespace pipit
