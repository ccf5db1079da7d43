// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/conv_s16.h"

namespace pipit {
namespace {

constexpr ConvS16Variant kVariants[] = {
    {"portable", kCpuPortable, conv_s16_portable, nullptr},
};

}  // namespace

Span<const ConvS16Variant> conv_s16_variants() { return kVariants; }

}  // namespace pipit
