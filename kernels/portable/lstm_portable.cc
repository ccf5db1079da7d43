// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/contracts/lstm.h"
#include "kernels/math/fixed_exp.h"
#include "kernels/math/fixed_point.h"
#include "kernels/math/fixed_point_functions.h"

namespace pipit {
namespace {

int16_t saturate(int32_t x) { return static_cast<int16_t>(clamp(x, INT16_MIN, INT16_MAX)); }

}  // namespace

// Two passes: the variance is that of the differences from the mean, as in the reference kernel.
void normalize_f32(float* rows, int32_t count, int32_t n, const float* weights, const float* bias) {
  for (int32_t r = 0; r < count; ++r, rows += n) {
    float sum = 0;
    for (int32_t i = 0; i < n; ++i) sum += rows[i];
    const float mean = sum / static_cast<float>(n);
    float squares = 0;
    for (int32_t i = 0; i < n; ++i) squares += (rows[i] - mean) * (rows[i] - mean);
    const float inverse = 1 / std::sqrt(squares / static_cast<float>(n) + 1e-8f);
    for (int32_t i = 0; i < n; ++i) rows[i] = (rows[i] - mean) * inverse * weights[i] + bias[i];
  }
}

void add_scaled_rows_f32(float* rows, int32_t count, int32_t n, const float* weights,
                         const float* values) {
  for (int32_t r = 0; r < count; ++r, rows += n, values += n) {
    for (int32_t i = 0; i < n; ++i) rows[i] += weights[i] * values[i];
  }
}

void add_scaled_rows_f32(float* rows, int32_t count, int32_t n, const int8_t* weights, float scale,
                         const float* values) {
  for (int32_t r = 0; r < count; ++r, rows += n, values += n) {
    for (int32_t i = 0; i < n; ++i) rows[i] += scale * static_cast<float>(weights[i]) * values[i];
  }
}

void update_cell_f32(float* cell, int32_t n, const float* input, const float* forget,
                     const float* update) {
  for (int32_t i = 0; i < n; ++i) {
    const float in = input == nullptr ? 1 - forget[i] : input[i];
    cell[i] = forget[i] * cell[i] + in * update[i];
  }
}

void clip_f32(float* values, int32_t n, float limit) {
  if (!(limit > 0)) return;
  for (int32_t i = 0; i < n; ++i) {
    const float low = values[i] < -limit ? -limit : values[i];
    values[i] = low > limit ? limit : low;
  }
}

void add_rescaled_s16(int16_t* rows, int32_t n, const int32_t* sums, FixedMultiplier m) {
  for (int32_t i = 0; i < n; ++i) {
    const int64_t sum = int64_t{rows[i]} + multiply(sums[i], m.multiplier, m.shift);
    rows[i] = fixed::saturate<int16_t>(sum);
  }
}

void add_scaled_rows_s16(int16_t* rows, int32_t count, int32_t n, int32_t pitch,
                         const int16_t* weights, const int16_t* values, FixedMultiplier m) {
  for (int32_t r = 0; r < count; ++r, rows += pitch, values += pitch) {
    for (int32_t i = 0; i < n; ++i) {
      const int64_t sum =
          int64_t{rows[i]} + multiply(int32_t{weights[i] * values[i]}, m.multiplier, m.shift);
      rows[i] = fixed::saturate<int16_t>(sum);
    }
  }
}

void normalize_s16(int16_t* rows, int32_t count, int32_t n, const NormalizeS16& a) {
  constexpr int64_t kUnit = 1 << 20;  // the square of the 2^10 that resolve normalized values
  for (int32_t r = 0; r < count; ++r, rows += n) {
    int64_t sum = 0, squares = 0;
    for (int32_t i = 0; i < n; ++i) {
      sum += rows[i];
      squares += rows[i] * rows[i];
    }
    // With 10 bits behind the point, cut off. The variance is the mean of the squares less the
    // square of the mean, in units of 2^-20.
    const auto mean = static_cast<int32_t>(sum * 1024 / n);
    const int64_t variance = squares * (kUnit / n) - int64_t{mean} * mean;
    const auto whole = static_cast<int32_t>(variance / kUnit);
    int shift = 0;
    const int32_t inverse = inverse_root(whole < 1 ? a.variance_guard : whole, &shift);
    for (int32_t i = 0; i < n; ++i) {
      // (x - mean) / deviation with 10 bits behind the point.
      const int32_t scaled = multiply(1024 * rows[i] - mean, inverse, -shift);
      const int64_t weighted = int64_t{scaled} * a.weights[i] + a.bias[i];
      const auto rounded =
          static_cast<int32_t>((weighted > 0 ? weighted + 512 : weighted - 512) / 1024);
      rows[i] = saturate(multiply(rounded, a.scale.multiplier, a.scale.shift));
    }
  }
}

void gate_logistic_s16(int16_t* values, int32_t n) {
  for (int32_t i = 0; i < n; ++i) values[i] = fixed::logistic(values[i], 3);
}

void gate_tanh_s16(const int16_t* in, int32_t n, int integer_bits, int16_t* out) {
  for (int32_t i = 0; i < n; ++i) out[i] = fixed::tanh(in[i], integer_bits);
}

void update_cell_s16(int16_t* cell, int32_t n, const int16_t* input, const int16_t* forget,
                     const int16_t* update, int shift, int16_t limit) {
  const int32_t most = limit > 0 ? limit : INT16_MAX;
  const int32_t least = limit > 0 ? -limit : INT16_MIN;
  for (int32_t i = 0; i < n; ++i) {
    const int32_t in = input == nullptr ? INT16_MAX - forget[i] : input[i];
    // Each product is stored in 16 bits before they are added.
    const auto kept = static_cast<int16_t>(rounding_shift_right(forget[i] * cell[i], 15));
    const auto added =
        static_cast<int16_t>(rounding_shift_right(static_cast<int16_t>(in) * update[i], shift));
    cell[i] = static_cast<int16_t>(clamp(saturate(kept + added), least, most));
  }
}

void multiply_gate_s8(const int16_t* gate, const int16_t* values, int32_t n, FixedMultiplier m,
                      int32_t zero_point, int8_t* out) {
  for (int32_t i = 0; i < n; ++i) {
    const int64_t scaled = multiply(int32_t{gate[i] * values[i]}, m.multiplier, m.shift);
    out[i] = fixed::saturate<int8_t>(scaled + zero_point);
  }
}

}  // namespace pipit
