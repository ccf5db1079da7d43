// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Sixteen channels at a time, whose totals stay in registers: a load and one instruction (for
// maxima in 32-bit code three) for four numbers. An average is the sum times a reciprocal.
#include <arm_neon.h>

#include <cfloat>

#include "kernels/arm/pool_windows.h"
#include "kernels/arm/unroll.h"

namespace pipit {
namespace {

// The larger number; what is none never is.
#if PIPIT_ARM64
[[gnu::always_inline]] inline float32x4_t larger(float32x4_t best, float32x4_t x) {
  return vmaxnmq_f32(best, x);
}
#else
[[gnu::always_inline]] inline float32x4_t larger(float32x4_t best, float32x4_t x) {
  const uint32x4_t number = vcageq_f32(x, vdupq_n_f32(0));
  return vmaxq_f32(best, vbslq_f32(number, x, best));
}
#endif

// One to three channels of a pixel, or four.
template <int n>
[[gnu::always_inline]] inline float32x4_t load(const float* p) {
  if constexpr (n == 4) return vld1q_f32(p);
  if constexpr (n == 1) return vld1q_dup_f32(p);
  if constexpr (n == 2) return vcombine_f32(vld1_f32(p), vdup_n_f32(0));
  return vcombine_f32(vld1_f32(p), vld1_dup_f32(p + 2));
}
template <int n>
[[gnu::always_inline]] inline void store(float* p, float32x4_t x) {
  if constexpr (n == 4) return vst1q_f32(p, x);
  if constexpr (n == 1) return vst1q_lane_f32(p, x, 0);
  vst1_f32(p, vget_low_f32(x));
  if constexpr (n == 3) vst1q_lane_f32(p + 2, x, 2);
}

// Some vectors of channels.
template <int kVectors, int kChannels, class Fold>
[[gnu::always_inline]] inline void pool_vectors(const Fold& f, const Pixels<float>& w, int32_t c,
                                                float* out) {
  float32x4_t totals[kVectors];
  unroll<kVectors>([&](auto i) [[gnu::always_inline]] { totals[i] = f.start(); });
  const float* line = w.first + c;
  for (int32_t y = 0; y < w.rows; ++y, line += w.row) {
    const float* p = line;
    for (int32_t x = 0; x < w.columns; ++x, p += w.pixel) {
      unroll<kVectors>([&](auto i) [[gnu::always_inline]] {
        totals[i] = f.step(totals[i], load<kChannels>(p + 4 * i));
      });
    }
  }
  f.finish_all(totals, w.count());
  unroll<kVectors>([&](auto i) [[gnu::always_inline]] {
    store<kChannels>(out + c + 4 * i, vminq_f32(vmaxq_f32(totals[i], f.min), f.max));
  });
}

struct Sums {
  float32x4_t min, max;

  static float32x4_t start() { return vdupq_n_f32(0); }
  static float32x4_t step(float32x4_t total, float32x4_t x) { return vaddq_f32(total, x); }
  template <int n>
  static void finish_all(float32x4_t (&totals)[n], int32_t count) {
    const float32x4_t r = vdupq_n_f32(1 / static_cast<float>(count));
    unroll<n>([&](auto i) [[gnu::always_inline]] { totals[i] = vmulq_f32(totals[i], r); });
  }
};

struct Maxima {
  float32x4_t min, max;

  static float32x4_t start() { return vdupq_n_f32(-FLT_MAX); }
  static float32x4_t step(float32x4_t best, float32x4_t x) { return larger(best, x); }
  template <int n>
  static void finish_all(float32x4_t (&)[n], int32_t) {}
};

// The last vectors of at least four channels may overlap. Fewer have instances of their own, since
// threads may share the channels and a result must not depend on how.
template <class Fold>
void pool(const Pool<float>& a) {
  const Fold f = {vdupq_n_f32(a.clamp.min), vdupq_n_f32(a.clamp.max)};
  const int32_t n = a.size.out_c;
  for_each_window(a, [&](const Pixels<float>& w, float* out) {
    if (n == 1) return pool_vectors<1, 1>(f, w, 0, out);
    if (n == 2) return pool_vectors<1, 2>(f, w, 0, out);
    if (n == 3) return pool_vectors<1, 3>(f, w, 0, out);
    int32_t c = 0;
    for (; c + 16 <= n; c += 16) pool_vectors<4, 4>(f, w, c, out);
    for (; c + 4 <= n; c += 4) pool_vectors<1, 4>(f, w, c, out);
    if (c < n) pool_vectors<1, 4>(f, w, n - 4, out);
  });
}

}  // namespace

void average_pool_neon(const Pool<float>& a) { pool<Sums>(a); }
void max_pool_neon(const Pool<float>& a) { pool<Maxima>(a); }

}  // namespace pipit
