// SPDX-License-Identifier: Apache-2.0
// exp and what is made of it, four numbers at a time: products and sums only, so that several
// vectors can be under way at once. What is not a number stays so. Signs are an integer's matter:
// to compare or negate floats, gcc takes them apart in 32-bit code.
//
//   exp(x) = 2^n * exp(r), n the integer next to x / ln(2), |r| <= ln(2) / 2
//
// The polynomial for exp(r) - 1 errs by at most 0.12 units in the last place.
#pragma once

#include <arm_neon.h>

namespace pipit {
namespace {

struct PowerAndRest {
  float32x4_t power;  // 2^n
  float32x4_t rest;   // exp(r) - 1
};

// x above -87.3, or else the power means nothing.
[[gnu::always_inline]] inline PowerAndRest split_exp(float32x4_t x) {
  // Added to this, a small number is rounded to an integer, and the sum's lowest bits are that
  // integer plus 127: moved up, the exponent of a float.
  const float32x4_t rounder = vdupq_n_f32(0x1.8000fep23f);
  const float32x4_t shifted = vfmaq_f32(rounder, x, vdupq_n_f32(0x1.715476p+0f));
  const float32x4_t n = vsubq_f32(shifted, rounder);
  // ln(2) in two parts, as n * ln(2) has more bits than a float.
  float32x4_t r = vfmsq_f32(x, n, vdupq_n_f32(0x1.62e430p-1f));
  r = vfmaq_f32(r, n, vdupq_n_f32(0x1.05c610p-29f));
  float32x4_t p = vfmaq_f32(vdupq_n_f32(0x1.12254ap-7f), r, vdupq_n_f32(0x1.6b9c66p-10f));
  p = vfmaq_f32(vdupq_n_f32(0x1.5556f2p-5f), r, p);
  p = vfmaq_f32(vdupq_n_f32(0x1.5554b4p-3f), r, p);
  p = vfmaq_f32(vdupq_n_f32(0x1.fffffep-2f), r, p);
  return {vreinterpretq_f32_s32(vshlq_n_s32(vreinterpretq_s32_f32(shifted), 23)),
          vfmaq_f32(r, vmulq_f32(r, r), p)};
}

// exp(x) for x <= 0, within a unit in the last place; 0 where it is no normal number any more.
[[gnu::always_inline]] inline float32x4_t exp_of_negative(float32x4_t x) {
  const PowerAndRest e = split_exp(x);
  const uint32x4_t gone = vcagtq_f32(x, vdupq_n_f32(0x1.5d589ep6f));
  const float32x4_t y = vfmaq_f32(e.power, e.power, e.rest);
  return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(y), gone));
}

// exp(x). Of positive x, twice the half, as the largest powers are no numbers.
[[gnu::always_inline]] inline float32x4_t exp_of_any(float32x4_t x) {
  // From here on infinite.
  const PowerAndRest e = split_exp(vminq_f32(x, vdupq_n_f32(89)));
  const uint32x4_t above = vcgtq_s32(vreinterpretq_s32_f32(x), vdupq_n_s32(0));
  const uint32x4_t bit = vandq_u32(above, vdupq_n_u32(1u << 23));
  const float32x4_t power = vreinterpretq_f32_u32(vsubq_u32(vreinterpretq_u32_f32(e.power), bit));
  const float32x4_t half = vfmaq_f32(power, power, e.rest);
  const float32x4_t y = vmulq_f32(half, vbslq_f32(above, vdupq_n_f32(2), vdupq_n_f32(1)));
  // As of negative numbers.
  const uint32x4_t gone = vcagtq_f32(vminq_f32(x, vdupq_n_f32(0)), vdupq_n_f32(0x1.5d589ep6f));
  return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(y), gone));
}

// 1 / x for normal x whose reciprocal is one: two of Newton's steps from an estimate of eight bits.
[[gnu::always_inline]] inline float32x4_t reciprocal(float32x4_t x) {
  float32x4_t y = vrecpeq_f32(x);
  y = vmulq_f32(y, vrecpsq_f32(x, y));
  return vmulq_f32(y, vrecpsq_f32(x, y));
}

// 1 / (1 + exp(-x)), within 3.5 units, by way of exp(-|x|), which cannot overflow.
[[gnu::always_inline]] inline float32x4_t logistic(float32x4_t x) {
  const float32x4_t one = vdupq_n_f32(1);
  const uint32x4_t sign = vdupq_n_u32(0x80000000u);
  const float32x4_t e =
      exp_of_negative(vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(x), sign)));
  const uint32x4_t negative = vcltq_s32(vreinterpretq_s32_f32(x), vdupq_n_s32(0));
  return vmulq_f32(reciprocal(vaddq_f32(one, e)), vbslq_f32(negative, e, one));
}

// With d = 1 - exp(-2|x|), tanh(|x|) = d / (2 - d), within 4 units: d keeps its digits where x is
// small.
[[gnu::always_inline]] inline float32x4_t tanh(float32x4_t x) {
  // From here on the result is 1.
  const float32x4_t magnitude = vminq_f32(vabsq_f32(x), vdupq_n_f32(10));
  const PowerAndRest e = split_exp(vmulq_f32(magnitude, vdupq_n_f32(-2)));
  const float32x4_t d = vfmsq_f32(vsubq_f32(vdupq_n_f32(1), e.power), e.power, e.rest);
  const float32x4_t y = vmulq_f32(d, reciprocal(vsubq_f32(vdupq_n_f32(2), d)));
  return vbslq_f32(vdupq_n_u32(0x80000000u), x, y);
}

// erfc(z) for z in [0, 10], within 8 units: exp(-z^2) times a polynomial of t = 1 / (1 + z / 2)
// that errs by 0.5. The square's own rounding error is made good, as the exponential would enlarge
// it.
[[gnu::always_inline]] inline float32x4_t error_complement(float32x4_t z) {
  const float32x4_t square = vmulq_f32(z, z);
  const float32x4_t rest = vfmsq_f32(square, z, z);
  float32x4_t e = exp_of_negative(
      vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(square), vdupq_n_u32(0x80000000u))));
  e = vfmaq_f32(e, e, rest);
  const float32x4_t t = reciprocal(vfmaq_f32(vdupq_n_f32(1), z, vdupq_n_f32(0.5f)));
  float32x4_t p = vfmaq_f32(vdupq_n_f32(0x1.24a278p-2f), t, vdupq_n_f32(-0x1.e5bfa4p-5f));
  p = vfmaq_f32(vdupq_n_f32(-0x1.f59f18p-2f), t, p);
  p = vfmaq_f32(vdupq_n_f32(0x1.20092ap-2f), t, p);
  p = vfmaq_f32(vdupq_n_f32(-0x1.d9ee32p-6f), t, p);
  p = vfmaq_f32(vdupq_n_f32(0x1.a12204p-3f), t, p);
  p = vfmaq_f32(vdupq_n_f32(0x1.f15d82p-3f), t, p);
  p = vfmaq_f32(vdupq_n_f32(0x1.212fbep-2f), t, p);
  p = vfmaq_f32(vdupq_n_f32(0x1.20dacap-2f), t, p);
  return vmulq_f32(e, vmulq_f32(t, p));
}

}  // namespace
}  // namespace pipit
