// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Several vectors side by side, since each is a chain of some twenty products and sums. The last
// vector of a run is computed like the others: a result does not depend on where it lies.
#include "kernels/arm/each_float.h"
#include "kernels/arm/exp_neon.h"
#include "kernels/contracts/activation_f32.h"

namespace pipit {

void clamp_f32_neon(const Unary& r) {
  const auto clamp = *static_cast<const Clamp<float>*>(r.constants);
  const float32x4_t min = vdupq_n_f32(clamp.min), max = vdupq_n_f32(clamp.max);
  each_float(r, [&](auto x) [[gnu::always_inline]] { return vminq_f32(vmaxq_f32(x, min), max); });
}

void leaky_relu_f32_neon(const Unary& r) {
  const float32x4_t slope = vdupq_n_f32(*static_cast<const float*>(r.constants));
  each_float(r, [&](auto x) [[gnu::always_inline]] {
    return vbslq_f32(vcgtq_s32(vreinterpretq_s32_f32(x), vdupq_n_s32(0)), x, vmulq_f32(x, slope));
  });
}

void hard_swish_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] {
    const float32x4_t gate = vmaxq_f32(vaddq_f32(x, vdupq_n_f32(3)), vdupq_n_f32(0));
    return vmulq_f32(vmulq_f32(x, vminq_f32(gate, vdupq_n_f32(6))), vdupq_n_f32(1.0f / 6));
  });
}

void logistic_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] { return logistic(x); });
}

void tanh_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] { return tanh(x); });
}

// Below -40, exp(x) - 1 is -1.
void elu_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] {
    const PowerAndRest e = split_exp(vmaxq_f32(x, vdupq_n_f32(-40)));
    const float32x4_t y = vfmaq_f32(vsubq_f32(e.power, vdupq_n_f32(1)), e.power, e.rest);
    const uint32x4_t negative = vcltq_s32(vreinterpretq_s32_f32(x), vdupq_n_s32(0));
    return vbslq_f32(negative, y, x);
  });
}

void gelu_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] {
    // From 10 on, the complement is 0.
    const float32x4_t z = vmulq_f32(vabsq_f32(x), vdupq_n_f32(0.70710678118654752440f));
    const float32x4_t e = error_complement(vminq_f32(z, vdupq_n_f32(10)));
    const uint32x4_t negative = vcltq_s32(vreinterpretq_s32_f32(x), vdupq_n_s32(0));
    const float32x4_t other = vsubq_f32(vdupq_n_f32(2), e);
    return vmulq_f32(vmulq_f32(x, vdupq_n_f32(0.5f)), vbslq_f32(negative, e, other));
  });
}

// 1 + tanh(u) = 2 * logistic(2 * u)
void gelu_by_tanh_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] {
    const float32x4_t cube = vmulq_f32(vmulq_f32(vmulq_n_f32(x, 0.044715f), x), x);
    return vmulq_f32(x, logistic(vmulq_n_f32(vaddq_f32(x, cube), 2 * 0.79788456080286535588f)));
  });
}

}  // namespace pipit
