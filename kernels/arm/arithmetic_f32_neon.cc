// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
#include "kernels/arithmetic_f32.h"
#include "kernels/arm/each_vector.h"
#include "kernels/arm/unroll.h"

namespace pipit {
namespace {

// Both limits let a NaN pass.
template <class F>
inline void each_clamped(const Binary& r, const F& f) {
  const auto clamp = *static_cast<const Clamp<float>*>(r.constants);
  const float32x4_t min = vdupq_n_f32(clamp.min), max = vdupq_n_f32(clamp.max);
  const auto clamped = [&](float32x4_t a, float32x4_t b) [[gnu::always_inline]] {
    return vminq_f32(vmaxq_f32(f(a, b), min), max);
  };
  Binary rest = r;
  const auto *a = static_cast<const float*>(r.a), *b = static_cast<const float*>(r.b);
  auto* out = static_cast<float*>(r.out);
  for (; r.step_a * r.step_b != 0 && rest.n >= 16; rest.n -= 16, a += 16, b += 16, out += 16) {
    float32x4_t x[4], y[4];
    unroll<4>([&](auto i) [[gnu::always_inline]] { x[i] = vld1q_f32(a + 4 * i); });
    unroll<4>([&](auto i) [[gnu::always_inline]] { y[i] = vld1q_f32(b + 4 * i); });
    unroll<4>([&](auto i) [[gnu::always_inline]] { x[i] = clamped(x[i], y[i]); });
    unroll<4>([&](auto i) [[gnu::always_inline]] { vst1q_f32(out + 4 * i, x[i]); });
  }
  rest.a = a;
  rest.b = b;
  rest.out = out;
  each_vector<float>(rest, [&](uint8x16_t u, uint8x16_t v) [[gnu::always_inline]] {
    return vreinterpretq_u8_f32(clamped(vreinterpretq_f32_u8(u), vreinterpretq_f32_u8(v)));
  });
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

}  // namespace pipit
