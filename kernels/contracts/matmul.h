// SPDX-License-Identifier: Apache-2.0
// Matrix products of activations and weights: what fully connected layers, recurrent cells and
// batched products spend their time in.
//
//   out[r][o] = start[r][o] + sum over k of in[r][k] * weights[o][k]
//
// Both factors are contiguous along k. Integer sums wrap (modulo 2^32 or 2^64), so all variants
// agree bit for bit; float variants may add in any order. Zero points are the caller's business: it
// folds them into `start`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/math/clamp.h"
#include "pipit/cpu.h"
#include "pipit/span.h"

namespace pipit {

template <class In, class Weight, class Sum>
struct Matmul {
  int32_t rows = 1;
  int32_t outputs = 1;
  int32_t depth = 1;
  const In* in = nullptr;           // rows `in_stride` elements apart
  const Weight* weights = nullptr;  // [outputs][depth]
  const Sum* start = nullptr;  // rows `start_stride` apart (0: one row for all); nullptr: zeros
  Sum* out = nullptr;          // rows `out_stride` apart; may be `start`
  ptrdiff_t in_stride = 0;
  ptrdiff_t start_stride = 0;
  ptrdiff_t out_stride = 0;
  bool no_weight_is_min = false;  // no weight is -128: kernels may add two products in 16 bits
};

using MatmulF32 = Matmul<float, float, float>;
using MatmulS8 = Matmul<int8_t, int8_t, int32_t>;
using MatmulU8 = Matmul<uint8_t, uint8_t, int32_t>;
using MatmulS16S8 = Matmul<int16_t, int8_t, int64_t>;
using MatmulS16 = Matmul<int16_t, int16_t, int64_t>;

template <class M>
struct MatmulVariant {
  const char* name;  // names the test case, the benchmark and the step's variant
  CpuFeatures needs;
  void (*run)(const M&);
};

// Every variant in this build, slowest first, the portable one before all.
Span<const MatmulVariant<MatmulF32>> matmul_f32_variants();
Span<const MatmulVariant<MatmulS8>> matmul_s8_variants();
Span<const MatmulVariant<MatmulU8>> matmul_u8_variants();
Span<const MatmulVariant<MatmulS16S8>> matmul_s16s8_variants();
Span<const MatmulVariant<MatmulS16>> matmul_s16_variants();

// Clamps each of n values, where a NaN stays one.
void clamp_f32(float* values, int32_t n, const Clamp<float>& clamp);

void matmul_f32_portable(const MatmulF32& a);
void matmul_f32_neon(const MatmulF32& a);
void matmul_s8_portable(const MatmulS8& a);
void matmul_u8_portable(const MatmulU8& a);
void matmul_s16s8_portable(const MatmulS16S8& a);
void matmul_s16_portable(const MatmulS16& a);

// Only in builds for ARM; dotprod only for 64 bits.
void matmul_s8_neon(const MatmulS8& a);
void matmul_u8_neon(const MatmulU8& a);
void matmul_s8_dotprod(const MatmulS8& a);
void matmul_u8_dotprod(const MatmulU8& a);

}  // namespace pipit
