// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Several rows of weights for each of activations, so that few loads serve many multiplications and
// no sum waits for itself. One row of activations takes 17 loads for 16 FMLA, which loads bound:
// modelled, 3.8 multiply-adds a cycle on A72, 7.5 on A76.
#include <arm_neon.h>

#include "kernels/arm/dot_f32_neon.h"
#include "kernels/contracts/matmul.h"

namespace pipit {
namespace {

constexpr int kPanel = 4;  // outputs that are stored together
#if PIPIT_ARM64
constexpr int kTile = 4;   // rows
constexpr int kWide = 16;  // outputs of a single row
#else
constexpr int kTile = 2;  // sixteen registers only
constexpr int kWide = 8;
#endif
constexpr int32_t kBlockBytes = 16 << 10;  // of rows, to stay in the cache while panels pass

// kRows rows from `r` by kColumns outputs from `o`. Of kPanel outputs, those that do not exist
// repeat the last.
template <int kRows, int kColumns, bool kLast>
[[gnu::noinline]] void run_tile(const MatmulF32& a, int32_t r, int32_t o) {
  float32x4_t sum[kRows][kColumns];
  const float *x[kRows], *w[kColumns];
  unroll<kRows>([&](auto i) [[gnu::always_inline]] {
    x[i] = a.in + (r + i) * a.in_stride;
    unroll<kColumns>([&](auto c) [[gnu::always_inline]] { sum[i][c] = vdupq_n_f32(0); });
  });
  const int32_t left = a.outputs - o;
  w[0] = a.weights + static_cast<ptrdiff_t>(o) * a.depth;
  unroll<kColumns - 1>([&](auto c) [[gnu::always_inline]] {
    w[c + 1] = w[c] + (kColumns == kWide || c + 1 < left ? a.depth : 0);
  });
  add_products<kLast>(sum, x, w, a.depth);
  unroll<kRows>([&](auto i) [[gnu::always_inline]] {
    float* out = a.out + (r + i) * a.out_stride + o;
    const float* start = a.start == nullptr ? nullptr : a.start + (r + i) * a.start_stride + o;
    unroll<kColumns / kPanel>([&](auto p) [[gnu::always_inline]] {
      constexpr int c = p * kPanel;
      const int32_t n = kColumns == kWide ? kPanel : left;
      const float32x4_t from = start == nullptr ? vdupq_n_f32(0) : load_first(start + c, n);
      store_first(out + c, vaddq_f32(total(&sum[i][c]), from), n);
    });
  });
}

template <bool kLast>
void run_rows(const MatmulF32& a, int32_t r, int32_t n) {
  int32_t o = 0;
  for (; n == 1 && o + kWide <= a.outputs; o += kWide) run_tile<1, kWide, kLast>(a, r, o);
  for (; o < a.outputs; o += kPanel) {
    int32_t i = 0;
    for (; i + kTile <= n; i += kTile) run_tile<kTile, kPanel, kLast>(a, r + i, o);
    for (; i < n; ++i) run_tile<1, kPanel, kLast>(a, r + i, o);
  }
}

}  // namespace

void matmul_f32_neon(const MatmulF32& a) {
  const int64_t bytes = int64_t{a.depth} * int64_t{sizeof(float)};
  const auto fit = bytes == 0 ? a.rows : static_cast<int32_t>(kBlockBytes / bytes) / kTile * kTile;
  const int32_t block = fit < kTile ? kTile : fit;
  for (int32_t r = 0; r < a.rows; r += block) {
    const int32_t n = a.rows - r < block ? a.rows - r : block;
    if (a.depth % 4 == 0) {
      run_rows<false>(a, r, n);
    } else {
      run_rows<true>(a, r, n);
    }
  }
}

}  // namespace pipit
