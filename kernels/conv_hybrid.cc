// SPDX-License-Identifier: Apache-2.0
#include "kernels/conv_hybrid.h"

namespace pipit {
namespace {

constexpr ConvHybridVariant kVariants[] = {
    {"portable", kCpuPortable, conv_hybrid_portable, nullptr},
};

}  // namespace

Span<const ConvHybridVariant> conv_hybrid_variants() { return kVariants; }

}  // namespace pipit
