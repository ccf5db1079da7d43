// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Multiplier and shift of the product take SQRDMULH, SSRA and SRSHL for each four numbers:
// 32 instructions for sixteen bytes.
//
// The difference of int8 numbers fits 16 bits, the product of two differences 32. int16 numbers
// with zero points would need 17 bits, so the portable kernel does those.
#include "kernels/arm/each_vector.h"
#include "kernels/arm/fixed_point_neon.h"
#include "kernels/contracts/mul_s8.h"

namespace pipit {
namespace {

template <bool kRight>
[[gnu::always_inline]] inline int16x8_t multiply(const MultiplierNeon& m, int16x8_t a,
                                                 int16x8_t b) {
  const int32x4_t low = vmull_s16(vget_low_s16(a), vget_low_s16(b));
  const int32x4_t high = vmull_s16(vget_high_s16(a), vget_high_s16(b));
  return narrow(m.multiply<kRight>(low), m.multiply<kRight>(high));
}

template <bool kRight>
void mul_s8(const Binary& r, const MulQuantized& q) {
  const MultiplierNeon m(q.multiplier, q.shift);
  const OutputS8Neon output(q.zero_point, q.min, q.max);
  const int8x8_t zero_a = vdup_n_s8(static_cast<int8_t>(q.zero_point_a));
  const int8x8_t zero_b = vdup_n_s8(static_cast<int8_t>(q.zero_point_b));
  const uint8x16_t flip = vdupq_n_u8(q.flip);
  each_vector<int8_t>(r, [&](uint8x16_t a, uint8x16_t b) [[gnu::always_inline]] {
    const int8x16_t x = vreinterpretq_s8_u8(veorq_u8(a, flip));
    const int8x16_t y = vreinterpretq_s8_u8(veorq_u8(b, flip));
    const int16x8_t low =
        multiply<kRight>(m, vsubl_s8(vget_low_s8(x), zero_a), vsubl_s8(vget_low_s8(y), zero_b));
    const int16x8_t high =
        multiply<kRight>(m, vsubl_s8(vget_high_s8(x), zero_a), vsubl_s8(vget_high_s8(y), zero_b));
    return veorq_u8(vreinterpretq_u8_s8(output(low, high)), flip);
  });
}

template <bool kRight>
void mul_s16(const Binary& r, const MulQuantized& q) {
  const MultiplierNeon m(q.multiplier, q.shift);
  const int16x8_t min = vdupq_n_s16(static_cast<int16_t>(q.min));
  const int16x8_t max = vdupq_n_s16(static_cast<int16_t>(q.max));
  each_vector<int16_t>(r, [&](uint8x16_t a, uint8x16_t b) [[gnu::always_inline]] {
    const int16x8_t y = multiply<kRight>(m, vreinterpretq_s16_u8(a), vreinterpretq_s16_u8(b));
    return vreinterpretq_u8_s16(vminq_s16(vmaxq_s16(y, min), max));
  });
}

}  // namespace

void mul_s8_neon(const Binary& r) {
  const auto& q = *static_cast<const MulQuantized*>(r.constants);
  q.shift < 0 ? mul_s8<true>(r, q) : mul_s8<false>(r, q);
}

void mul_s16_neon(const Binary& r) {
  const auto& q = *static_cast<const MulQuantized*>(r.constants);
  if (q.zero_point_a != 0 || q.zero_point_b != 0 || q.zero_point != 0) return mul_s16_portable(r);
  q.shift < 0 ? mul_s16<true>(r, q) : mul_s16<false>(r, q);
}

}  // namespace pipit
