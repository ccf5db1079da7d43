// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// In 64-bit code all but exp have the bits of the portable kernels: every instruction is exact or
// rounds to the nearest float. Vectors of 32-bit ARM have neither roots nor quotients, and rounding
// to integers only from ARMv8 on, so there the portable kernels do those.
#include "kernels/arm/each_float.h"
#include "kernels/arm/exp_neon.h"
#include "kernels/contracts/function_f32.h"

namespace pipit {

void abs_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] { return vabsq_f32(x); });
}

void neg_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] { return vnegq_f32(x); });
}

void square_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] { return vmulq_f32(x, x); });
}

void exp_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] { return exp_of_any(x); });
}

#if PIPIT_ARM64
void sqrt_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] { return vsqrtq_f32(x); });
}

void rsqrt_f32_neon(const Unary& r) {
  each_float(
      r, [](auto x) [[gnu::always_inline]] { return vdivq_f32(vdupq_n_f32(1), vsqrtq_f32(x)); });
}

void floor_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] { return vrndmq_f32(x); });
}

void ceil_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] { return vrndpq_f32(x); });
}

// FRINTN: of two integers the even one, as rint() does in the usual mode.
void round_f32_neon(const Unary& r) {
  each_float(r, [](auto x) [[gnu::always_inline]] { return vrndnq_f32(x); });
}
#endif

}  // namespace pipit
