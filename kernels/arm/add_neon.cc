// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// The operand of the larger scale has the multiplier 1/2, which is only a shift; the other one
// takes SQRDMULH, SSRA and SRSHL for each four numbers, as does their sum. 66 instructions for
// sixteen bytes, bound by the one pipe for shifts.
#include "kernels/arm/each_vector.h"
#include "kernels/arm/fixed_point_neon.h"
#include "kernels/arm/wrapping_neon.h"
#include "kernels/contracts/add_s8.h"

namespace pipit {
namespace {

bool halves(int32_t multiplier, int32_t shift) { return multiplier == 1 << 30 && shift == 0; }

// Whether all shifts go to the right, save those of multipliers that are 1/2.
bool usual(const AddQuantized& q) {
  return (q.shift_a < 0 || halves(q.multiplier_a, q.shift_a)) &&
         (q.shift_b < 0 || halves(q.multiplier_b, q.shift_b)) && q.shift < 0;
}

// What a kernel keeps in registers. kLeft is what is still to be done of the left shift. Where
// the second operand is only shifted, one product widens, shifts and adds it.
struct Sum {
  MultiplierNeon a, b, out;
  int16_t sign;
  int32x4_t signs;

  explicit Sum(const AddQuantized& q)
      : a(q.multiplier_a, q.shift_a),
        b(q.multiplier_b, q.shift_b),
        out(q.multiplier, q.shift),
        sign(static_cast<int16_t>(q.sign)),
        signs(vdupq_n_s32(q.sign)) {}

  // From differences to the zero points to x + sign * y.
  template <bool kHalfA, bool kHalfB, int kLeft>
  [[gnu::always_inline]] int32x4_t four(int16x4_t da, int16x4_t db) const {
    constexpr int16_t kHalf = 1 << (kLeft - 1);
    const int32x4_t x =
        kHalfA ? vshll_n_s16(da, kLeft - 1) : a.to_the_right(vshll_n_s16(da, kLeft));
    if (kHalfB) return vmlal_s16(x, db, vdup_n_s16(static_cast<int16_t>(sign * kHalf)));
    return wrapping_multiply_add(x, b.to_the_right(vshll_n_s16(db, kLeft)), signs);
  }

  template <bool kHalfA, bool kHalfB, int kLeft>
  [[gnu::always_inline]] int16x8_t eight(int16x8_t da, int16x8_t db) const {
    const int32x4_t low = four<kHalfA, kHalfB, kLeft>(vget_low_s16(da), vget_low_s16(db));
    const int32x4_t high = four<kHalfA, kHalfB, kLeft>(vget_high_s16(da), vget_high_s16(db));
    return narrow(out.to_the_right(low), out.to_the_right(high));
  }
};

// |x - zero_point| * 2^7 fits 16 bits; the other 13 of 20 bits come with widening.
[[gnu::always_inline]] inline int16x8_t difference(int8x8_t x, int16x8_t zero_point) {
  return wrapping_subtract(vshll_n_s8(x, 7), zero_point);
}

template <bool kHalfA, bool kHalfB>
void add_s8(const Binary& r, const AddQuantized& q) {
  const Sum sum(q);
  const OutputS8Neon output(q.zero_point, q.min, q.max);
  const int16x8_t zero_a = vdupq_n_s16(static_cast<int16_t>(q.zero_point_a * 128));
  const int16x8_t zero_b = vdupq_n_s16(static_cast<int16_t>(q.zero_point_b * 128));
  const uint8x16_t flip = vdupq_n_u8(q.flip);
  each_vector<int8_t>(r, [&](uint8x16_t a, uint8x16_t b) [[gnu::always_inline]] {
    const int8x16_t x = vreinterpretq_s8_u8(veorq_u8(a, flip));
    const int8x16_t y = vreinterpretq_s8_u8(veorq_u8(b, flip));
    const int16x8_t low = sum.eight<kHalfA, kHalfB, 13>(difference(vget_low_s8(x), zero_a),
                                                        difference(vget_low_s8(y), zero_b));
    const int16x8_t high = sum.eight<kHalfA, kHalfB, 13>(difference(vget_high_s8(x), zero_a),
                                                         difference(vget_high_s8(y), zero_b));
    return veorq_u8(vreinterpretq_u8_s8(output(low, high)), flip);
  });
}

template <bool kHalfA, bool kHalfB>
void add_s16(const Binary& r, const AddQuantized& q) {
  const Sum sum(q);
  const int16x8_t min = vdupq_n_s16(static_cast<int16_t>(q.min));
  const int16x8_t max = vdupq_n_s16(static_cast<int16_t>(q.max));
  each_vector<int16_t>(r, [&](uint8x16_t a, uint8x16_t b) [[gnu::always_inline]] {
    const int16x8_t y =
        sum.eight<kHalfA, kHalfB, 15>(vreinterpretq_s16_u8(a), vreinterpretq_s16_u8(b));
    return vreinterpretq_u8_s16(vminq_s16(vmaxq_s16(y, min), max));
  });
}

using Run = void (*)(const Binary&, const AddQuantized&);

Run choose_run(const AddQuantized& q, const Run (&runs)[2][2]) {
  return runs[halves(q.multiplier_a, q.shift_a)][halves(q.multiplier_b, q.shift_b)];
}

}  // namespace

void add_s8_neon(const Binary& r) {
  const auto& q = *static_cast<const AddQuantized*>(r.constants);
  static constexpr Run kRuns[2][2] = {{add_s8<false, false>, add_s8<false, true>},
                                      {add_s8<true, false>, add_s8<true, true>}};
  if (!usual(q) || q.left_shift != 20) return add_s8_portable(r);
  choose_run(q, kRuns)(r, q);
}

void add_s16_neon(const Binary& r) {
  const auto& q = *static_cast<const AddQuantized*>(r.constants);
  static constexpr Run kRuns[2][2] = {{add_s16<false, false>, add_s16<false, true>},
                                      {add_s16<true, false>, add_s16<true, true>}};
  const bool symmetric = q.zero_point_a == 0 && q.zero_point_b == 0 && q.zero_point == 0;
  if (!usual(q) || !symmetric || q.left_shift != 15) return add_s16_portable(r);
  choose_run(q, kRuns)(r, q);
}

}  // namespace pipit
