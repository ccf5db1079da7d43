// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/softmax.h"

namespace pipit {
namespace {

constexpr SoftmaxF32Variant kF32[] = {
    {"portable", kCpuPortable, softmax_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, softmax_f32_neon},
#endif
};

constexpr SoftmaxF32Variant kLogF32[] = {
    {"portable", kCpuPortable, log_softmax_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, log_softmax_f32_neon},
#endif
};

constexpr SoftmaxS8Variant kS8[] = {
    {"portable", kCpuPortable, softmax_s8_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, softmax_s8_neon},
#endif
};

}  // namespace

Span<const SoftmaxF32Variant> softmax_f32_variants() { return kF32; }
Span<const SoftmaxF32Variant> log_softmax_f32_variants() { return kLogF32; }
Span<const SoftmaxS8Variant> softmax_s8_variants() { return kS8; }

}  // namespace pipit
