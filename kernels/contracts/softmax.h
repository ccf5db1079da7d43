// SPDX-License-Identifier: Apache-2.0
// Softmax over the rows of a matrix: out[r][c] = e(r, c) / (sum over k of e(r, k)).
//
//   f32:  e(r, c) = exp((in[r][c] - max[r]) * beta); its logarithm with beta = 1 also as such,
//         (in[r][c] - max[r]) - log(sum over k of e(r, k))
//   s8:   e(r, c) = exp[max[r] - in[r][c]], from a table of fixed-point numbers (Q0); the division
//         as in fixed_point_functions.h
//   scaled: the same quotient of real numbers, in units of any scale
#pragma once

#include <cstdint>

#include "pipit/cpu.h"
#include "pipit/span.h"

namespace pipit {

struct SoftmaxF32 {
  const float* in = nullptr;  // [rows][depth]
  float* out = nullptr;       // may be `in`
  int32_t rows = 0;
  int32_t depth = 0;
  float beta = 1;
};

struct SoftmaxS8 {
  const uint8_t* in = nullptr;  // [rows][depth]
  void* out = nullptr;          // bytes (may be `in`) or int16
  int32_t rows = 0;
  int32_t depth = 0;
  const int32_t* exp = nullptr;  // [256], falling
  uint8_t flip = 0;              // 0x80: in, and out if bytes, are int8; 0: uint8
};

// Results of any quantization, and exponents that may rise or fall:
//   e(r, c) = exp[distance of in[r][c] from the row's largest number], or from its smallest
//   out[r][c] = clamp(zero_point + round(e(r, c) / (scale * sum over k of e(r, k))))
struct SoftmaxScaled {
  const uint8_t* in = nullptr;  // [rows][depth]
  void* out = nullptr;          // bytes (may be `in`) or int16
  int32_t rows = 0;
  int32_t depth = 0;
  const float* exp = nullptr;  // [256], falling
  bool from_smallest = false;
  uint8_t flip = 0;  // as above
  float scale = 0;
  int32_t zero_point = 0;
};

using SoftmaxF32Fn = void (*)(const SoftmaxF32&);
using SoftmaxS8Fn = void (*)(const SoftmaxS8&);

struct SoftmaxF32Variant {
  const char* name;
  CpuFeatures needs;
  SoftmaxF32Fn run;
};

struct SoftmaxS8Variant {
  const char* name;
  CpuFeatures needs;
  SoftmaxS8Fn run;
};

// Every variant in this build, slowest first.
Span<const SoftmaxF32Variant> softmax_f32_variants();
Span<const SoftmaxF32Variant> log_softmax_f32_variants();
Span<const SoftmaxS8Variant> softmax_s8_variants();

void softmax_f32_portable(const SoftmaxF32& a);
void log_softmax_f32_portable(const SoftmaxF32& a);
void softmax_s8_portable(const SoftmaxS8& a);
void softmax_s8_s16_portable(const SoftmaxS8& a);  // int16 results
void softmax_scaled_s8(const SoftmaxScaled& a);
void softmax_scaled_u8(const SoftmaxScaled& a);
void softmax_scaled_s16(const SoftmaxScaled& a);

// Only in builds for ARM.
void softmax_f32_neon(const SoftmaxF32& a);
void log_softmax_f32_neon(const SoftmaxF32& a);
void softmax_s8_neon(const SoftmaxS8& a);

}  // namespace pipit
