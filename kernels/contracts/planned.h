// SPDX-License-Identifier: Apache-2.0
// Variants of kernels to plan for another machine with (pipit/planned_cpu.h): they take as much
// memory as those of that machine, and the portable kernel, which needs none, computes. There are
// lists of the kernels whose variants take memory.
#pragma once

#include "kernels/contracts/conv_f32.h"
#include "kernels/contracts/conv_hybrid.h"
#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/conv_u8.h"
#include "kernels/contracts/depthwise_f32.h"
#include "kernels/contracts/depthwise_hybrid.h"
#include "kernels/contracts/depthwise_s8.h"
#include "kernels/contracts/depthwise_u8.h"
#include "kernels/contracts/resize_bilinear.h"

namespace pipit {

// In place of a kernel's list.
Span<const ConvF32Variant> planned_variants(Span<const ConvF32Variant>);
Span<const ConvHybridVariant> planned_variants(Span<const ConvHybridVariant>);
Span<const ConvS8Variant> planned_variants(Span<const ConvS8Variant>);
Span<const ConvU8Variant> planned_variants(Span<const ConvU8Variant>);
Span<const DepthwiseF32Variant> planned_variants(Span<const DepthwiseF32Variant>);
Span<const DepthwiseHybridVariant> planned_variants(Span<const DepthwiseHybridVariant>);
Span<const DepthwiseS8Variant> planned_variants(Span<const DepthwiseS8Variant>);
Span<const DepthwiseU8Variant> planned_variants(Span<const DepthwiseU8Variant>);
Span<const ResizeBilinearVariant<float>> planned_variants(Span<const ResizeBilinearVariant<float>>);
Span<const ResizeBilinearVariant<uint8_t>> planned_variants(
    Span<const ResizeBilinearVariant<uint8_t>>);
Span<const ResizeBilinearVariant<int8_t>> planned_variants(
    Span<const ResizeBilinearVariant<int8_t>>);

}  // namespace pipit
