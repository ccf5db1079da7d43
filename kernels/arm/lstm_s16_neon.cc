// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// They agree with the functions of kernels/contracts/lstm.h bit for bit: where those add in 64 bits
// and saturate to 16 or 8, a sum here may saturate at 32 bits before, which makes no difference
// then.
#include "kernels/arm/each_vector.h"
#include "kernels/arm/fixed_exp_neon.h"
#include "kernels/arm/fixed_point_neon.h"
#include "kernels/arm/wrapping_neon.h"
#include "kernels/contracts/lstm_s16.h"

namespace pipit {
namespace {

// store(i, eight(i)) for eight elements each, two of them side by side; one(i) where there are no
// eight. The last ones overlap those before, so they are computed before anything is stored.
template <class Eight, class Store, class One>
[[gnu::always_inline]] inline void by_eight(int32_t n, const Eight& eight, const Store& store,
                                            const One& one) {
  if (n < 8) {
    for (int32_t i = 0; i < n; ++i) one(i);
    return;
  }
  const auto last = eight(n - 8);
  int32_t i = 0;
  for (; i + 16 < n; i += 16) {
    const auto first = eight(i), second = eight(i + 8);
    store(i, first);
    store(i + 8, second);
  }
  if (i + 8 < n) store(i, eight(i));
  store(n - 8, last);
}

struct Wide {
  int32x4_t low, high;
};

[[gnu::always_inline]] inline Wide multiply(int16x8_t a, int16x8_t b) {
  return {vmull_s16(vget_low_s16(a), vget_low_s16(b)),
          vmull_s16(vget_high_s16(a), vget_high_s16(b))};
}

// Products of int16 numbers divided by 2^shift, of which 16 bits are kept.
[[gnu::always_inline]] inline int16x8_t shift_right(const Wide& x, int32x4_t shift) {
  return vcombine_s16(vmovn_s32(shift_right_away(x.low, shift)),
                      vmovn_s32(shift_right_away(x.high, shift)));
}

// cell = clamp(saturate(forget * cell / 2^15 + in * update / 2^shift)), where `in` is 1 - forget if
// the gates are coupled, and 1 is INT16_MAX. Without a limit the clamp is that of the type.
template <bool kCoupled>
void update_cell(int16_t* cell, int32_t n, const int16_t* input, const int16_t* forget,
                 const int16_t* update, int shift, int16_t limit) {
  const int32x4_t keep = vdupq_n_s32(-15), add = vdupq_n_s32(-shift);
  const int16x8_t most = vdupq_n_s16(limit > 0 ? limit : INT16_MAX);
  const int16x8_t least = vdupq_n_s16(limit > 0 ? static_cast<int16_t>(-limit) : INT16_MIN);
  const auto eight = [&](int32_t i) [[gnu::always_inline]] {
    const int16x8_t f = vld1q_s16(forget + i);
    const int16x8_t in =
        kCoupled ? wrapping_subtract(vdupq_n_s16(INT16_MAX), f) : vld1q_s16(input + i);
    const int16x8_t kept = shift_right(multiply(f, vld1q_s16(cell + i)), keep);
    const int16x8_t added = shift_right(multiply(in, vld1q_s16(update + i)), add);
    return vminq_s16(vmaxq_s16(vqaddq_s16(kept, added), least), most);
  };
  const auto store = [&](int32_t i, int16x8_t x) { vst1q_s16(cell + i, x); };
  by_eight(n, eight, store, [&](int32_t i) {
    update_cell_s16(cell + i, 1, kCoupled ? nullptr : input + i, forget + i, update + i, shift,
                    limit);
  });
}

// Not inlined, so that the compiler does not know that one pointer would do: the loads of a turn
// would wait for the stores of the one before.
[[gnu::noinline]] void logistic(const int16_t* in, int32_t n, int16_t* out) {
  const ExpOfNegativeNeon exp(3);
  each_vector<int16_t>(Unary{.in = in, .out = out, .n = n}, [&](auto x) [[gnu::always_inline]] {
    return vreinterpretq_u8_s16(logistic_neon(exp, vreinterpretq_s16_u8(x)));
  });
}

template <bool kRight>
void add_rescaled(int16_t* rows, int32_t n, const int32_t* sums, FixedMultiplier m) {
  const MultiplierNeon multiplier(m.multiplier, m.shift);
  const auto eight = [&](int32_t i) [[gnu::always_inline]] {
    const int16x8_t row = vld1q_s16(rows + i);
    const int32x4_t low = multiplier.multiply<kRight>(vld1q_s32(sums + i));
    const int32x4_t high = multiplier.multiply<kRight>(vld1q_s32(sums + i + 4));
    return narrow(vqaddq_s32(low, vmovl_s16(vget_low_s16(row))),
                  vqaddq_s32(high, vmovl_s16(vget_high_s16(row))));
  };
  const auto store = [&](int32_t i, int16x8_t x) { vst1q_s16(rows + i, x); };
  by_eight(n, eight, store, [&](int32_t i) { add_rescaled_s16(rows + i, 1, sums + i, m); });
}

template <bool kRight>
void multiply_gate(const int16_t* gate, const int16_t* values, int32_t n, FixedMultiplier m,
                   int32_t zero_point, int8_t* out) {
  const MultiplierNeon multiplier(m.multiplier, m.shift);
  const int32x4_t zero = vdupq_n_s32(zero_point);
  const auto eight = [&](int32_t i) [[gnu::always_inline]] {
    const Wide x = multiply(vld1q_s16(gate + i), vld1q_s16(values + i));
    return vqmovn_s16(narrow(vqaddq_s32(multiplier.multiply<kRight>(x.low), zero),
                             vqaddq_s32(multiplier.multiply<kRight>(x.high), zero)));
  };
  const auto store = [&](int32_t i, int8x8_t x) { vst1_s8(out + i, x); };
  by_eight(n, eight, store,
           [&](int32_t i) { multiply_gate_s8(gate + i, values + i, 1, m, zero_point, out + i); });
}

}  // namespace

void add_rescaled_s16_neon(int16_t* rows, int32_t n, const int32_t* sums, FixedMultiplier m) {
  const auto add = m.shift < 0 ? add_rescaled<true> : add_rescaled<false>;
  add(rows, n, sums, m);
}

void gate_logistic_s16_neon(int16_t* values, int32_t n) { logistic(values, n, values); }

void gate_tanh_s16_neon(const int16_t* in, int32_t n, int integer_bits, int16_t* out) {
  // One bit more: tanh needs exp(-2|x|), and the same raw number with another integer bit is twice
  // x.
  const ExpOfNegativeNeon exp(integer_bits + 1);
  each_vector<int16_t>(Unary{.in = in, .out = out, .n = n}, [&](auto x) [[gnu::always_inline]] {
    return vreinterpretq_u8_s16(tanh_neon(exp, vreinterpretq_s16_u8(x)));
  });
}

void update_cell_s16_neon(int16_t* cell, int32_t n, const int16_t* input, const int16_t* forget,
                          const int16_t* update, int shift, int16_t limit) {
  if (input == nullptr) {
    update_cell<true>(cell, n, input, forget, update, shift, limit);
  } else {
    update_cell<false>(cell, n, input, forget, update, shift, limit);
  }
}

void multiply_gate_s8_neon(const int16_t* gate, const int16_t* values, int32_t n, FixedMultiplier m,
                           int32_t zero_point, int8_t* out) {
  const auto multiply = m.shift < 0 ? multiply_gate<true> : multiply_gate<false>;
  multiply(gate, values, n, m, zero_point, out);
}

}  // namespace pipit
