// SPDX-License-Identifier: Apache-2.0
// From real numbers to quantized ones and back.
//
//   quantize:    out[i] = clamp(zero_point + round(in[i] / scale), min, max)
//   dequantize:  out[i] = (in[i] - zero_point) * scale
//
// The quotient is a float's and halves round away from zero. It saturates at both ends of 32 bits
// before the zero point is added, without overflow; what is not a number becomes the zero point.
#pragma once

#include <cstdint>

#include "pipit/cpu.h"
#include "pipit/span.h"

namespace pipit {

struct QuantizeF32 {
  const float* in = nullptr;
  void* out = nullptr;
  int32_t n = 0;
  float scale = 1;
  int32_t zero_point = 0;
  int32_t min = 0;
  int32_t max = 0;
};

using QuantizeF32Fn = void (*)(const QuantizeF32&);

struct QuantizeF32Variant {
  const char* name;
  CpuFeatures needs;
  QuantizeF32Fn run;
};

// To bytes, int8 or uint8 as min and max tell, slowest first.
Span<const QuantizeF32Variant> quantize_f32_s8_variants();

void quantize_f32_s8_portable(const QuantizeF32& a);
void quantize_f32_s8_neon(const QuantizeF32& a);  // only in builds for 64-bit ARM
void quantize_f32_s16_portable(const QuantizeF32& a);

struct DequantizeS8 {
  const int8_t* in = nullptr;
  float* out = nullptr;
  int32_t n = 0;
  float scale = 1;
  int32_t zero_point = 0;
  uint8_t flip = 0;  // 0x80 reads uint8, with a zero point less 128
};

using DequantizeS8Fn = void (*)(const DequantizeS8&);

struct DequantizeS8Variant {
  const char* name;
  CpuFeatures needs;
  DequantizeS8Fn run;
};

Span<const DequantizeS8Variant> dequantize_s8_variants();

void dequantize_s8_portable(const DequantizeS8& a);
void dequantize_s8_neon(const DequantizeS8& a);  // only in builds for ARM

}  // namespace pipit
