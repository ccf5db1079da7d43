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

  [[gnu::always_inline]] void add(int16x8_t products) {
    low = vaddw_s16(low, vget_low_s16(products));
#if PIPIT_ARM64
    high = vaddw_high_s16(high, products);
#else
    high = vaddw_s16(high, vget_high_s16(products));
#endif
  }
};

// A window whose sizes are known: all its taps are constants of the loop.
template <int kRows, int kHeight, int kWidth, bool kRight>
void window_of(const DepthwiseBlock& block, const DepthwiseWeights& weights, const int8_t* columns,
               const ConvGeometry& g, int32_t slots, const DepthwiseOut& out) {
  constexpr int kTaps = kHeight * kWidth;
  const DepthwiseBlock b = block;
  const int8_t* w = weights.values;
  const ptrdiff_t pitch = slots * kDwLanes;
  for (int32_t x = 0; x < out.count; ++x, columns += pitch * g.stride_w) {
    NeonSums sums[kRows];
    unroll<kRows>([&](auto r) [[gnu::always_inline]] {
      NeonSums sum = {b.bias[0], b.bias[1]};
      const auto at = [&](int t) [[gnu::always_inline]] {
        return vld1_s8(columns + pitch * (t / kHeight) + (t % kHeight + r) * kDwLanes);
      };
      unroll<(kTaps + 1) / 2>([&](auto pair) [[gnu::always_inline]] {
        constexpr int t = 2 * decltype(pair)();
        int16x8_t p = vmull_s8(at(t), vld1_s8(w + t * kDwLanes));
        if constexpr (t + 1 < kTaps) p = vmlal_s8(p, at(t + 1), vld1_s8(w + (t + 1) * kDwLanes));
        sum.add(p);
      });
      sums[r] = sum;
    });
    unroll<kRows>([&](auto r) [[gnu::always_inline]] {
      out.put(r, x, finish<kRight>(b, sums[r].low, sums[r].high));
    });
  }
}

// Any window, one output row.
template <bool kRight>
void any_window(const DepthwiseBlock& b, const DepthwiseWeights& weights, const int8_t* columns,
                const ConvGeometry& g, int32_t slots, int r, const DepthwiseOut& out) {
  const ptrdiff_t pitch = slots * kDwLanes;
  for (int32_t x = 0; x < out.count; ++x, columns += pitch * g.stride_w) {
    NeonSums sum = {b.bias[0], b.bias[1]};
    const int8_t* w = weights.values;
    for (int32_t part = 0; part < weights.parts; ++part) {
      const int8_t* column = columns + r * kDwLanes;
      for (int32_t kx = 0; kx < g.kernel_w; ++kx, column += pitch * g.dilation_w) {
        const int8_t* at = column;
        int32_t left = g.kernel_h;
        for (; left >= 2; left -= 2, at += 2 * kDwLanes, w += 2 * kDwLanes) {
          const int16x8_t p = vmull_s8(vld1_s8(at), vld1_s8(w));
          sum.add(vmlal_s8(p, vld1_s8(at + kDwLanes), vld1_s8(w + kDwLanes)));
        }
        if (left == 0) continue;
        sum.add(vmull_s8(vld1_s8(at), vld1_s8(w)));
        w += kDwLanes;
      }
    }
    out.put(r, x, finish<kRight>(b, sum.low, sum.high));
  }
}

struct NeonEngine {
  static constexpr int kUnit = 1;

  static void put_slots(const int8x8_t (&slots)[kUnit], int8_t* to) { vst1_s8(to, slots[0]); }

  static void run(const DepthwiseBlock& b, const DepthwiseWeights& w, const int8_t* columns,
                  const ConvGeometry& g, const DepthwiseCut& cut, int32_t rows,
                  const DepthwiseOut& out) {
    const bool plain = w.parts == 1 && b.q.right && g.dilation_w == 1 && g.kernel_w == g.kernel_h;
    if (plain && g.kernel_w == 3) {
      const auto run = rows == 2 ? window_of<2, 3, 3, true> : window_of<1, 3, 3, true>;
      return run(b, w, columns, g, cut.slots, out);
    }
    if (plain && g.kernel_w == 5) {
      const auto run = rows == 2 ? window_of<2, 5, 5, true> : window_of<1, 5, 5, true>;
      return run(b, w, columns, g, cut.slots, out);
    }
    const auto run = b.q.right ? any_window<true> : any_window<false>;
    for (int r = 0; r < rows; ++r) run(b, w, columns, g, cut.slots, r, out);
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
