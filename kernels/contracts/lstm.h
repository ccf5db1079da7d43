// SPDX-License-Identifier: Apache-2.0
// The element-wise parts of LSTM cells, in real and in fixed-point numbers. Rows of `n` elements
// are contiguous.
#pragma once

#include <cstdint>

namespace pipit {

// ---- float32

// Each row to mean 0 and deviation 1, times weights, plus bias.
void normalize_f32(float* rows, int32_t count, int32_t n, const float* weights, const float* bias);

// rows[r][i] += weights[i] * scale * values[r][i]
void add_scaled_rows_f32(float* rows, int32_t count, int32_t n, const float* weights,
                         const float* values);
void add_scaled_rows_f32(float* rows, int32_t count, int32_t n, const int8_t* weights, float scale,
                         const float* values);

// cell = forget * cell + input * update; input is 1 - forget when it is nullptr.
void update_cell_f32(float* cell, int32_t n, const float* input, const float* forget,
                     const float* update);

// Into [-limit, limit], when limit is positive.
void clip_f32(float* values, int32_t n, float limit);

// ---- fixed point: gates have 3 integer bits before their activation and none after it

struct FixedMultiplier {
  int32_t multiplier = 0;
  int32_t shift = 0;
};

// rows[i] = saturate(rows[i] + sums[i] * m)
void add_rescaled_s16(int16_t* rows, int32_t n, const int32_t* sums, FixedMultiplier m);

// rows[r * pitch + i] = saturate(same + weights[i] * values[r * pitch + i] * m)
void add_scaled_rows_s16(int16_t* rows, int32_t count, int32_t n, int32_t pitch,
                         const int16_t* weights, const int16_t* values, FixedMultiplier m);

struct NormalizeS16 {
  const int16_t* weights = nullptr;
  const int32_t* bias = nullptr;
  FixedMultiplier scale;   // of the weights, times 2^12
  int32_t variance_guard;  // takes the place of a variance below 1
};
void normalize_s16(int16_t* rows, int32_t count, int32_t n, const NormalizeS16& a);

void gate_logistic_s16(int16_t* values, int32_t n);
void gate_tanh_s16(const int16_t* in, int32_t n, int integer_bits, int16_t* out);

// As update_cell_f32; the products of gates are shifted right by `shift` to the cell's scale.
void update_cell_s16(int16_t* cell, int32_t n, const int16_t* input, const int16_t* forget,
                     const int16_t* update, int shift, int16_t limit);

// out = clamp(zero_point + gate * value * m)
void multiply_gate_s8(const int16_t* gate, const int16_t* values, int32_t n, FixedMultiplier m,
                      int32_t zero_point, int8_t* out);

}  // namespace pipit
