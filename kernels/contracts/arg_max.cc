// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/arg_max.h"

namespace pipit {
namespace {

constexpr KernelVariant<ArgMaxU8> kVariants[] = {
    {"portable", kCpuPortable, arg_max_u8_portable, nullptr},
#if PIPIT_ARM
    {"neon", kCpuNeon, arg_max_u8_neon, nullptr},
#endif
};

}  // namespace

Span<const KernelVariant<ArgMaxU8>> arg_max_u8_variants() { return kVariants; }

}  // namespace pipit
