// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always; elsewhere it comes with VFPv4, which has the
// conversion as well). A load, a conversion and a store for four numbers.
#include <arm_neon.h>

#include "kernels/arm/unroll.h"
#include "kernels/contracts/widen_f16.h"

namespace pipit {
namespace {

template <int n>
[[gnu::always_inline]] inline void widen(const uint16_t* in, float* out) {
  float32x4_t x[n];
  unroll<n>([&](auto i) [[gnu::always_inline]] {
    x[i] = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(in + 4 * i)));
  });
  unroll<n>([&](auto i) [[gnu::always_inline]] { vst1q_f32(out + 4 * i, x[i]); });
}

}  // namespace

void widen_f16_neon(const Unary& r) {
  if (r.n < 4) return widen_f16_portable(r);
  const auto* in = static_cast<const uint16_t*>(r.in);
  auto* out = static_cast<float*>(r.out);
  const int32_t n = r.n;
  int32_t i = 0;
  for (; i + 16 <= n; i += 16) widen<4>(in + i, out + i);
  for (; i + 4 <= n; i += 4) widen<1>(in + i, out + i);
  if (i < n) widen<1>(in + n - 4, out + n - 4);
}

}  // namespace pipit
