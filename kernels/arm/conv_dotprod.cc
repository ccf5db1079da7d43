// SPDX-License-Identifier: Apache-2.0
// Built with -march=armv8.2-a+dotprod. Call only when kCpuDotprod is set.
//
// Panels are [depth / 4][8][4]: one SDOT by lane adds four products to each of four channels. Per
// 16 bytes of depth a tile has 16 loads for 64 SDOT (1,024 multiply-adds; the ceiling of two SDOT a
// cycle is 32 multiply-adds).
//
//   panel   | 0-3 of c0 | 0-3 of c1 | 0-3 of c2 | 0-3 of c3 |  16 bytes, w0: one lane a channel
//           | 0-3 of c4 | 0-3 of c5 | 0-3 of c6 | 0-3 of c7 |  16 bytes, w1
//           | 4-7 of c0 | ...
//   window  | 0-3 | 4-7 | 8-11 | 12-15 |                       lane 0 meets w0 and w1, ...
//
// Of 32 registers, 16 hold sums, 8 windows and 2 weights at a time.
#include "kernels/arm/conv_panels.h"
#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/conv_u8.h"

namespace pipit {
namespace {

// Four bytes of depth, as lane kLane of each x.
template <int kLane, int kM>
PIPIT_INLINE inline void dot_unit(Sums<kM>& sum, const int8x16_t (&x)[kM], const int8_t* w) {
  const int8x16_t w0 = vld1q_s8(w + kLane * 32), w1 = vld1q_s8(w + kLane * 32 + 16);
  unroll<kM>([&](auto m) PIPIT_INLINE {
    sum[m][0] = vdotq_laneq_s32(sum[m][0], w0, x[m], kLane);
    sum[m][1] = vdotq_laneq_s32(sum[m][1], w1, x[m], kLane);
  });
}

// Sixteen, eight or four bytes of depth.
template <int kBytes>
PIPIT_INLINE inline int8x16_t load_step(const int8_t* from) {
  if constexpr (kBytes == 16) return vld1q_s8(from);
  if constexpr (kBytes == 8) return vcombine_s8(vld1_s8(from), vdup_n_s8(0));
  int32_t unit;
  std::memcpy(&unit, from, sizeof(unit));
  return vreinterpretq_s8_s32(int32x4_t{unit, 0, 0, 0});
}

template <int kBytes, int kM>
PIPIT_INLINE inline void dot_step(Sums<kM>& sum, const int8_t* const (&windows)[kM], ptrdiff_t at,
                                  const int8_t* w) {
  int8x16_t x[kM];
  unroll<kM>([&](auto m) PIPIT_INLINE { x[m] = load_step<kBytes>(windows[m] + at); });
  unroll<kBytes / 4>([&](auto lane) PIPIT_INLINE { dot_unit<lane>(sum, x, w); });
}

struct DotprodEngine {
  static constexpr int32_t kUnit = kDotprodUnit;
  static constexpr bool kHasShort = true;

  template <bool kSubtracts>
  static void pack(const int8_t* const w[kPanel], int32_t k, uint8_t zero, int8_t* to) {
    const auto load = [&](const int8_t* from) {
      const int8x16_t v = vld1q_s8(from + k);
      return vreinterpretq_s32_s8(kSubtracts ? less(v, zero) : v);
    };
    // Four channels by four units of four bytes, turned: 32 bits of two rows trade places, then 64.
    //   r0   w0 w1 w2 w3     a0   w0 x0 w2 x2     t        w0 x0 y0 z0
    //   r1   x0 x1 x2 x3     a1   w1 x1 w3 x3     t + 32   w1 x1 y1 z1, and so on
    for (int half = 0; half < 2; ++half) {
      const int8_t* const* v = w + 4 * half;
      const int32x4_t r0 = load(v[0]);
      const int32x4_t r1 = load(v[1]);
      const int32x4_t r2 = load(v[2]);
      const int32x4_t r3 = load(v[3]);
      const int64x2_t a0 = vreinterpretq_s64_s32(vtrn1q_s32(r0, r1));
      const int64x2_t a1 = vreinterpretq_s64_s32(vtrn2q_s32(r0, r1));
      const int64x2_t b0 = vreinterpretq_s64_s32(vtrn1q_s32(r2, r3));
      const int64x2_t b1 = vreinterpretq_s64_s32(vtrn2q_s32(r2, r3));
      int8_t* t = to + 16 * half;
      vst1q_s8(t, vreinterpretq_s8_s64(vtrn1q_s64(a0, b0)));
      vst1q_s8(t + 32, vreinterpretq_s8_s64(vtrn1q_s64(a1, b1)));
      vst1q_s8(t + 64, vreinterpretq_s8_s64(vtrn2q_s64(a0, b0)));
      vst1q_s8(t + 96, vreinterpretq_s8_s64(vtrn2q_s64(a1, b1)));
    }
  }

  template <int kM>
  struct Tile {
    Sums<kM> sum;

    // The compiler is kept from loading the bias once and copying: copies would take the place of
    // SDOT, loads do not.
    PIPIT_INLINE void start(const Panel& p) {
      const int32_t* bias = p.bias;
      unroll<kM>([&](auto m) PIPIT_INLINE {
        asm("" : "+r"(bias));
        sum[m][0] = vld1q_s32(bias);
        sum[m][1] = vld1q_s32(bias + 4);
      });
    }
    PIPIT_INLINE void add(const Panel& p, const int8_t* const* windows) {
      const int8_t* at[kM];
      unroll<kM>([&](auto m) PIPIT_INLINE { at[m] = windows[m]; });
      const int8_t* const w = p.weights;
      const ConvStep* s = p.steps.at;
      for (int32_t i = p.steps.sixteens; i > 0; --i, ++s) dot_step<16>(sum, at, s->x, w + s->w);
      if (p.steps.eights + p.steps.fours == 0) return;
      for (int32_t i = p.steps.eights; i > 0; --i, ++s) dot_step<8>(sum, at, s->x, w + s->w);
      for (int32_t i = p.steps.fours; i > 0; --i, ++s) dot_step<4>(sum, at, s->x, w + s->w);
    }
    template <int32_t kBytes>
    PIPIT_INLINE void add_short(const Panel& p, const int8_t* const* windows) {
      const int8_t* at[kM];
      unroll<kM>([&](auto m) PIPIT_INLINE { at[m] = windows[m]; });
      constexpr int kWhole = kBytes / 16 * 16;
      unroll<kBytes / 16>(
          [&](auto i) PIPIT_INLINE { dot_step<16>(sum, at, 16 * i, p.weights + 16 * i * kPanel); });
      if constexpr (kWhole < kBytes) dot_step<8>(sum, at, kWhole, p.weights + kWhole * kPanel);
    }
    PIPIT_INLINE void get(Sums<kM>& to) const {
      unroll<2 * kM>([&](auto i) PIPIT_INLINE { to[i / 2][i % 2] = sum[i / 2][i % 2]; });
    }
  };
};

using Conv = PanelConv<DotprodEngine>;

}  // namespace

void conv_s8_dotprod_arrange(const ConvS8& a, uint8_t* to) { Conv(ConvBytes(a)).arrange(to); }
void conv_s8_dotprod(const ConvS8& a) { Conv(ConvBytes(a)).run(); }
void conv_u8_dotprod_arrange(const ConvU8& a, uint8_t* to) { Conv(ConvBytes(a)).arrange(to); }
void conv_u8_dotprod(const ConvU8& a) { Conv(ConvBytes(a)).run(); }

}  // namespace pipit
