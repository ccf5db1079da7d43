// SPDX-License-Identifier: Apache-2.0
// Float activations times 8-bit weights: every row of activations is quantized on the fly, the
// products are summed as integers, and the sums are scaled back.
//
//   q[r][k] = round(in[r][k] / scale[r]) + zero_point[r]
//   out[r][o] += (sum over k of (q[r][k] - zero_point[r]) * weights[o][k])
//                * scale[r] * weight_scale[o]
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/matmul.h"

namespace pipit {

// Rows of activations, quantized; the arrays are the caller's.
struct HybridRows {
  int8_t* values = nullptr;  // [rows][depth]
  float* scale = nullptr;    // [rows]
  int32_t* zero_point = nullptr;
  int32_t rows = 0;
  int32_t depth = 0;
};

// Symmetric: the largest magnitude becomes 127. Asymmetric: the range, extended to hold 0, becomes
// -128..127. Rows of `in` are `in_stride` elements apart.
void quantize_rows(const float* in, ptrdiff_t in_stride, bool asymmetric, const HybridRows& to);

struct HybridMatmul {
  HybridRows in;
  const int8_t* weights = nullptr;       // [outputs][depth]
  const float* weight_scale = nullptr;   // [outputs], or one if weight_scale_step is 0
  const int32_t* weight_sums = nullptr;  // [outputs], sums over k; nullptr: all zero points are 0
  int32_t weight_scale_step = 0;
  int32_t outputs = 0;
  int32_t* sums = nullptr;  // scratch, [rows][outputs]
  float* out = nullptr;     // rows `out_stride` apart, added to
  ptrdiff_t out_stride = 0;
};

void hybrid_matmul(const HybridMatmul& a, void (*kernel)(const MatmulS8&));

}  // namespace pipit
