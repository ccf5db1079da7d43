// SPDX-License-Identifier: Apache-2.0
// The element-wise parts of integer LSTM cells that have variants. lstm.h tells what each does.
#pragma once

#include <cstdint>

#include "kernels/contracts/lstm.h"
#include "pipit/cpu.h"
#include "pipit/span.h"

namespace pipit {

struct LstmS16Variant {
  const char* name;
  CpuFeatures needs;
  void (*add_rescaled)(int16_t* rows, int32_t n, const int32_t* sums, FixedMultiplier m);
  void (*logistic)(int16_t* values, int32_t n);
  void (*tanh)(const int16_t* in, int32_t n, int integer_bits, int16_t* out);  // 0 to 6 bits
  void (*update_cell)(int16_t* cell, int32_t n, const int16_t* input, const int16_t* forget,
                      const int16_t* update, int shift, int16_t limit);
  void (*multiply_gate)(const int16_t* gate, const int16_t* values, int32_t n, FixedMultiplier m,
                        int32_t zero_point, int8_t* out);
};

// Every variant in this build, slowest first; the first one is made of the functions in lstm.h.
Span<const LstmS16Variant> lstm_s16_variants();

// Only in builds for ARM.
void add_rescaled_s16_neon(int16_t* rows, int32_t n, const int32_t* sums, FixedMultiplier m);
void gate_logistic_s16_neon(int16_t* values, int32_t n);
void gate_tanh_s16_neon(const int16_t* in, int32_t n, int integer_bits, int16_t* out);
void update_cell_s16_neon(int16_t* cell, int32_t n, const int16_t* input, const int16_t* forget,
                          const int16_t* update, int shift, int16_t limit);
void multiply_gate_s8_neon(const int16_t* gate, const int16_t* values, int32_t n, FixedMultiplier m,
                           int32_t zero_point, int8_t* out);

}  // namespace pipit
