// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Three walks over a row: its maximum, exponentials and their sum, and the scaling. Results differ
// from the portable kernel's by the exponential's error, the sum's order, and a product with the
// sum's reciprocal in place of a division. The logarithm of softmax needs no exponentials but for
// their sum.
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "kernels/arm/exp_neon.h"
#include "kernels/arm/unroll.h"
#include "kernels/contracts/softmax.h"
#include "kernels/math/real.h"

namespace pipit {
namespace {

// 32-bit code has half as many registers.
constexpr int kTogether = sizeof(void*) == 8 ? 4 : 2;
constexpr int32_t kBlock = 4 * kTogether;

// Up to three floats, as a vector.
struct Last {
  float v[4] = {};

  Last(const float* in, int32_t n) { std::memcpy(v, in, static_cast<size_t>(n) * sizeof *in); }
  void store(float* out, int32_t n) const {
    std::memcpy(out, v, static_cast<size_t>(n) * sizeof *out);
  }
};

// A NaN is the largest number of all.
float largest(const float* row, int32_t n) {
  float32x4_t best[kTogether];
  unroll<kTogether>([&](auto i) [[gnu::always_inline]] { best[i] = vdupq_n_f32(-FLT_MAX); });
  int32_t c = 0;
  for (; c + kBlock <= n; c += kBlock) {
    unroll<kTogether>([&](auto i) [[gnu::always_inline]] {
      best[i] = vmaxq_f32(best[i], vld1q_f32(row + c + 4 * i));
    });
  }
  for (; c + 4 <= n; c += 4) best[0] = vmaxq_f32(best[0], vld1q_f32(row + c));
  for (; c < n; ++c) best[0] = vmaxq_f32(best[0], vld1q_dup_f32(row + c));
  for (int i = 1; i < kTogether; ++i) best[0] = vmaxq_f32(best[0], best[i]);
  float32x2_t two = vmax_f32(vget_low_f32(best[0]), vget_high_f32(best[0]));
  two = vpmax_f32(two, two);
  return vget_lane_f32(two, 0);
}

struct Exponential {
  float32x4_t max, beta;

  [[gnu::always_inline]] float32x4_t operator()(const float* in) const {
    return exp_of_negative(vmulq_f32(vsubq_f32(vld1q_f32(in), max), beta));
  }
};

// out = f(in), if they are kept; their sum.
template <bool kKeep>
float exponentials(const Exponential& f, const float* in, int32_t n, float* out) {
  float32x4_t sums[kTogether];
  unroll<kTogether>([&](auto i) [[gnu::always_inline]] { sums[i] = vdupq_n_f32(0); });
  int32_t c = 0;
  for (; c + kBlock <= n; c += kBlock) {
    float32x4_t e[kTogether];
    unroll<kTogether>([&](auto i) [[gnu::always_inline]] { e[i] = f(in + c + 4 * i); });
    unroll<kTogether>([&](auto i) [[gnu::always_inline]] {
      sums[i] = vaddq_f32(sums[i], e[i]);
      if (kKeep) vst1q_f32(out + c + 4 * i, e[i]);
    });
  }
  for (; c + 4 <= n; c += 4) {
    const float32x4_t e = f(in + c);
    sums[0] = vaddq_f32(sums[0], e);
    if (kKeep) vst1q_f32(out + c, e);
  }
  for (int i = 1; i < kTogether; ++i) sums[0] = vaddq_f32(sums[0], sums[i]);
  const float32x2_t two = vadd_f32(vget_low_f32(sums[0]), vget_high_f32(sums[0]));
  float sum = vget_lane_f32(vpadd_f32(two, two), 0);
  if (c == n) return sum;
  Last last(in + c, n - c);
  vst1q_f32(last.v, f(last.v));
  if (kKeep) last.store(out + c, n - c);
  for (int32_t i = 0; i < n - c; ++i) sum += last.v[i];
  return sum;
}

void scale(float* row, int32_t n, float factor) {
  const float32x4_t f = vdupq_n_f32(factor);
  int32_t c = 0;
  for (; c + 8 <= n; c += 8) {
    const float32x4_t low = vmulq_f32(vld1q_f32(row + c), f);
    const float32x4_t high = vmulq_f32(vld1q_f32(row + c + 4), f);
    vst1q_f32(row + c, low);
    vst1q_f32(row + c + 4, high);
  }
  for (; c < n; ++c) row[c] *= factor;
}

// out = in - max - log_sum
void subtract(const float* in, int32_t n, float32x4_t max, float log_sum, float* out) {
  const float32x4_t log = vdupq_n_f32(log_sum);
  const auto f = [&](float32x4_t x) { return vsubq_f32(vsubq_f32(x, max), log); };
  int32_t c = 0;
  for (; c + kBlock <= n; c += kBlock) {
    float32x4_t x[kTogether];
    unroll<kTogether>([&](auto i) [[gnu::always_inline]] { x[i] = vld1q_f32(in + c + 4 * i); });
    unroll<kTogether>([&](auto i) [[gnu::always_inline]] { vst1q_f32(out + c + 4 * i, f(x[i])); });
  }
  for (; c + 4 <= n; c += 4) vst1q_f32(out + c, f(vld1q_f32(in + c)));
  if (c == n) return;
  Last last(in + c, n - c);
  vst1q_f32(last.v, f(vld1q_f32(last.v)));
  last.store(out + c, n - c);
}

}  // namespace

void log_softmax_f32_neon(const SoftmaxF32& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    const float* in = a.in + ptrdiff_t{r} * a.depth;
    const Exponential f = {vdupq_n_f32(largest(in, a.depth)), vdupq_n_f32(1)};
    const float sum = exponentials<false>(f, in, a.depth, nullptr);
    subtract(in, a.depth, f.max, real::log(sum), a.out + ptrdiff_t{r} * a.depth);
  }
}

void softmax_f32_neon(const SoftmaxF32& a) {
  // Else the exponents are not all below zero.
  if (!(a.beta >= 0)) return softmax_f32_portable(a);
  for (int32_t r = 0; r < a.rows; ++r) {
    const float* in = a.in + ptrdiff_t{r} * a.depth;
    float* out = a.out + ptrdiff_t{r} * a.depth;
    const Exponential f = {vdupq_n_f32(largest(in, a.depth)), vdupq_n_f32(a.beta)};
    const float sum = exponentials<true>(f, in, a.depth, out);
    scale(out, a.depth, 1 / sum);
  }
}

}  // namespace pipit
