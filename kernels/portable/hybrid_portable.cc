// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/hybrid.h"

namespace pipit {
namespace {

struct Extremes {
  float min, max;
};

// In lanes, which the compiler keeps in vectors.
Extremes find_extremes(const float* x, int32_t n) {
  constexpr int32_t kLanes = 16;
  if (n == 0) return {0, 0};
  float min[kLanes], max[kLanes];
  std::fill(min, min + kLanes, x[0]);
  std::fill(max, max + kLanes, x[0]);
  int32_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int32_t l = 0; l < kLanes; ++l) {
      min[l] = x[i + l] < min[l] ? x[i + l] : min[l];
      max[l] = x[i + l] > max[l] ? x[i + l] : max[l];
    }
  }
  Extremes e{min[0], max[0]};
  for (int32_t l = 1; l < kLanes; ++l) {
    e.min = min[l] < e.min ? min[l] : e.min;
    e.max = max[l] > e.max ? max[l] : e.max;
  }
  for (; i < n; ++i) {
    e.min = x[i] < e.min ? x[i] : e.min;
    e.max = x[i] > e.max ? x[i] : e.max;
  }
  return e;
}

// Not a number becomes the lower end.
int8_t to_int8(float x, float min, float max) {
  const float low = x > min ? x : min;
  const float limited = low < max ? low : max;
  return static_cast<int8_t>(static_cast<int32_t>(std::round(limited)));
}

float quantize_symmetric(const float* x, int32_t n, int8_t* q) {
  const Extremes e = find_extremes(x, n);
  const float range = std::fmax(std::fabs(e.min), std::fabs(e.max));
  if (range == 0) {
    std::memset(q, 0, static_cast<size_t>(n));
    return 1;
  }
  const float inverse = 127 / range;
  for (int32_t i = 0; i < n; ++i) q[i] = to_int8(x[i] * inverse, -127, 127);
  return range / 127;
}

// The zero point comes from the end of the range where it is the more exact.
int32_t choose_zero_point(double min, double max, double scale) {
  const double from_min = -128 - min / scale;
  const double from_max = 127 - max / scale;
  const double error_min = 128 + std::fabs(min / scale);
  const double error_max = 127 + std::fabs(max / scale);
  const double zero = error_min < error_max ? from_min : from_max;
  if (!(zero > -128)) return -128;
  return zero >= 127 ? 127 : static_cast<int32_t>(std::round(zero));
}

float quantize_asymmetric(const float* x, int32_t n, int8_t* q, int32_t* zero_point) {
  const Extremes e = find_extremes(x, n);
  const double min = std::fmin(0.0f, e.min);
  const double max = std::fmax(0.0f, e.max);
  *zero_point = 0;
  if (min == max) {
    std::memset(q, 0, static_cast<size_t>(n));
    return 1;
  }
  const double exact = (max - min) / 255;
  *zero_point = choose_zero_point(min, max, exact);
  const auto scale = static_cast<float>(exact);
  const float inverse = 1 / scale;
  const auto offset = static_cast<float>(*zero_point);
  for (int32_t i = 0; i < n; ++i) q[i] = to_int8(offset + x[i] * inverse, -128, 127);
  return scale;
}

// The sum without the share of the zero point.
int32_t less_zeros(int32_t sum, int32_t zero_point, int32_t weight_sum) {
  return static_cast<int32_t>(static_cast<uint32_t>(sum) - static_cast<uint32_t>(zero_point) *
                                                               static_cast<uint32_t>(weight_sum));
}

// Adds sum(o) times the scales to each output of a row.
template <class Sum>
void add_scaled(const HybridMatmul& a, float in_scale, const Sum& sum, float* out) {
  if (a.weight_scale_step == 0) {
    const float scale = in_scale * a.weight_scale[0];
    for (int32_t o = 0; o < a.outputs; ++o) out[o] += static_cast<float>(sum(o)) * scale;
  } else {
    for (int32_t o = 0; o < a.outputs; ++o) {
      out[o] += static_cast<float>(sum(o)) * (in_scale * a.weight_scale[o]);
    }
  }
}

}  // namespace

void quantize_rows(const float* in, ptrdiff_t in_stride, bool asymmetric, const HybridRows& to) {
  for (int32_t r = 0; r < to.rows; ++r, in += in_stride) {
    int8_t* values = to.values + static_cast<ptrdiff_t>(r) * to.depth;
    to.zero_point[r] = 0;
    to.scale[r] = asymmetric ? quantize_asymmetric(in, to.depth, values, &to.zero_point[r])
                             : quantize_symmetric(in, to.depth, values);
  }
}

void hybrid_matmul(const HybridMatmul& a, void (*kernel)(const MatmulS8&)) {
  kernel({.rows = a.in.rows,
          .outputs = a.outputs,
          .depth = a.in.depth,
          .in = a.in.values,
          .weights = a.weights,
          .out = a.sums,
          .in_stride = a.in.depth,
          .out_stride = a.outputs});
  for (int32_t r = 0; r < a.in.rows; ++r) {
    const int32_t* sums = a.sums + static_cast<ptrdiff_t>(r) * a.outputs;
    const int32_t zero_point = a.weight_sums == nullptr ? 0 : a.in.zero_point[r];
    const float scale = a.in.scale[r];
    float* out = a.out + r * a.out_stride;
    if (zero_point != 0) {
      add_scaled(
          a, scale, [&](int32_t o) { return less_zeros(sums[o], zero_point, a.weight_sums[o]); },
          out);
    } else {
      add_scaled(
          a, scale, [&](int32_t o) { return sums[o]; }, out);
    }
  }
}

}  // namespace pipit
