// SPDX-License-Identifier: Apache-2.0
// Float activations times 8-bit weights: every row of activations is quantized on the fly, the
// products are summed as integers, and the sums are scaled back.
//
//   q[r][k] = round(in[r][k] / scale[r]) + zero_point[r]
//   out[r][o] = clamp(start[r][o] + (sum over k of (q[r][k] - zero_point[r]) * weights[o][k])
//                                   * scale[r] * weight_scale[o])
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/contracts/matmul.h"

namespace pipit {

// ---- kernels

// Of some numbers and 0; what is not a number does not count.
struct Extremes {
  float min = 0, max = 0;
};

// q[i] = round(clamp(offset + x[i] * factor, min, 127)), halves away from zero. What is not a
// number becomes `offset`, an integer.
struct RoundS8 {
  const float* x = nullptr;
  int8_t* q = nullptr;
  int32_t n = 0;
  float factor = 1, offset = 0, min = -128;
};

// out[i] = clamp(start[i] + (sums[i] - zero_point * weight_sums[i]) * scale * weight_scale[i]).
// What is not a number stays one. The scales are multiplied first; the sum may be a fused one.
struct AddScaled {
  int32_t n = 0;
  const int32_t* sums = nullptr;
  const int32_t* weight_sums = nullptr;  // not read where zero_point is 0
  int32_t zero_point = 0;
  float scale = 1;
  const float* weight_scale = nullptr;  // one if weight_scale_step is 0
  int32_t weight_scale_step = 0;
  const float* start = nullptr;  // nullptr: zeros; may be `out`
  float* out = nullptr;
  float min = -INFINITY, max = INFINITY;
};

struct HybridVariant {
  const char* name;  // names the test case and the step's variant
  CpuFeatures needs;
  Extremes (*extremes)(const float* x, int32_t n);
  void (*round)(const RoundS8&);
  void (*products)(const MatmulS8&);
  void (*add_scaled)(const AddScaled&);
};

// Every variant in this build, slowest first, the portable one before all.
Span<const HybridVariant> hybrid_variants();

Extremes extremes_portable(const float* x, int32_t n);
void round_s8_portable(const RoundS8& a);
void add_scaled_portable(const AddScaled& a);

// Only in builds for ARM.
Extremes extremes_neon(const float* x, int32_t n);
void round_s8_neon(const RoundS8& a);
void add_scaled_neon(const AddScaled& a);

// ---- what they are for

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
void quantize_rows(const HybridVariant& kernels, const float* in, ptrdiff_t in_stride,
                   bool asymmetric, const HybridRows& to);

struct HybridMatmul {
  HybridRows in;
  const int8_t* weights = nullptr;       // [outputs][depth]
  const float* weight_scale = nullptr;   // [outputs], or one if weight_scale_step is 0
  const int32_t* weight_sums = nullptr;  // [outputs], sums over k; nullptr: all zero points are 0
  int32_t weight_scale_step = 0;
  int32_t outputs = 0;
  int32_t* sums = nullptr;       // scratch, [rows][outputs]
  const float* start = nullptr;  // rows `start_stride` apart (0: one row for all); nullptr: zeros
  float* out = nullptr;          // rows `out_stride` apart; may be `start`
  ptrdiff_t start_stride = 0;
  ptrdiff_t out_stride = 0;
  float min = -INFINITY, max = INFINITY;
};

void hybrid_matmul(const HybridVariant& kernels, const HybridMatmul& a);

}  // namespace pipit
