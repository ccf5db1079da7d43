// SPDX-License-Identifier: Apache-2.0
// How the convolutions of quantized float activations are cut, and how much scratch memory that
// takes: arithmetic that any machine can do (see kernels/arm/sizes.cc).
#pragma once

#include "kernels/contracts/conv_hybrid.h"

namespace pipit {
namespace {

constexpr int32_t kBlockBytes = 16 << 10;  // of windows, to stay in the cache while weights pass

struct HybridCut {
  const ConvHybrid& a;
  int32_t depth;
  int32_t pitch;      // bytes from one window to the next
  int32_t positions;  // batch * out_h * out_w
  int32_t block;      // positions at a time
  bool in_place;

  explicit HybridCut(const ConvHybrid& conv) : a(conv) {
    const ConvGeometry& g = a.size;
    depth = g.kernel_h * g.kernel_w * g.in_c;
    positions = g.batch * g.out_h * g.out_w;
    in_place = g.kernel_h * g.kernel_w == 1 && g.stride_h == 1 && g.stride_w == 1 &&
               g.pad_top == 0 && g.pad_left == 0 && g.out_h == g.in_h && g.out_w == g.in_w;
    pitch = in_place ? a.stride.in_pixel : depth;
    block = kBlockBytes / depth < 1 ? 1 : kBlockBytes / depth;
    if (block > positions) block = positions;
  }

  // Enough for parts of the work, too: their windows may be shorter, and their blocks longer.
  ByteCount bytes() const {
    if (in_place) return 0;
    const ByteCount all = ByteCount(positions) * depth;
    const int32_t most = depth > kBlockBytes ? depth : kBlockBytes;
    return all < most ? all : most;
  }

  static ByteCount scratch(const ConvHybrid& a) {
    return countable(a.size) ? HybridCut(a).bytes() : ByteCount::unbounded();
  }
};

}  // namespace
}  // namespace pipit
