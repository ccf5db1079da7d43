// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Sixteen numbers at a time. Where numbers are left over, the last vectors overlap the ones before;
// what is shorter than sixteen is left to the portable kernels.
#include <arm_neon.h>

#include "kernels/arm/unroll.h"
#include "kernels/arm/wrapping_neon.h"
#include "kernels/contracts/hybrid.h"

namespace pipit {
namespace {

constexpr int kVectors = 4;
constexpr int32_t kNumbers = 4 * kVectors;
using Four = float32x4_t[kVectors];

PIPIT_INLINE inline void load(const float* from, Four& v) {
  unroll<kVectors>([&](auto i) PIPIT_INLINE { v[i] = vld1q_f32(from + 4 * i); });
}

// Of x and y, of which x may be no number: then y.
#if PIPIT_ARM64
PIPIT_INLINE inline float32x4_t lesser(float32x4_t x, float32x4_t y) { return vminnmq_f32(x, y); }
PIPIT_INLINE inline float32x4_t greater(float32x4_t x, float32x4_t y) { return vmaxnmq_f32(x, y); }
PIPIT_INLINE inline float least(float32x4_t v) { return vminvq_f32(v); }
PIPIT_INLINE inline float greatest(float32x4_t v) { return vmaxvq_f32(v); }
PIPIT_INLINE inline int32x4_t round_away(float32x4_t v) { return vcvtaq_s32_f32(v); }
#else
PIPIT_INLINE inline float32x4_t lesser(float32x4_t x, float32x4_t y) {
  return vbslq_f32(vcltq_f32(x, y), x, y);
}
PIPIT_INLINE inline float32x4_t greater(float32x4_t x, float32x4_t y) {
  return vbslq_f32(vcgtq_f32(x, y), x, y);
}
PIPIT_INLINE inline float least(float32x4_t v) {
  const float32x2_t two = vpmin_f32(vget_low_f32(v), vget_high_f32(v));
  return vget_lane_f32(vpmin_f32(two, two), 0);
}
PIPIT_INLINE inline float greatest(float32x4_t v) {
  const float32x2_t two = vpmax_f32(vget_low_f32(v), vget_high_f32(v));
  return vget_lane_f32(vpmax_f32(two, two), 0);
}
// Adding a half before truncating would take the number below one half for one.
PIPIT_INLINE inline int32x4_t round_away(float32x4_t v) {
  const int32x4_t whole = vcvtq_s32_f32(v);
  const float32x4_t rest = vsubq_f32(v, vcvtq_f32_s32(whole));
  const int32x4_t up = vreinterpretq_s32_u32(vcgeq_f32(rest, vdupq_n_f32(0.5f)));
  const int32x4_t down = vreinterpretq_s32_u32(vcleq_f32(rest, vdupq_n_f32(-0.5f)));
  // A comparison that holds is -1: taking `up` away adds one, and adding `down` takes one away.
  return vqaddq_s32(vqsubq_s32(whole, up), down);
}
#endif

// Numbers above 127 become that while they are narrowed. The product is rounded before the offset
// is added, as in the portable kernel. A NaN is told by not being equal to itself.
PIPIT_INLINE inline int8x16_t round_vectors(const Four& x, float32x4_t factor, float32x4_t offset,
                                            float32x4_t min) {
  float32x4_t y[kVectors];
  int32x4_t whole[kVectors];
  unroll<kVectors>([&](auto i) PIPIT_INLINE { y[i] = vmulq_f32(x[i], factor); });
  unroll<kVectors>([&](auto i) PIPIT_INLINE { y[i] = vaddq_f32(y[i], offset); });
  unroll<kVectors>([&](auto i)
                       PIPIT_INLINE { y[i] = vbslq_f32(vceqq_f32(y[i], y[i]), y[i], offset); });
  unroll<kVectors>([&](auto i) PIPIT_INLINE { y[i] = vmaxq_f32(y[i], min); });
  unroll<kVectors>([&](auto i) PIPIT_INLINE { whole[i] = round_away(y[i]); });
  const int16x8_t low = vcombine_s16(vqmovn_s32(whole[0]), vqmovn_s32(whole[1]));
  const int16x8_t high = vcombine_s16(vqmovn_s32(whole[2]), vqmovn_s32(whole[3]));
  return vcombine_s8(vqmovn_s16(low), vqmovn_s16(high));
}

// The scale of four results, and what the zero point takes from their sums.
template <bool kZeroPoint, bool kScales>
PIPIT_INLINE inline float32x4_t scaled(const AddScaled& a, int32_t i, float32x4_t scale) {
  int32x4_t sum = vld1q_s32(a.sums + i);
  if (kZeroPoint)
    sum = wrapping_multiply_add(sum, vld1q_s32(a.weight_sums + i), vdupq_n_s32(-a.zero_point));
  const float32x4_t factor = kScales ? vmulq_f32(scale, vld1q_f32(a.weight_scale + i)) : scale;
  return vmulq_f32(vcvtq_f32_s32(sum), factor);
}

// Whole vectors. Returns how many numbers were done.
template <bool kZeroPoint, bool kScales>
int32_t add_vectors(const AddScaled& args) {
  const AddScaled a = args;
  const float32x4_t min = vdupq_n_f32(a.min), max = vdupq_n_f32(a.max);
  const float32x4_t scale = vdupq_n_f32(kScales ? a.scale : a.scale * a.weight_scale[0]);
  int32_t i = 0;
  for (; i + kNumbers <= a.n; i += kNumbers) {
    Four v;
    unroll<kVectors>([&](auto q)
                         PIPIT_INLINE { v[q] = scaled<kZeroPoint, kScales>(a, i + 4 * q, scale); });
    if (a.start != nullptr) {
      Four start;
      load(a.start + i, start);
      unroll<kVectors>([&](auto q) PIPIT_INLINE { v[q] = vaddq_f32(v[q], start[q]); });
    }
    unroll<kVectors>([&](auto q) PIPIT_INLINE { v[q] = vminq_f32(vmaxq_f32(v[q], min), max); });
    unroll<kVectors>([&](auto q) PIPIT_INLINE { vst1q_f32(a.out + i + 4 * q, v[q]); });
  }
  return i;
}

}  // namespace

Extremes extremes_neon(const float* x, int32_t n) {
  if (n < kNumbers) return extremes_portable(x, n);
  Four min, max;
  // Zero is one of the numbers (see Extremes), so no number at all need be known to begin with.
  unroll<kVectors>([&](auto i) PIPIT_INLINE { min[i] = max[i] = vdupq_n_f32(0); });
  for (int32_t at = 0; at < n; at += kNumbers) {
    Four v;
    load(x + (at + kNumbers <= n ? at : n - kNumbers), v);
    unroll<kVectors>([&](auto i) PIPIT_INLINE { min[i] = lesser(v[i], min[i]); });
    unroll<kVectors>([&](auto i) PIPIT_INLINE { max[i] = greater(v[i], max[i]); });
  }
  return {least(vminq_f32(vminq_f32(min[0], min[1]), vminq_f32(min[2], min[3]))),
          greatest(vmaxq_f32(vmaxq_f32(max[0], max[1]), vmaxq_f32(max[2], max[3])))};
}

void round_s8_neon(const RoundS8& a) {
  if (a.n < kNumbers) return round_s8_portable(a);
  const float *x = a.x, *last = a.x + (a.n - kNumbers);
  int8_t* q = a.q;
  const float32x4_t factor = vdupq_n_f32(a.factor), offset = vdupq_n_f32(a.offset);
  const float32x4_t min = vdupq_n_f32(a.min);
  Four v;
  for (; x < last; x += kNumbers, q += kNumbers) {
    load(x, v);
    vst1q_s8(q, round_vectors(v, factor, offset, min));
  }
  load(last, v);
  vst1q_s8(a.q + (a.n - kNumbers), round_vectors(v, factor, offset, min));
}

void add_scaled_neon(const AddScaled& a) {
  const bool zero_point = a.zero_point != 0, scales = a.weight_scale_step != 0;
  const auto add = zero_point ? (scales ? add_vectors<true, true> : add_vectors<true, false>)
                              : (scales ? add_vectors<false, true> : add_vectors<false, false>);
  // What is left must not overlap these: `start` may be `out`.
  const int32_t done = add(a);
  if (done == a.n) return;
  AddScaled rest = a;
  rest.n -= done;
  rest.sums += done;
  if (zero_point) rest.weight_sums += done;
  rest.weight_scale += done * a.weight_scale_step;
  if (a.start != nullptr) rest.start += done;
  rest.out += done;
  add_scaled_portable(rest);
}

}  // namespace pipit
