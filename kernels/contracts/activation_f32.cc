// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/activation_f32.h"

namespace pipit {
namespace {

constexpr UnaryVariant kClamp[] = {
    {"portable", kCpuPortable, clamp_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, clamp_f32_neon},
#endif
};

constexpr UnaryVariant kLeakyRelu[] = {
    {"portable", kCpuPortable, leaky_relu_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, leaky_relu_f32_neon},
#endif
};

constexpr UnaryVariant kHardSwish[] = {
    {"portable", kCpuPortable, hard_swish_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, hard_swish_f32_neon},
#endif
};

constexpr UnaryVariant kLogistic[] = {
    {"portable", kCpuPortable, logistic_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, logistic_f32_neon},
#endif
};

constexpr UnaryVariant kTanh[] = {
    {"portable", kCpuPortable, tanh_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, tanh_f32_neon},
#endif
};

constexpr UnaryVariant kElu[] = {
    {"portable", kCpuPortable, elu_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, elu_f32_neon},
#endif
};

constexpr UnaryVariant kGelu[] = {
    {"portable", kCpuPortable, gelu_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, gelu_f32_neon},
#endif
};

constexpr UnaryVariant kGeluByTanh[] = {
    {"portable", kCpuPortable, gelu_by_tanh_f32_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, gelu_by_tanh_f32_neon},
#endif
};

}  // namespace

Span<const UnaryVariant> clamp_f32_variants() { return kClamp; }
Span<const UnaryVariant> leaky_relu_f32_variants() { return kLeakyRelu; }
Span<const UnaryVariant> hard_swish_f32_variants() { return kHardSwish; }
Span<const UnaryVariant> logistic_f32_variants() { return kLogistic; }
Span<const UnaryVariant> tanh_f32_variants() { return kTanh; }
Span<const UnaryVariant> elu_f32_variants() { return kElu; }
Span<const UnaryVariant> gelu_f32_variants() { return kGelu; }
Span<const UnaryVariant> gelu_by_tanh_f32_variants() { return kGeluByTanh; }

}  // namespace pipit
