// SPDX-License-Identifier: Apache-2.0
// How much memory the variants of this folder take: built for every machine, since a plan can be
// made for another one (pipit/planned_cpu.h).
//
// A size is asked of the same struct that the kernel cuts its work by, so that the two cannot
// disagree. "Scratch" is memory for one call, "arranged" what a kernel makes of its weights once
// (see kernels/contracts/variant.h).
#include "kernels/arm/conv_cut.h"
#include "kernels/arm/conv_segments.h"
#include "kernels/arm/depthwise_cut.h"
#include "kernels/arm/hybrid_cut.h"
#include "kernels/arm/resize_cut.h"
#include "kernels/contracts/conv_f32.h"
#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/conv_u8.h"
#include "kernels/contracts/depthwise_f32.h"
#include "kernels/contracts/depthwise_hybrid.h"
#include "kernels/contracts/depthwise_s8.h"
#include "kernels/contracts/depthwise_u8.h"

namespace pipit {
namespace {

// The same cut for both instructions; they differ in how many bytes of depth one of them takes.
template <class Args>
using Dotprod = PanelCut<Args, kDotprodUnit>;
template <class Args>
using I8mm = PanelCut<Args, kI8mmUnit>;

}  // namespace

ByteCount conv_s8_neon_scratch(const ConvS8& a) { return FilterCut::scratch(a); }
ByteCount conv_u8_neon_scratch(const ConvU8& a) { return FilterCut::scratch(a); }
ByteCount conv_s8_dotprod_scratch(const ConvS8& a) { return Dotprod<ConvS8>::scratch(a); }
ByteCount conv_u8_dotprod_scratch(const ConvU8& a) { return Dotprod<ConvU8>::scratch(a); }
ByteCount conv_s8_dotprod_arranged(const ConvS8& a) { return Dotprod<ConvS8>::arranged_bytes(a); }
ByteCount conv_u8_dotprod_arranged(const ConvU8& a) { return Dotprod<ConvU8>::arranged_bytes(a); }
ByteCount conv_s8_i8mm_scratch(const ConvS8& a) { return I8mm<ConvS8>::scratch(a); }
ByteCount conv_u8_i8mm_scratch(const ConvU8& a) { return I8mm<ConvU8>::scratch(a); }
ByteCount conv_s8_i8mm_arranged(const ConvS8& a) { return I8mm<ConvS8>::arranged_bytes(a); }
ByteCount conv_u8_i8mm_arranged(const ConvU8& a) { return I8mm<ConvU8>::arranged_bytes(a); }
ByteCount conv_f32_neon_scratch(const ConvF32& a) { return ConvF32Cut::scratch(a); }
ByteCount conv_hybrid_scratch(const ConvHybrid& a) { return HybridCut::scratch(a); }

ByteCount depthwise_s8_neon_scratch(const DepthwiseS8& a) {
  return depthwise_scratch(a, kDwNeonUnit);
}
ByteCount depthwise_u8_neon_scratch(const DepthwiseU8& a) {
  return depthwise_scratch(a, kDwNeonUnit);
}
ByteCount depthwise_s8_neon_arranged(const DepthwiseS8& a) {
  return depthwise_arranged(a.size, kDwNeonUnit);
}
ByteCount depthwise_u8_neon_arranged(const DepthwiseU8& a) {
  return depthwise_arranged(a.size, kDwNeonUnit);
}
ByteCount depthwise_s8_dotprod_scratch(const DepthwiseS8& a) {
  return depthwise_scratch(a, kDwDotprodUnit);
}
ByteCount depthwise_u8_dotprod_scratch(const DepthwiseU8& a) {
  return depthwise_scratch(a, kDwDotprodUnit);
}
ByteCount depthwise_s8_dotprod_arranged(const DepthwiseS8& a) {
  return depthwise_arranged(a.size, kDwDotprodUnit);
}
ByteCount depthwise_u8_dotprod_arranged(const DepthwiseU8& a) {
  return depthwise_arranged(a.size, kDwDotprodUnit);
}
ByteCount depthwise_f32_neon_scratch(const DepthwiseF32& a) {
  return DepthwiseF32Cut::scratch(a.size);
}
ByteCount depthwise_hybrid_neon_scratch(const DepthwiseHybrid& a) {
  return DepthwiseHybridCut::scratch(a.size);
}

ByteCount resize_bilinear_neon_scratch(const ResizeBilinear<float>& a) { return resize_scratch(a); }
ByteCount resize_bilinear_neon_scratch(const ResizeBilinear<uint8_t>& a) {
  return resize_scratch(a);
}
ByteCount resize_bilinear_neon_scratch(const ResizeBilinear<int8_t>& a) {
  return resize_scratch(a);
}

}  // namespace pipit
