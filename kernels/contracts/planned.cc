// SPDX-License-Identifier: Apache-2.0
// Each list has the names and needs of the kernel's own list in a build for ARM, in the same order:
// choose() then picks what it would pick on that machine, and a plan asks for the same memory.
#include "kernels/contracts/planned.h"

namespace pipit {
namespace {

constexpr CpuFeatures kNeon = kCpuNeon, kDotprod = kCpuNeon | kCpuDotprod,
                      kI8mm = kCpuNeon | kCpuDotprod | kCpuI8mm;

// The portable kernel reads weights where they lie.
template <class Args>
void arrange_nothing(const Args&, uint8_t*) {}

constexpr ConvF32Variant kConvF32[] = {
    {"portable", kCpuPortable, conv_f32_portable, nullptr},
    {"neon", kNeon, conv_f32_portable, conv_f32_neon_scratch},
};
constexpr ConvHybridVariant kConvHybrid[] = {
    {"portable", kCpuPortable, conv_hybrid_portable, nullptr},
    {"neon", kNeon, conv_hybrid_portable, conv_hybrid_scratch},
    {"dotprod", kDotprod, conv_hybrid_portable, conv_hybrid_scratch},
};
constexpr ConvS8Variant kConvS8[] = {
    {"portable", kCpuPortable, conv_s8_portable, nullptr},
    {"blocked", kCpuPortable, conv_s8_blocked, conv_s8_blocked_scratch},
    {"neon", kNeon, conv_s8_portable, conv_s8_neon_scratch},
    {"dotprod", kDotprod, conv_s8_portable, conv_s8_dotprod_scratch, conv_s8_dotprod_arranged,
     arrange_nothing},
    {"i8mm", kI8mm, conv_s8_portable, conv_s8_i8mm_scratch, conv_s8_i8mm_arranged, arrange_nothing},
};
constexpr ConvU8Variant kConvU8[] = {
    {"portable", kCpuPortable, conv_u8_portable, nullptr},
    {"blocked", kCpuPortable, conv_u8_blocked, conv_u8_blocked_scratch},
    {"neon", kNeon, conv_u8_portable, conv_u8_neon_scratch},
    {"dotprod", kDotprod, conv_u8_portable, conv_u8_dotprod_scratch, conv_u8_dotprod_arranged,
     arrange_nothing},
    {"i8mm", kI8mm, conv_u8_portable, conv_u8_i8mm_scratch, conv_u8_i8mm_arranged, arrange_nothing},
};
constexpr DepthwiseF32Variant kDepthwiseF32[] = {
    {"portable", kCpuPortable, depthwise_f32_portable, nullptr},
    {"neon", kNeon, depthwise_f32_portable, depthwise_f32_neon_scratch},
};
constexpr DepthwiseHybridVariant kDepthwiseHybrid[] = {
    {"portable", kCpuPortable, depthwise_hybrid_portable, nullptr},
    {"neon", kNeon, depthwise_hybrid_portable, depthwise_hybrid_neon_scratch},
};
constexpr DepthwiseS8Variant kDepthwiseS8[] = {
    {"portable", kCpuPortable, depthwise_s8_portable, nullptr},
    {"blocked", kCpuPortable, depthwise_s8_blocked, depthwise_s8_blocked_scratch},
    {"neon", kNeon, depthwise_s8_portable, depthwise_s8_neon_scratch, depthwise_s8_neon_arranged,
     arrange_nothing},
    {"dotprod", kDotprod, depthwise_s8_portable, depthwise_s8_dotprod_scratch,
     depthwise_s8_dotprod_arranged, arrange_nothing},
};
constexpr DepthwiseU8Variant kDepthwiseU8[] = {
    {"portable", kCpuPortable, depthwise_u8_portable, nullptr},
    {"blocked", kCpuPortable, depthwise_u8_blocked, depthwise_u8_blocked_scratch},
    {"neon", kNeon, depthwise_u8_portable, depthwise_u8_neon_scratch, depthwise_u8_neon_arranged,
     arrange_nothing},
    {"dotprod", kDotprod, depthwise_u8_portable, depthwise_u8_dotprod_scratch,
     depthwise_u8_dotprod_arranged, arrange_nothing},
};
template <class T>
constexpr ResizeBilinearVariant<T> kResizeBilinear[] = {
    {"portable", kCpuPortable, resize_bilinear_portable, nullptr},
    {"neon", kNeon, resize_bilinear_portable, resize_bilinear_neon_scratch},
};

}  // namespace

Span<const ConvF32Variant> planned_variants(Span<const ConvF32Variant>) { return kConvF32; }
Span<const ConvHybridVariant> planned_variants(Span<const ConvHybridVariant>) {
  return kConvHybrid;
}
Span<const ConvS8Variant> planned_variants(Span<const ConvS8Variant>) { return kConvS8; }
Span<const ConvU8Variant> planned_variants(Span<const ConvU8Variant>) { return kConvU8; }
Span<const DepthwiseF32Variant> planned_variants(Span<const DepthwiseF32Variant>) {
  return kDepthwiseF32;
}
Span<const DepthwiseHybridVariant> planned_variants(Span<const DepthwiseHybridVariant>) {
  return kDepthwiseHybrid;
}
Span<const DepthwiseS8Variant> planned_variants(Span<const DepthwiseS8Variant>) {
  return kDepthwiseS8;
}
Span<const DepthwiseU8Variant> planned_variants(Span<const DepthwiseU8Variant>) {
  return kDepthwiseU8;
}
Span<const ResizeBilinearVariant<float>> planned_variants(
    Span<const ResizeBilinearVariant<float>>) {
  return kResizeBilinear<float>;
}
Span<const ResizeBilinearVariant<uint8_t>> planned_variants(
    Span<const ResizeBilinearVariant<uint8_t>>) {
  return kResizeBilinear<uint8_t>;
}
Span<const ResizeBilinearVariant<int8_t>> planned_variants(
    Span<const ResizeBilinearVariant<int8_t>>) {
  return kResizeBilinear<int8_t>;
}

}  // namespace pipit
