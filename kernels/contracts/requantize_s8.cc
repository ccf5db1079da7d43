// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/requantize_s8.h"

namespace pipit {
namespace {

constexpr RequantizeS8Variant kVariants[] = {
    {"portable", kCpuPortable, requantize_s8_portable, nullptr},
#if PIPIT_ARM
    {"neon", kCpuNeon, requantize_s8_neon, nullptr},
#endif
};

}  // namespace

Span<const RequantizeS8Variant> requantize_s8_variants() { return kVariants; }

}  // namespace pipit
