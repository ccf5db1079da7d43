// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/prelu_s8.h"

namespace pipit {
namespace {

constexpr BinaryVariant kVariants[] = {
    {"portable", kCpuPortable, prelu_s8_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, prelu_s8_neon},
#endif
};

}  // namespace

Span<const BinaryVariant> prelu_s8_variants() { return kVariants; }

}  // namespace pipit
