// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Depthwise convolution with the products of two taps added in 16 bits (SMULL, SMLAL), then widened
// into the sums (SADDW, SADDW2): four instructions for sixteen multiply-adds.
#include "kernels/arm/depthwise_columns.h"
#include "kernels/arm/unroll.h"

namespace pipit {
namespace {

[[gnu::always_inline]] inline void add(int32x4_t (&sum)[2], int16x8_t products) {
  sum[0] = vaddw_s16(sum[0], vget_low_s16(products));
#if PIPIT_ARM64
  sum[1] = vaddw_high_s16(sum[1], products);
#else
  sum[1] = vaddw_s16(sum[1], vget_high_s16(products));
#endif
}

// A window whose sizes are known, of the rows [row, end) in steps of kRows. The products of
// kTogether taps, which fit into 16 bits, are added before they are widened: those of the first of
// them begun, sums of the taps before the last ones widened, and then the other products added, so
// that an in-order core waits for none of them. Aligned to stay in one page of memory.
// Nine taps by twos; each name stands for the products of all rows and positions of the tile:
//
//   begin   0        2        4            6            8
//   widen                      0 + 1        2 + 3        4 + 5    6 + 7   8
//   add         1        3              5            7
template <int kRows, int kHeight, int kWidth, int kParts, int kTogether, Form kForm>
[[gnu::noinline, gnu::aligned(1024)]] void window_of(const DepthwisePass& pass, int row, int end) {
  constexpr int kTaps = kHeight * kWidth, kGroups = (kTaps + kTogether - 1) / kTogether;
  constexpr int kAtOnce = kDwAtOnce<kRows>, n = kRows * kAtOnce;
  const ptrdiff_t pitch = pass.cut.slots * kDwLanes;
  const int8_t* const w = pass.weights.values;
  const auto products = [&](const int8_t* const(&at)[kAtOnce],
                            int32x4_t(&y)[n][2]) [[gnu::always_inline]] {
    const int8_t* taps = w;
    const auto product = [&](int t, int m, int16x8_t p, bool first) [[gnu::always_inline]] {
      const int8_t* slot = at[m % kAtOnce] + pitch * (t / kHeight);
      const int8x8_t x = vld1_s8(slot + (t % kHeight + m / kAtOnce) * kDwLanes);
      const int8x8_t tap = vld1_s8(taps + t * kDwLanes);
      return first ? vmull_s8(x, tap) : vmlal_s8(p, x, tap);
    };
    for (int part = 0; part < kParts; ++part, taps += kTaps * kDwLanes) {
      int16x8_t p[3][n];
      unroll<kGroups + 2>([&](auto step) [[gnu::always_inline]] {
        constexpr int now = decltype(step)();
        if constexpr (now < kGroups) {
          unroll<n>([&](auto m) [[gnu::always_inline]] {
            p[now % 3][m] = product(kTogether * now, m, int16x8_t{}, true);
          });
        }
        if constexpr (now >= 2) {
          unroll<n>([&](auto m) [[gnu::always_inline]] { add(y[m], p[(now - 2) % 3][m]); });
        }
        unroll<kTogether - 1>([&](auto more) [[gnu::always_inline]] {
          if constexpr (kTogether * now + 1 + more < kTaps) {
            unroll<n>([&](auto m) [[gnu::always_inline]] {
              p[now % 3][m] = product(kTogether * now + 1 + more, m, p[now % 3][m], false);
            });
          }
        });
      });
    }
  };
  for (; row < end; row += kRows) finish_windows<kRows, kForm>(pass, row, products);
}

using Window = void (*)(const DepthwisePass&, int, int);

template <int kRows, Form kForm>
Window three_by_three(const DepthwiseWeights& w) {
  if (w.parts == 2) return window_of<kRows, 3, 3, 2, 2, kForm>;
  return w.together == 9   ? window_of<kRows, 3, 3, 1, 9, kForm>
         : w.together == 5 ? window_of<kRows, 3, 3, 1, 5, kForm>
                           : window_of<kRows, 3, 3, 1, 2, kForm>;
}

struct NeonEngine {
  static constexpr int kUnit = kDwNeonUnit;

  static void put_slots(const int8x8_t* slots, int8_t* to) { vst1_s8(to, slots[0]); }

  // Where weights sum up to at most 255, products with numbers from -128 fit into 16 bits: their
  // sum is at most 255 * 128 = 32640. Asked of all nine taps, or of the first five and the other
  // four.
  static int32_t together(const int8_t* w, const ConvGeometry& g) {
    if (g.kernel_h != 3 || g.kernel_w != 3) return 2;
    uint16x8_t sum[2];
    for (int half = 0; half < 2; ++half) {
      sum[half] = vdupq_n_u16(0);
      for (int t = half * 5; t < 5 + half * 4; ++t) {
        sum[half] = vaddw_u8(sum[half], vreinterpret_u8_s8(vabs_s8(vld1_s8(w + t * kDwLanes))));
      }
    }
    const auto fits = [](uint16x8_t v) {
      return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(v, 8)), 0) == 0;
    };
    return fits(vaddq_u16(sum[0], sum[1])) ? 9 : fits(vmaxq_u16(sum[0], sum[1])) ? 5 : 2;
  }

  template <Form kForm>
  static bool run(const DepthwisePass& pass) {
    const ConvGeometry& g = pass.size;
    if (g.dilation_w != 1 || g.kernel_w != g.kernel_h) return false;
    const int32_t parts = pass.weights.parts;
    if (g.kernel_w == 5 && parts == 1) {
      window_of<1, 5, 5, 1, 2, kForm>(pass, 0, pass.rows);
      return true;
    }
    if (g.kernel_w != 3 || parts > 2) return false;
    const int32_t in_pairs = pass.cut.rows == 2 ? pass.rows & ~1 : 0;
    if (in_pairs > 0) three_by_three<2, kForm>(pass.weights)(pass, 0, in_pairs);
    if (in_pairs < pass.rows) three_by_three<1, kForm>(pass.weights)(pass, in_pairs, pass.rows);
    return true;
  }

  static void any_window(const DepthwisePass& pass, int r, int32_t* sums) {
    const int32_t height = pass.size.kernel_h, width = pass.size.kernel_w;
    const int32_t parts = pass.weights.parts;
    const ptrdiff_t apart = ptrdiff_t{pass.cut.slots} * kDwLanes * pass.size.dilation_w;
    const int8_t* const weights = pass.weights.values;
    sum_windows(pass, r, sums, [&](const auto& at, auto& y) [[gnu::always_inline]] {
      const int8_t* w = weights;
      for (int32_t part = 0; part < parts; ++part) {
        ptrdiff_t column = 0;
        for (int32_t kx = 0; kx < width; ++kx, column += apart) {
          ptrdiff_t slot = column;
          int32_t left = height;
          for (; left >= 2; left -= 2, slot += 2 * kDwLanes, w += 2 * kDwLanes) {
            add_products<2>(at, slot, w, y);
          }
          if (left == 0) continue;
          add_products<1>(at, slot, w, y);
          w += kDwLanes;
        }
      }
    });
  }

 private:
  // Those of one or two taps that lie one below the other.
  template <int kTaps, int n>
  [[gnu::always_inline]] static void add_products(const int8_t* const (&at)[n], ptrdiff_t slot,
                                                  const int8_t* w, int32x4_t (&y)[n][2]) {
    int16x8_t p[n];
    if constexpr (kTaps == 1) {
      const int8x8_t tap = vld1_s8(w);
      unroll<n>([&](auto i)
                    [[gnu::always_inline]] { p[i] = vmull_s8(vld1_s8(at[i] + slot), tap); });
    } else {
      const int8x16_t taps = vld1q_s8(w);
      int8x16_t x[n];
      unroll<n>([&](auto i) [[gnu::always_inline]] {
        x[i] = vld1q_s8(at[i] + slot);
        p[i] = vmull_s8(vget_low_s8(x[i]), vget_low_s8(taps));
      });
      unroll<n>([&](auto i) [[gnu::always_inline]] {
        p[i] = vmlal_s8(p[i], vget_high_s8(x[i]), vget_high_s8(taps));
      });
    }
    unroll<n>([&](auto i) [[gnu::always_inline]] { add(y[i], p[i]); });
  }
};

}  // namespace

void depthwise_s8_neon_arrange(const DepthwiseS8& a, uint8_t* to) {
  Depthwise<DepthwiseS8, NeonEngine>(a).arrange(to);
}

void depthwise_s8_neon(const DepthwiseS8& a) {
  if (!DepthwiseCut(a.size, NeonEngine::kUnit).fits) return depthwise_s8_portable(a);
  Depthwise<DepthwiseS8, NeonEngine>(a).run();
}

void depthwise_u8_neon_arrange(const DepthwiseU8& a, uint8_t* to) {
  Depthwise<DepthwiseU8, NeonEngine>(a).arrange(to);
}

void depthwise_u8_neon(const DepthwiseU8& a) {
  if (!DepthwiseCut(a.size, NeonEngine::kUnit).fits) return depthwise_u8_portable(a);
  Depthwise<DepthwiseU8, NeonEngine>(a).run();
}

}  // namespace pipit
