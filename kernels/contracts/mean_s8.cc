// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/mean_s8.h"

namespace pipit {
namespace {

constexpr MeanS8Variant kVariants[] = {
    {"portable", kCpuPortable, mean_s8_portable, nullptr},
#if PIPIT_ARM
    {"neon", kCpuNeon, mean_s8_neon, nullptr},
#endif
};

}  // namespace

Span<const MeanS8Variant> mean_s8_variants() { return kVariants; }

}  // namespace pipit
