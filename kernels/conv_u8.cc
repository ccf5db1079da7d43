// SPDX-License-Identifier: Apache-2.0
#include "kernels/conv_u8.h"

namespace pipit {
namespace {

constexpr ConvU8Variant kVariants[] = {
    {"portable", kCpuPortable, conv_u8_portable, nullptr},
};

}  // namespace

Span<const ConvU8Variant> conv_u8_variants() { return kVariants; }

}  // namespace pipit
