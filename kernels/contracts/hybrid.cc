// SPDX-License-Identifier: Apache-2.0
// The variants of what float activations need that meet 8-bit weights, and the numbers that are
// found once for each row.
#include "kernels/contracts/hybrid.h"

#include <cmath>
#include <cstring>

#include "core/to_integer.h"

namespace pipit {
namespace {

constexpr HybridVariant kVariants[] = {
    {"portable", kCpuPortable, extremes_portable, round_s8_portable, matmul_s8_portable,
     add_scaled_portable},
#if PIPIT_ARM
    {"neon", kCpuNeon, extremes_neon, round_s8_neon, matmul_s8_neon, add_scaled_neon},
#endif
#if PIPIT_ARM64
    {"dotprod", kCpuNeon | kCpuDotprod, extremes_neon, round_s8_neon, matmul_s8_dotprod,
     add_scaled_neon},
#endif
};

// The scale of a row that is all zeros.
float set_zeros(int8_t* q, int32_t n) {
  std::memset(q, 0, static_cast<size_t>(n));
  return 1;
}

float quantize_symmetric(const HybridVariant& kernels, const float* x, int32_t n, int8_t* q) {
  const Extremes e = kernels.extremes(x, n);
  const float range = std::fmax(-e.min, e.max);
  if (range == 0) return set_zeros(q, n);
  // Not the inverse of the scale below: two roundings could give another last bit.
  kernels.round({.x = x, .q = q, .n = n, .factor = 127 / range, .offset = 0, .min = -127});
  return range / 127;
}

// The zero point comes from the end of the range where it is the more exact.
int32_t choose_zero_point(double min, double max, double scale) {
  const double from_min = -128 - min / scale;
  const double from_max = 127 - max / scale;
  const double error_min = 128 + std::fabs(min / scale);
  const double error_max = 127 + std::fabs(max / scale);
  const double zero = error_min < error_max ? from_min : from_max;
  return to_integer<int8_t>(std::round(zero), -128);
}

float quantize_asymmetric(const HybridVariant& kernels, const float* x, int32_t n, int8_t* q,
                          int32_t* zero_point) {
  const Extremes e = kernels.extremes(x, n);
  *zero_point = 0;
  if (e.min == e.max) return set_zeros(q, n);
  const double exact = (static_cast<double>(e.max) - static_cast<double>(e.min)) / 255;
  *zero_point = choose_zero_point(static_cast<double>(e.min), static_cast<double>(e.max), exact);
  const auto scale = static_cast<float>(exact);
  const auto offset = static_cast<float>(*zero_point);
  kernels.round({.x = x, .q = q, .n = n, .factor = 1 / scale, .offset = offset, .min = -128});
  return scale;
}

}  // namespace

Span<const HybridVariant> hybrid_variants() { return kVariants; }

void quantize_rows(const HybridVariant& kernels, const float* in, ptrdiff_t in_stride,
                   bool asymmetric, const HybridRows& to) {
  for (int32_t r = 0; r < to.rows; ++r, in += in_stride) {
    int8_t* values = to.values + static_cast<ptrdiff_t>(r) * to.depth;
    to.zero_point[r] = 0;
    to.scale[r] = asymmetric ? quantize_asymmetric(kernels, in, to.depth, values, &to.zero_point[r])
                             : quantize_symmetric(kernels, in, to.depth, values);
  }
}

void hybrid_matmul(const HybridVariant& kernels, const HybridMatmul& a) {
  kernels.products({.rows = a.in.rows,
                    .outputs = a.outputs,
                    .depth = a.in.depth,
                    .in = a.in.values,
                    .weights = a.weights,
                    .out = a.sums,
                    .in_stride = a.in.depth,
                    .out_stride = a.outputs});
  for (int32_t r = 0; r < a.in.rows; ++r) {
    kernels.add_scaled({.n = a.outputs,
                        .sums = a.sums + static_cast<ptrdiff_t>(r) * a.outputs,
                        .weight_sums = a.weight_sums,
                        .zero_point = a.weight_sums == nullptr ? 0 : a.in.zero_point[r],
                        .scale = a.in.scale[r],
                        .weight_scale = a.weight_scale,
                        .weight_scale_step = a.weight_scale_step,
                        .start = a.start == nullptr ? nullptr : a.start + r * a.start_stride,
                        .out = a.out + r * a.out_stride,
                        .min = a.min,
                        .max = a.max});
  }
}

}  // namespace pipit
