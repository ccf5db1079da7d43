// SPDX-License-Identifier: Apache-2.0
// One row of integer sums to quantized outputs, at least sixteen of them.
//
// One scale for all: a fixed-point product with 16 bits behind the point tells a double's rounded
// product, unless those bits are within a few units of one half. Then the numbers around it take
// the other way, which for 64 bits computes with vectors of doubles: FCVTAS rounds halves away from
// zero and saturates, as round_away() does far outside of what any output can hold. Sixteen results
// at a time: each kind of instruction follows itself often enough that none waits for another.
#pragma once

#include <arm_neon.h>

#include <bit>

#include "kernels/arm/unroll.h"
#include "kernels/contracts/rescale.h"

namespace pipit {
namespace {

// Outputs at a time.
constexpr int32_t kRescaleBlock = 16;

inline int8x16_t saturate(int16x8_t low, int16x8_t high, int8_t) {
  return vcombine_s8(vqmovn_s16(low), vqmovn_s16(high));
}
inline uint8x16_t saturate(int16x8_t low, int16x8_t high, uint8_t) {
  return vcombine_u8(vqmovun_s16(low), vqmovun_s16(high));
}

// Where sixteen results go: their zero point and limits.
struct OutputS8 {
  int16x8_t zero_point;
  int8x16_t min, max;

  explicit OutputS8(const RescaleS8& a)
      : zero_point(vdupq_n_s16(static_cast<int16_t>(a.zero_point))),
        min(vdupq_n_s8(static_cast<int8_t>(a.min))),
        max(vdupq_n_s8(static_cast<int8_t>(a.max))) {}
  [[gnu::always_inline]] void put(int8x16_t x, int8_t* out) const {
    vst1q_s8(out, vminq_s8(vmaxq_s8(x, min), max));
  }
};
struct OutputU8 {
  int16x8_t zero_point;
  uint8x16_t min, max;

  explicit OutputU8(const RescaleU8& a)
      : zero_point(vdupq_n_s16(static_cast<int16_t>(a.zero_point))),
        min(vdupq_n_u8(static_cast<uint8_t>(a.min))),
        max(vdupq_n_u8(static_cast<uint8_t>(a.max))) {}
  [[gnu::always_inline]] void put(uint8x16_t x, uint8_t* out) const {
    vst1q_u8(out, vminq_u8(vmaxq_u8(x, min), max));
  }
};

#if PIPIT_ARM64

// The definition of round_away() in vectors of doubles: any 32-bit sum is exact as one, so that
// only the product rounds. Whatever is beyond 16 bits is beyond all outputs, so that narrowing may
// saturate.
template <int kStep, class Output, class Out>
[[gnu::always_inline]] inline void exact_block(const int32_t* sums, const double* scale,
                                               const Output& output, Out* out) {
  const auto each = [](auto f) [[gnu::always_inline]] { unroll<kRescaleBlock / 4>(f); };
  int32x4_t sum[4];
  int64x2_t low[4], high[4];
  float64x2_t x[4], y[4], by[8];
  each([&](auto i) [[gnu::always_inline]] {
    sum[i] = vld1q_s32(sums + 4 * i);
    by[2 * i] = kStep == 0 ? vdupq_n_f64(*scale) : vld1q_f64(scale + 4 * i);
    by[2 * i + 1] = kStep == 0 ? by[2 * i] : vld1q_f64(scale + 4 * i + 2);
  });
  each([&](auto i) [[gnu::always_inline]] {
    low[i] = vmovl_s32(vget_low_s32(sum[i]));
    high[i] = vmovl_high_s32(sum[i]);
  });
  each([&](auto i) [[gnu::always_inline]] {
    x[i] = vcvtq_f64_s64(low[i]);
    y[i] = vcvtq_f64_s64(high[i]);
  });
  each([&](auto i) [[gnu::always_inline]] {
    x[i] = vmulq_f64(x[i], by[2 * i]);
    y[i] = vmulq_f64(y[i], by[2 * i + 1]);
  });
  each([&](auto i) [[gnu::always_inline]] {
    low[i] = vcvtaq_s64_f64(x[i]);
    high[i] = vcvtaq_s64_f64(y[i]);
  });
  each([&](auto i)
           [[gnu::always_inline]] { sum[i] = vqmovn_high_s64(vqmovn_s64(low[i]), high[i]); });
  int16x8_t half[2];
  unroll<2>([&](auto i) [[gnu::always_inline]] {
    half[i] =
        vqaddq_s16(vqmovn_high_s32(vqmovn_s32(sum[2 * i]), sum[2 * i + 1]), output.zero_point);
  });
  output.put(saturate(half[0], half[1], Out{}), out);
}

// kStep is 0 for one scale, 1 for one for each output. The last block overlaps the one before it.
template <int kStep, class Output, class Out>
void exact_run(const int32_t* sums, const double* scale, int32_t count, const Output& output,
               Out* out) {
  for (; count > kRescaleBlock; count -= kRescaleBlock) {
    exact_block<kStep>(sums, scale, output, out);
    sums += kRescaleBlock;
    scale += kStep * kRescaleBlock;
    out += kRescaleBlock;
  }
  const int32_t before = kRescaleBlock - count;
  exact_block<kStep>(sums - before, scale - kStep * before, output, out - before);
}

// At least a block.
template <class Output, class Out>
void exact(const Rescale<int32_t, Out>& a, const Output& output) {
  const auto run = a.scale_step == 0 ? exact_run<0, Output, Out> : exact_run<1, Output, Out>;
  run(a.sums, a.scale, a.outputs, output, a.out);
}

#else

void exact(const RescaleS8& a, const OutputS8&) { rescale_s8_portable(a); }
void exact(const RescaleU8& a, const OutputU8&) { rescale_u8_portable(a); }

#endif

// A positive scale as multiplier * 2^(left - 47), the multiplier rounded to 31 bits.
struct FixedScale {
  int32x4_t multiplier, left;

  explicit FixedScale(double scale) {
    // The upper 31 of 53 bits; a mantissa that rounds up to 2^31 is one less instead.
    const auto bits = std::bit_cast<uint64_t>(scale);
    const uint64_t mantissa = (bits & ((uint64_t{1} << 52) - 1)) | uint64_t{1} << 52;
    const uint64_t rounded = (mantissa + (1 << 21)) >> 22;
    multiplier = vdupq_n_s32(static_cast<int32_t>(rounded > INT32_MAX ? INT32_MAX : rounded));
    left = vdupq_n_s32(shift(scale));
  }
  // Whether no sum takes a longer shift. Zero, denormals, infinity, NaN and all negative numbers
  // (whose sign counts as the exponent's top bit) are not covered either.
  static bool covers(double scale) { return shift(scale) >= -31 && shift(scale) <= 31; }

 private:
  static int32_t shift(double scale) {
    return static_cast<int32_t>(std::bit_cast<uint64_t>(scale) >> 52) - 1022 + 16;
  }
};

// Results of a block, and in `rest` the least of what is behind the point and not above one half by
// more than four units.
template <class Output, class Out>
[[gnu::always_inline]] inline void fixed_block(int32x4_t (&x)[4], const FixedScale& scale,
                                               const Output& output, Out* out, uint16x8_t& rest) {
  // x becomes sum * scale * 2^16. Its upper half, with one half added, is the rounded result:
  //
  //     31          16 15          0
  //    |   result     |  rest      |     rest = (fraction + 1/2 + 4 units) modulo 1
  //
  // The multiplier's rounding is at most one unit, that of the product a half, and what a shift to
  // the right drops of the sum less than one. So the double's product may be on the other side of
  // the half only where `rest` is 0 to 7.
  const int32x4_t half = vdupq_n_s32((1 << 15) + 4);
  const auto each = [](auto f) [[gnu::always_inline]] { unroll<4>(f); };
  each([&](auto i) [[gnu::always_inline]] { x[i] = vqshlq_s32(x[i], scale.left); });
  each([&](auto i) [[gnu::always_inline]] { x[i] = vqrdmulhq_s32(x[i], scale.multiplier); });
  each([&](auto i) [[gnu::always_inline]] { x[i] = vqaddq_s32(x[i], half); });
  int16x8_t y[2];
  unroll<2>([&](auto i) [[gnu::always_inline]] {
    const int16x8x2_t parts =
        vuzpq_s16(vreinterpretq_s16_s32(x[2 * i]), vreinterpretq_s16_s32(x[2 * i + 1]));
    rest = vminq_u16(rest, vreinterpretq_u16_s16(parts.val[0]));
    y[i] = vqaddq_s16(parts.val[1], output.zero_point);
  });
  output.put(saturate(y[0], y[1], Out{}), out);
}

template <class Output, class Out>
[[gnu::always_inline]] inline void fixed_block(const int32_t* sums, const FixedScale& scale,
                                               const Output& output, Out* out, uint16x8_t& rest) {
  int32x4_t x[4];
  unroll<4>([&](auto i) [[gnu::always_inline]] { x[i] = vld1q_s32(sums + 4 * i); });
  fixed_block(x, scale, output, out, rest);
}

inline bool all_certain(uint16x8_t rest) {
  const uint16x4_t least = vmin_u16(vget_low_u16(rest), vget_high_u16(rest));
  const uint64_t near = vget_lane_u64(vreinterpret_u64_u16(vcge_u16(least, vdup_n_u16(8))), 0);
  return near == UINT64_MAX;
}

// Whether all results are certain.
template <class Output, class Out>
bool fixed_run(const int32_t* sums, int32_t count, const FixedScale& scale, const Output& output,
               Out* out) {
  uint16x8_t rest = vdupq_n_u16(UINT16_MAX);
  for (; count > kRescaleBlock; count -= kRescaleBlock) {
    fixed_block(sums, scale, output, out, rest);
    sums += kRescaleBlock;
    out += kRescaleBlock;
  }
  const int32_t before = kRescaleBlock - count;
  fixed_block(sums - before, scale, output, out - before, rest);
  return all_certain(rest);
}

// One row of at least a block. Uncertain results cost their neighbours' as well, so there are not
// too many of those.
template <class Output, class Out>
void rescale_row(const Rescale<int32_t, Out>& row, const Output& output) {
  constexpr int32_t kRun = 8 * kRescaleBlock;
  if (row.scale_step != 0) return exact(row, output);
  const FixedScale scale(*row.scale);
  const bool usable = FixedScale::covers(*row.scale);
  Rescale<int32_t, Out> run = row;
  for (int32_t left = row.outputs; left > 0; left -= run.outputs) {
    // What is left after a run is at least a block.
    run.outputs = left < kRun + kRescaleBlock ? left : kRun;
    if (!usable || !fixed_run(run.sums, run.outputs, scale, output, run.out)) {
      exact(run, output);
    }
    run.sums += run.outputs;
    run.out += run.outputs;
  }
}

}  // namespace
}  // namespace pipit
