// SPDX-License-Identifier: Apache-2.0
// Sizes of convolutions and poolings for tests.
#pragma once

#include <string>

#include "kernels/contracts/conv.h"

namespace pipit::test {

// Padding as for an output as large as the input, divided by the stride.
inline ConvGeometry same_size(int32_t h, int32_t w, int32_t in_c, int32_t out_c, int32_t kernel,
                              int32_t stride, int32_t dilation) {
  ConvGeometry g = {.batch = 1, .in_h = h, .in_w = w, .in_c = in_c};
  g.out_h = (h + stride - 1) / stride;
  g.out_w = (w + stride - 1) / stride;
  g.out_c = out_c;
  g.kernel_h = g.kernel_w = kernel;
  g.stride_h = g.stride_w = stride;
  g.dilation_h = g.dilation_w = dilation;
  g.pad_top = g.pad_left = (kernel - 1) * dilation / 2;
  return g;
}

inline std::string describe(const ConvGeometry& g) {
  return "in " + std::to_string(g.in_h) + "x" + std::to_string(g.in_w) + "x" +
         std::to_string(g.in_c) + ", " + std::to_string(g.out_c) + " outputs, kernel " +
         std::to_string(g.kernel_h) + "x" + std::to_string(g.kernel_w) + ", stride " +
         std::to_string(g.stride_h) + ", dilation " + std::to_string(g.dilation_h);
}

}  // namespace pipit::test
