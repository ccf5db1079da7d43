// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Depthwise convolution with the products of two taps added in 16 bits (SMULL, SMLAL), then widened
// into the sums (SADDW, SADDW2): four instructions for sixteen multiply-adds.
#include "kernels/arm/depthwise_columns.h"
#include "kernels/arm/unroll.h"

namespace pipit {
namespace {

struct NeonSums {
  int32x4_t low, high;

  // The first products replace what was there.
  template <bool kFirst>
  [[gnu::always_inline]] void add(int16x8_t products) {
    const int16x4_t l = vget_low_s16(products), h = vget_high_s16(products);
    low = kFirst ? vmovl_s16(l) : vaddw_s16(low, l);
#if PIPIT_ARM64
    high = kFirst ? vmovl_high_s16(products) : vaddw_high_s16(high, products);
    (void)h;
#else
    high = kFirst ? vmovl_s16(h) : vaddw_s16(high, h);
#endif
  }
};

// A window whose sizes are known. The products of a pair of taps are begun, those of the pair
// before the last one added to the sums, and then the second tap multiplied: an in-order core waits
// for none of them.
template <int kRows, int kHeight, int kWidth>
[[gnu::noinline]] void window_of(const DepthwiseWeights& weights, const int8_t* columns,
                                 int32_t slots, int32_t stride, const DepthwiseSums& sums) {
  constexpr int kTaps = kHeight * kWidth, kPairs = (kTaps + 1) / 2;
  const int8_t* w = weights.values;
  const ptrdiff_t pitch = slots * kDwLanes;
  int32_t* to[kRows];
  unroll<kRows>([&](auto r) [[gnu::always_inline]] { to[r] = sums.row(r); });
  const int8_t* at = columns;
  const auto product = [&](int t, int r, int16x8_t p, bool first) [[gnu::always_inline]] {
    const int8x8_t x = vld1_s8(at + pitch * (t / kHeight) + (t % kHeight + r) * kDwLanes);
    const int8x8_t tap = vld1_s8(w + t * kDwLanes);
    return first ? vmull_s8(x, tap) : vmlal_s8(p, x, tap);
  };
  for (int32_t count = sums.count; count > 0; --count, at += pitch * stride) {
    NeonSums sum[kRows];
    int16x8_t p[3][kRows];
    unroll<kPairs + 2>([&](auto step) [[gnu::always_inline]] {
      constexpr int now = decltype(step)();
      if constexpr (now < kPairs) {
        unroll<kRows>([&](auto r) [[gnu::always_inline]] {
          p[now % 3][r] = product(2 * now, r, int16x8_t{}, true);
        });
      }
      if constexpr (now >= 2) {
        unroll<kRows>([&](auto r) [[gnu::always_inline]] {
          sum[r].template add<now == 2>(p[(now - 2) % 3][r]);
        });
      }
      if constexpr (2 * now + 1 < kTaps) {
        unroll<kRows>([&](auto r) [[gnu::always_inline]] {
          p[now % 3][r] = product(2 * now + 1, r, p[now % 3][r], false);
        });
      }
    });
    unroll<kRows>([&](auto r) [[gnu::always_inline]] {
      vst1q_s32(to[r], sum[r].low);
      vst1q_s32(to[r] + 4, sum[r].high);
      to[r] += kDwLanes;
    });
  }
}

// Any window, one output row.
void any_window(const DepthwiseWeights& weights, const int8_t* columns, const ConvGeometry& g,
                int32_t slots, int r, const DepthwiseSums& sums) {
  const ptrdiff_t pitch = slots * kDwLanes;
  int32_t* to = sums.row(r);
  for (int32_t x = 0; x < sums.count; ++x, to += kDwLanes, columns += pitch * g.stride_w) {
    NeonSums sum = {vdupq_n_s32(0), vdupq_n_s32(0)};
    const int8_t* w = weights.values;
    for (int32_t part = 0; part < weights.parts; ++part) {
      const int8_t* column = columns + r * kDwLanes;
      for (int32_t kx = 0; kx < g.kernel_w; ++kx, column += pitch * g.dilation_w) {
        const int8_t* at = column;
        int32_t left = g.kernel_h;
        for (; left >= 2; left -= 2, at += 2 * kDwLanes, w += 2 * kDwLanes) {
          const int16x8_t p = vmull_s8(vld1_s8(at), vld1_s8(w));
          sum.add<false>(vmlal_s8(p, vld1_s8(at + kDwLanes), vld1_s8(w + kDwLanes)));
        }
        if (left == 0) continue;
        sum.add<false>(vmull_s8(vld1_s8(at), vld1_s8(w)));
        w += kDwLanes;
      }
    }
    vst1q_s32(to, sum.low);
    vst1q_s32(to + 4, sum.high);
  }
}

struct NeonEngine {
  static constexpr int kUnit = 1;

  static void put_slots(const int8x8_t* slots, int8_t* to) { vst1_s8(to, slots[0]); }

  static void run(const DepthwiseWeights& w, const int8_t* columns, const ConvGeometry& g,
                  const DepthwiseCut& cut, int32_t rows, const DepthwiseSums& sums) {
    const bool plain = w.parts == 1 && g.dilation_w == 1 && g.kernel_w == g.kernel_h;
    if (plain && g.kernel_w == 3) {
      const auto window = rows == 2 ? window_of<2, 3, 3> : window_of<1, 3, 3>;
      return window(w, columns, cut.slots, g.stride_w, sums);
    }
    if (plain && g.kernel_w == 5) {
      const auto window = rows == 2 ? window_of<2, 5, 5> : window_of<1, 5, 5>;
      return window(w, columns, cut.slots, g.stride_w, sums);
    }
    for (int r = 0; r < rows; ++r) any_window(w, columns, g, cut.slots, r, sums);
  }
};

}  // namespace

size_t depthwise_s8_neon_scratch(const DepthwiseS8& a) {
  return depthwise_scratch(a.size, NeonEngine::kUnit);
}

void depthwise_s8_neon(const DepthwiseS8& a) {
  if (!DepthwiseCut(a.size, NeonEngine::kUnit).fits) return depthwise_s8_portable(a);
  Depthwise<DepthwiseS8, NeonEngine>(a).run();
}

size_t depthwise_u8_neon_scratch(const DepthwiseU8& a) {
  return depthwise_scratch(a.size, NeonEngine::kUnit);
}

void depthwise_u8_neon(const DepthwiseU8& a) {
  if (!DepthwiseCut(a.size, NeonEngine::kUnit).fits) return depthwise_u8_portable(a);
  Depthwise<DepthwiseU8, NeonEngine>(a).run();
}

}  // namespace pipit
