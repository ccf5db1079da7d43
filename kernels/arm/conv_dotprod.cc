// SPDX-License-Identifier: Apache-2.0
// Built with -march=armv8.2-a+dotprod. Call only when kCpuDotprod is set.
//
// Panels are [depth / 4][8][4]: one SDOT by lane adds four products to each of four channels. Per
// 16 bytes of depth a tile has 16 loads for 64 SDOT (1,024 multiply-adds; the ceiling of two SDOT a
// cycle is 32 multiply-adds).
#include "kernels/arm/conv_panels.h"
#include "kernels/arm/wrapping_neon.h"
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

// Adds the products of a tile, of kBytes of depth or, if that is 0, of any.
template <int32_t kBytes, int kM>
PIPIT_INLINE inline void dot_tile(Sums<kM>& sum, const int8_t* const* windows,
                                  const int8_t* weights, const ConvSteps& steps) {
  const int8_t* at[kM];
  unroll<kM>([&](auto m) PIPIT_INLINE { at[m] = windows[m]; });
  if constexpr (kBytes != 0) {
    constexpr int kWhole = kBytes / 16 * 16;
    unroll<kBytes / 16>(
        [&](auto i) PIPIT_INLINE { dot_step<16>(sum, at, 16 * i, weights + 16 * i * kPanel); });
    if constexpr (kWhole < kBytes) dot_step<8>(sum, at, kWhole, weights + kWhole * kPanel);
    return;
  }
  const ConvStep* s = steps.at;
  for (int32_t i = steps.sixteens; i > 0; --i, ++s) dot_step<16>(sum, at, s->x, weights + s->w);
  for (int32_t i = steps.eights; i > 0; --i, ++s) dot_step<8>(sum, at, s->x, weights + s->w);
  for (int32_t i = steps.fours; i > 0; --i, ++s) dot_step<4>(sum, at, s->x, weights + s->w);
}

// Sums start from the bias. The compiler is kept from loading it once and copying: copies would
// take the place of SDOT, loads do not.
template <bool kTerms, int kM>
PIPIT_INLINE inline void start(Sums<kM>& sum, const int32_t* bias, const int32_t* terms) {
  unroll<kM>([&](auto m) PIPIT_INLINE {
    asm("" : "+r"(bias));
    sum[m][0] = vld1q_s32(bias);
    sum[m][1] = vld1q_s32(bias + 4);
    if constexpr (kTerms) {
      const int32x4_t term = vld1q_dup_s32(terms + m);
      sum[m][0] = wrapping_add(sum[m][0], term);
      sum[m][1] = wrapping_add(sum[m][1], term);
    }
  });
}

struct DotprodEngine {
  static constexpr int32_t kUnit = kDotprodUnit;
  static constexpr bool kHasShort = true;

  template <bool kFlips>
  static void pack(const int8_t* const w[kPanel], int32_t k, int8_t* to) {
    const int8x16_t flip = vdupq_n_s8(kFlips ? INT8_MIN : 0);
    const auto load = [&](const int8_t* from) {
      return vreinterpretq_s32_s8(veorq_s8(vld1q_s8(from + k), flip));
    };
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

  template <bool kTerms, int32_t kBytes, int kM>
  PIPIT_INLINE static void sum(const Panel& p, const int8_t* const* windows, const int32_t* terms,
                               Sums<kM>& sums) {
    start<kTerms>(sums, p.bias, terms);
    dot_tile<kBytes>(sums, windows, p.weights, p.steps);
  }
};

template <class Args>
using Conv = PanelConv<Args, DotprodEngine>;

}  // namespace

void conv_s8_dotprod_arrange(const ConvS8& a, uint8_t* to) { Conv<ConvS8>(a).arrange(to); }
void conv_s8_dotprod(const ConvS8& a) { Conv<ConvS8>(a).run(); }
void conv_u8_dotprod_arrange(const ConvU8& a, uint8_t* to) { Conv<ConvU8>(a).arrange(to); }
void conv_u8_dotprod(const ConvU8& a) { Conv<ConvU8>(a).run(); }

}  // namespace pipit
