// SPDX-License-Identifier: Apache-2.0
// Built with -march=armv8.2-a+dotprod+i8mm. Call only when kCpuI8mm is set.
//
// Panels are [depth / 8][4][2][8]: one SMMLA multiplies two positions with two channels over eight
// bytes of depth, 32 multiply-adds. Per 16 bytes of depth a tile has 16 loads and 8 ZIPs for 32 of
// them.
//
//   x        | 0-7 of position 0 | 0-7 of position 1 |
//   weights  | 0-7 of channel 0  | 0-7 of channel 1  |
//   block    | p0 c0 | p0 c1 | p1 c0 | p1 c1 |         which get() turns into rows of channels
#include "kernels/arm/conv_panels.h"
#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/conv_u8.h"

namespace pipit {
namespace {

struct I8mmEngine {
  static constexpr int32_t kUnit = kI8mmUnit;
  static constexpr bool kHasShort = false;
  static constexpr int kPairs = kPanel / 2;  // of channels

  // A row of two channels' bytes, or of two positions'.
  PIPIT_INLINE static int8x16_t low(int8x16_t a, int8x16_t b) {
    return vreinterpretq_s8_s64(vzip1q_s64(vreinterpretq_s64_s8(a), vreinterpretq_s64_s8(b)));
  }
  PIPIT_INLINE static int8x16_t high(int8x16_t a, int8x16_t b) {
    return vreinterpretq_s8_s64(vzip2q_s64(vreinterpretq_s64_s8(a), vreinterpretq_s64_s8(b)));
  }

  template <bool kSubtracts>
  static void pack(const int8_t* const w[kPanel], int32_t k, uint8_t zero, int8_t* to) {
    const auto load = [&](const int8_t* from) {
      const int8x16_t v = vld1q_s8(from + k);
      return kSubtracts ? less(v, zero) : v;
    };
    for (int n = 0; n < kPairs; ++n, to += 16) {
      const int8x16_t a = load(w[2 * n]);
      const int8x16_t b = load(w[2 * n + 1]);
      vst1q_s8(to, low(a, b));
      vst1q_s8(to + 8 * kPanel, high(a, b));
    }
  }

  // With the intrinsic, gcc copies the sums.
  PIPIT_INLINE static void multiply(int32x4_t& sums, int8x16_t rows, int8x16_t channels) {
    asm("smmla %0.4s, %1.16b, %2.16b" : "+w"(sums) : "w"(rows), "w"(channels));
  }

  // Two positions and two channels in each: [position][channel].
  template <int kRows>
  using Blocks = int32x4_t[kRows][kPairs];

  template <int kRows>
  PIPIT_INLINE static void add(Blocks<kRows>& block, const int8x16_t (&x)[kRows], const int8_t* w) {
    unroll<kPairs>([&](auto n) PIPIT_INLINE {
      const int8x16_t channels = vld1q_s8(w + 16 * n);
      unroll<kRows>([&](auto m) PIPIT_INLINE { multiply(block[m][n], x[m], channels); });
    });
  }

  template <int kRows, int kM>
  PIPIT_INLINE static void add_all(Blocks<kRows>& block, const int8_t* const* windows,
                                   const int8_t* weights, const ConvSteps& steps) {
    const int8_t* at[kM];
    unroll<kM>([&](auto m) PIPIT_INLINE { at[m] = windows[m]; });
    // A last position without a partner is its own; what comes of the second row is not read.
    constexpr auto second = [](int row) { return 2 * row + 1 < kM ? 2 * row + 1 : 2 * row; };
    int8x16_t x[kRows], y[kRows];
    const ConvStep* s = steps.at;
    for (int32_t i = steps.sixteens; i > 0; --i, ++s) {
      unroll<kRows>([&](auto m) PIPIT_INLINE {
        const int8x16_t a = vld1q_s8(at[2 * m] + s->x), b = vld1q_s8(at[second(m)] + s->x);
        x[m] = low(a, b);
        y[m] = high(a, b);
      });
      add<kRows>(block, x, weights + s->w);
      add<kRows>(block, y, weights + s->w + 8 * kPanel);
    }
    for (int32_t i = steps.eights; i > 0; --i, ++s) {
      unroll<kRows>([&](auto m) PIPIT_INLINE {
        x[m] = vcombine_s8(vld1_s8(at[2 * m] + s->x), vld1_s8(at[second(m)] + s->x));
      });
      add<kRows>(block, x, weights + s->w);
    }
  }

  template <int kM>
  struct Tile {
    static constexpr int kRows = (kM + 1) / 2;
    Blocks<kRows> block;

    PIPIT_INLINE void start(const Panel& p) {
      unroll<kRows>([&](auto m) PIPIT_INLINE {
        unroll<kPairs>([&](auto n) PIPIT_INLINE {
          // Both positions of a block begin with the bias of its two channels.
          const int32x2_t two = vld1_s32(p.bias + 2 * n);
          block[m][n] = vcombine_s32(two, two);
        });
      });
    }
    PIPIT_INLINE void add(const Panel& p, const int8_t* const* windows) {
      add_all<kRows, kM>(block, windows, p.weights, p.steps);
    }
    PIPIT_INLINE void get(Sums<kM>& to) const {
      unroll<2 * kM>([&](auto i) PIPIT_INLINE {
        constexpr int m = i / 2, half = i % 2;
        const int64x2_t a = vreinterpretq_s64_s32(block[m / 2][2 * half]);
        const int64x2_t b = vreinterpretq_s64_s32(block[m / 2][2 * half + 1]);
        to[m][half] = vreinterpretq_s32_s64(m % 2 == 0 ? vzip1q_s64(a, b) : vzip2q_s64(a, b));
      });
    }
  };
};

using Conv = PanelConv<I8mmEngine>;

}  // namespace

void conv_s8_i8mm_arrange(const ConvS8& a, uint8_t* to) { Conv(ConvBytes(a)).arrange(to); }
void conv_s8_i8mm(const ConvS8& a) { Conv(ConvBytes(a)).run(); }
void conv_u8_i8mm_arrange(const ConvU8& a, uint8_t* to) { Conv(ConvBytes(a)).arrange(to); }
void conv_u8_i8mm(const ConvU8& a) { Conv(ConvBytes(a)).run(); }

}  // namespace pipit
