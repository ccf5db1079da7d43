// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/quantize_f32.h"

namespace pipit {
namespace {

constexpr QuantizeF32Variant kQuantizeS8[] = {
    {"portable", kCpuPortable, quantize_f32_s8_portable},
#if PIPIT_ARM64
    {"neon", kCpuNeon, quantize_f32_s8_neon},
#endif
};

constexpr DequantizeS8Variant kDequantizeS8[] = {
    {"portable", kCpuPortable, dequantize_s8_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, dequantize_s8_neon},
#endif
};

}  // namespace

Span<const QuantizeF32Variant> quantize_f32_s8_variants() { return kQuantizeS8; }
Span<const DequantizeS8Variant> dequantize_s8_variants() { return kDequantizeS8; }

}  // namespace pipit
