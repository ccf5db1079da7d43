// SPDX-License-Identifier: Apache-2.0
// From integer sums to quantized outputs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/contracts/variant.h"

namespace pipit {

// Rounds halves away from zero; saturates far outside of what any output can hold.
static inline int32_t round_away(double x) {
  constexpr double kLimit = 1 << 30;
  const double limited = x < -kLimit ? -kLimit : (x > kLimit ? kLimit : x);
  const auto whole = static_cast<int32_t>(limited);
  const double rest = limited - whole;  // exact
  return whole + (rest >= 0.5 ? 1 : 0) - (rest <= -0.5 ? 1 : 0);
}

// out[r][o] = clamp(zero_point + round(sums[r][o] * scale[o * scale_step]), min, max)
//
// The product is a double's, as in TensorFlow Lite's fully connected reference kernel; convolutions
// and recurrent cells use fixed-point multipliers instead.
template <class Sum, class Out>
struct Rescale {
  int32_t rows = 1;
  int32_t outputs = 1;
  const Sum* sums = nullptr;  // rows `sums_stride` elements apart
  Out* out = nullptr;         // rows `out_stride` apart
  ptrdiff_t sums_stride = 0;
  ptrdiff_t out_stride = 0;
  const double* scale = nullptr;
  int32_t scale_step = 0;  // 0: one scale for all outputs, 1: one for each
  int32_t zero_point = 0;  // these three are values of Out
  int32_t min = 0;
  int32_t max = 0;
};

using RescaleS8 = Rescale<int32_t, int8_t>;
using RescaleU8 = Rescale<int32_t, uint8_t>;

// Every variant in this build, slowest first. For int16 results there is only the portable one.
template <class Sum, class Out>
Span<const KernelVariant<Rescale<Sum, Out>>> rescale_variants();

void rescale_s8_portable(const RescaleS8& a);
void rescale_u8_portable(const RescaleU8& a);
void rescale_s16_portable(const Rescale<int32_t, int16_t>& a);
void rescale_s64_s16_portable(const Rescale<int64_t, int16_t>& a);

// Only in builds for ARM.
void rescale_s8_neon(const RescaleS8& a);
void rescale_u8_neon(const RescaleU8& a);

}  // namespace pipit
