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

// A window whose sizes are known, [r, r + kRows) of the rows. The products of a pair of taps are
// begun, those of the pair before the last one added to the sums, and then the second tap
// multiplied: an in-order core waits for none of them. Aligned to stay in one page of memory.
template <int kRows, int kHeight, int kWidth, int kParts, Form kForm>
[[gnu::noinline, gnu::aligned(1024)]] void window_of(const DepthwisePass& pass, int row) {
  constexpr int kTaps = kHeight * kWidth, kPairs = (kTaps + 1) / 2;
  constexpr int kAtOnce = kDwAtOnce<kRows>, n = kRows * kAtOnce;
  const ptrdiff_t pitch = pass.cut.slots * kDwLanes;
  const int8_t* const w = pass.weights.values;
  const auto products = [&](const int8_t* const* at, int32x4_t(&y)[n][2]) [[gnu::always_inline]] {
    const int8_t* taps = w;
    const auto product = [&](int t, int m, int16x8_t p, bool first) [[gnu::always_inline]] {
      const int8_t* slot = at[m % kAtOnce] + pitch * (t / kHeight);
      const int8x8_t x = vld1_s8(slot + (t % kHeight + m / kAtOnce + row) * kDwLanes);
      const int8x8_t tap = vld1_s8(taps + t * kDwLanes);
      return first ? vmull_s8(x, tap) : vmlal_s8(p, x, tap);
    };
    for (int part = 0; part < kParts; ++part, taps += kTaps * kDwLanes) {
      int16x8_t p[3][n];
      unroll<kPairs + 2>([&](auto step) [[gnu::always_inline]] {
        constexpr int now = decltype(step)();
        if constexpr (now < kPairs) {
          unroll<n>([&](auto m) [[gnu::always_inline]] {
            p[now % 3][m] = product(2 * now, m, int16x8_t{}, true);
          });
        }
        if constexpr (now >= 2) {
          unroll<n>([&](auto m) [[gnu::always_inline]] { add(y[m], p[(now - 2) % 3][m]); });
        }
        if constexpr (2 * now + 1 < kTaps) {
          unroll<n>([&](auto m) [[gnu::always_inline]] {
            p[now % 3][m] = product(2 * now + 1, m, p[now % 3][m], false);
          });
        }
      });
    }
  };
  finish_windows<kRows, kForm>(pass, row, pitch * pass.size.stride_w, products);
}

struct NeonEngine {
  static constexpr int kUnit = kDwNeonUnit;

  static void put_slots(const int8x8_t* slots, int8_t* to) { vst1_s8(to, slots[0]); }

  template <Form kForm>
  static bool run(const DepthwisePass& pass) {
    const ConvGeometry& g = pass.size;
    const int32_t parts = pass.weights.parts;
    if (g.dilation_w != 1 || g.kernel_w != g.kernel_h || parts > 2) return false;
    if (g.kernel_w == 3 && pass.rows == 2) {
      (parts == 1 ? window_of<2, 3, 3, 1, kForm> : window_of<2, 3, 3, 2, kForm>)(pass, 0);
      return true;
    }
    void (*window)(const DepthwisePass&, int) = nullptr;
    if (g.kernel_w == 3)
      window = parts == 1 ? window_of<1, 3, 3, 1, kForm> : window_of<1, 3, 3, 2, kForm>;
    if (g.kernel_w == 5 && parts == 1) window = window_of<1, 5, 5, 1, kForm>;
    if (window == nullptr) return false;
    for (int r = 0; r < pass.rows; ++r) window(pass, r);
    return true;
  }

  static void any_window(const DepthwisePass& pass, int r, int32_t* to) {
    const ConvGeometry& g = pass.size;
    const int8_t* columns = pass.columns;
    const ptrdiff_t pitch = pass.cut.slots * kDwLanes;
    for (int32_t x = 0; x < pass.count; ++x, to += kDwLanes, columns += pitch * g.stride_w) {
      int32x4_t sum[2] = {};
      const int8_t* w = pass.weights.values;
      for (int32_t part = 0; part < pass.weights.parts; ++part) {
        const int8_t* column = columns + r * kDwLanes;
        for (int32_t kx = 0; kx < g.kernel_w; ++kx, column += pitch * g.dilation_w) {
          const int8_t* at = column;
          int32_t left = g.kernel_h;
          for (; left >= 2; left -= 2, at += 2 * kDwLanes, w += 2 * kDwLanes) {
            const int16x8_t p = vmull_s8(vld1_s8(at), vld1_s8(w));
            add(sum, vmlal_s8(p, vld1_s8(at + kDwLanes), vld1_s8(w + kDwLanes)));
          }
          if (left == 0) continue;
          add(sum, vmull_s8(vld1_s8(at), vld1_s8(w)));
          w += kDwLanes;
        }
      }
      vst1q_s32(to, sum[0]);
      vst1q_s32(to + 4, sum[1]);
    }
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
