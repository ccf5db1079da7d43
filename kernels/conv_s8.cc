// SPDX-License-Identifier: Apache-2.0
#include "kernels/conv_s8.h"

namespace pipit {
namespace {

constexpr ConvS8Variant kVariants[] = {
    {"portable", kCpuPortable, conv_s8_portable, nullptr},
};

}  // namespace

Span<const ConvS8Variant> conv_s8_variants() { return kVariants; }

}  // namespace pipit
