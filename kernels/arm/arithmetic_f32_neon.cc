// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
#include "kernels/arm/each_vector.h"
#include "kernels/arm/unroll.h"
#include "kernels/contracts/arithmetic_f32.h"

namespace pipit {
namespace {

// out = f(a, b). Sixteen at a time where both operands are runs; what is left, and runs with a
// single value, go by vectors.
template <class F>
inline void each_float(const Binary& r, const F& f) {
  Binary rest = r;
  const auto *a = static_cast<const float*>(r.a), *b = static_cast<const float*>(r.b);
  auto* out = static_cast<float*>(r.out);
  for (; r.step_a * r.step_b != 0 && rest.n >= 16; rest.n -= 16, a += 16, b += 16, out += 16) {
    float32x4_t x[4], y[4];
    unroll<4>([&](auto i) [[gnu::always_inline]] { x[i] = vld1q_f32(a + 4 * i); });
    unroll<4>([&](auto i) [[gnu::always_inline]] { y[i] = vld1q_f32(b + 4 * i); });
    unroll<4>([&](auto i) [[gnu::always_inline]] { x[i] = f(x[i], y[i]); });
    unroll<4>([&](auto i) [[gnu::always_inline]] { vst1q_f32(out + 4 * i, x[i]); });
  }
  rest.a = a;
  rest.b = b;
  rest.out = out;
  each_vector<float>(rest, [&](uint8x16_t u, uint8x16_t v) [[gnu::always_inline]] {
    return vreinterpretq_u8_f32(f(vreinterpretq_f32_u8(u), vreinterpretq_f32_u8(v)));
  });
}

// Both limits let a NaN pass.
template <class F>
inline void each_clamped(const Binary& r, const F& f) {
  const auto clamp = *static_cast<const Clamp<float>*>(r.constants);
  const float32x4_t min = vdupq_n_f32(clamp.min), max = vdupq_n_f32(clamp.max);
  each_float(r, [&](float32x4_t a, float32x4_t b)
                    [[gnu::always_inline]] { return vminq_f32(vmaxq_f32(f(a, b), min), max); });
}

// `picked`, or b where a is not a number. (gcc takes other comparisons of floats apart in 32-bit
// code.) VMAX and VMIN make a NaN of either operand's; the contract wants that of b only.
[[gnu::always_inline]] inline float32x4_t unless_nan(float32x4_t a, float32x4_t picked,
                                                     float32x4_t b) {
  return vbslq_f32(vcageq_f32(a, vdupq_n_f32(0)), picked, b);
}

}  // namespace

void add_f32_neon(const Binary& r) {
  each_clamped(r, [](float32x4_t a, float32x4_t b) { return vaddq_f32(a, b); });
}
void sub_f32_neon(const Binary& r) {
  each_clamped(r, [](float32x4_t a, float32x4_t b) { return vsubq_f32(a, b); });
}
void mul_f32_neon(const Binary& r) {
  each_clamped(r, [](float32x4_t a, float32x4_t b) { return vmulq_f32(a, b); });
}
#if PIPIT_ARM64
void div_f32_neon(const Binary& r) {
  each_clamped(r, [](float32x4_t a, float32x4_t b) { return vdivq_f32(a, b); });
}
#endif
void squared_difference_f32_neon(const Binary& r) {
  each_float(r, [](auto a, auto b) [[gnu::always_inline]] {
    const float32x4_t d = vsubq_f32(a, b);
    return vmulq_f32(d, d);
  });
}

void max_f32_neon(const Binary& r) {
  each_float(
      r, [](auto a, auto b) [[gnu::always_inline]] { return unless_nan(a, vmaxq_f32(a, b), b); });
}
void min_f32_neon(const Binary& r) {
  each_float(
      r, [](auto a, auto b) [[gnu::always_inline]] { return unless_nan(a, vminq_f32(a, b), b); });
}
// As integers, negative numbers are those above the sign bit; zero is none of them. A NaN stays one
// on either way.
void prelu_f32_neon(const Binary& r) {
  each_float(r, [](auto x, auto alpha) [[gnu::always_inline]] {
    const uint32x4_t negative = vcgtq_u32(vreinterpretq_u32_f32(x), vdupq_n_u32(0x80000000u));
    return vbslq_f32(negative, vmulq_f32(x, alpha), x);
  });
}

}  // namespace pipit
