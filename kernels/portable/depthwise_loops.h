// SPDX-License-Identifier: Apache-2.0
// The loops that the portable depthwise convolutions share: channels in blocks whose sums stay in
// registers or the nearest cache, innermost and contiguous, so that the compiler turns them into
// vector code.
#pragma once

#include "kernels/portable/conv_loops.h"

namespace pipit {

constexpr int32_t kDepthwiseBlock = 64;

// x[c / multiplier] for the channels [first, first + n).
template <class In>
void repeat_channels(const In* x, int32_t multiplier, int32_t first, int32_t n, In* out) {
  int32_t source = first / multiplier;
  int32_t left = multiplier - first % multiplier;
  for (int32_t i = 0; i < n; ++i) {
    out[i] = x[source];
    if (--left == 0) {
      left = multiplier;
      ++source;
    }
  }
}

// Calls add(sums, activations, weights, n) for each tap and block of channels, on sums of type Sum
// that begin as zeros, and finish(sums, first channel, n, output). Taps outside of the image read
// `border`, or are skipped when it is nullptr.
template <class Sum, class Args, class In, class Add, class Finish>
void depthwise(const Args& a, const In* border, Add add, Finish finish) {
  const ConvGeometry& g = a.size;
  In outside[kDepthwiseBlock];
  for (In& value : outside) value = border != nullptr ? *border : In{0};
  const auto position = [&](const Window& at, const In* in, auto* out) {
    for (int32_t first = 0; first < g.out_c; first += kDepthwiseBlock) {
      const int32_t n = g.out_c - first < kDepthwiseBlock ? g.out_c - first : kDepthwiseBlock;
      Sum sums[kDepthwiseBlock] = {};
      In repeated[kDepthwiseBlock];
      const auto* w = a.weights + first;
      for (int32_t ky = 0; ky < g.kernel_h; ++ky) {
        const bool row_inside = ky >= at.rows.begin && ky < at.rows.end;
        for (int32_t kx = 0; kx < g.kernel_w; ++kx, w += a.weights_tap) {
          if (!row_inside || kx < at.columns.begin || kx >= at.columns.end) {
            if (border != nullptr) add(sums, outside, w, n);
            continue;
          }
          const ptrdiff_t line = (at.y + ptrdiff_t{ky} * g.dilation_h) * g.in_w;
          const In* x = in + (line + at.x + kx * g.dilation_w) * a.stride.in_pixel;
          if (a.multiplier != 1) repeat_channels(x, a.multiplier, first, n, repeated);
          add(sums, a.multiplier != 1 ? repeated : x + first, w, n);
        }
      }
      finish(sums, first, n, out + first);
    }
  };
  for_each_position(g, a.stride, a.in, a.out, position);
}

}  // namespace pipit
