// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Several vectors side by side, since each is a chain of some twenty products and sums. The last
// vector of a run is computed like the others: a result does not depend on where it lies.
#include "kernels/activation_f32.h"
#include "kernels/arm/each_vector.h"
#include "kernels/arm/exp_neon.h"

namespace pipit {
namespace {

// 32-bit code has half as many registers.
constexpr int kTogether = sizeof(void*) == 8 ? 4 : 2;

template <class F>
inline void each_float(const Unary& r, const F& f) {
  each_vector<float, kTogether>(r, [&](uint8x16_t x) [[gnu::always_inline]] {
    return vreinterpretq_u8_f32(f(vreinterpretq_f32_u8(x)));
  });
}

}  // namespace

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

}  // namespace pipit
