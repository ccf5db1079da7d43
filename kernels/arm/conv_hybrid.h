// SPDX-License-Identifier: Apache-2.0
// A convolution of float activations that were quantized, as tiles of dot products: some positions
// by four channels, whose sums are scaled in registers. The windows of a 1x1 convolution with
// stride 1 are read where they lie; others are gathered a block at a time, borders included.
#pragma once

#include <cstring>

#include "kernels/arm/dot_tile.h"
#include "kernels/arm/hybrid_cut.h"
#include "kernels/arm/reduce_s32.h"
#include "kernels/arm/wrapping_neon.h"
#include "kernels/contracts/conv_hybrid.h"

namespace pipit {
namespace {

// ---- windows

struct HybridWindows : HybridCut {
  explicit HybridWindows(const ConvHybrid& conv) : HybridCut(conv) {}

  const int8_t* find(int32_t from, int32_t count, int8_t* scratch) const {
    if (in_place) return a.in + ptrdiff_t{from} * pitch;
    const ConvGeometry& g = a.size;
    for (int32_t i = 0; i < count; ++i) {
      const int32_t row = (from + i) / g.out_w, x = from + i - row * g.out_w;
      const int32_t batch = row / g.out_h, y = row - batch * g.out_h;
      gather(a.in + ptrdiff_t{batch} * g.in_h * g.in_w * a.stride.in_pixel,
             y * g.stride_h - g.pad_top, x * g.stride_w - g.pad_left,
             scratch + ptrdiff_t{i} * depth);
    }
    return scratch;
  }

  void gather(const int8_t* image, int32_t y, int32_t x, int8_t* to) const {
    const ConvGeometry& g = a.size;
    const TapRange rows = taps_inside(y, g.dilation_h, g.kernel_h, g.in_h);
    const TapRange columns = taps_inside(x, g.dilation_w, g.kernel_w, g.in_w);
    const bool all =
        rows.end - rows.begin == g.kernel_h && columns.end - columns.begin == g.kernel_w;
    // At the image's sides zero points stay where no tap is copied over them.
    if (!all) std::memset(to, a.in_zero_point, static_cast<size_t>(depth));
    const bool dense = g.dilation_w == 1 && a.stride.in_pixel == g.in_c;
    const int32_t step = dense ? columns.end - columns.begin : 1;
    for (int32_t ky = rows.begin; ky < rows.end; ++ky) {
      const ptrdiff_t line = (y + ptrdiff_t{ky} * g.dilation_h) * g.in_w + x;
      for (int32_t kx = columns.begin; kx < columns.end; kx += step) {
        copy(image + (line + ptrdiff_t{kx} * g.dilation_w) * a.stride.in_pixel,
             to + (ky * g.kernel_w + kx) * g.in_c, step * g.in_c);
      }
    }
  }

  // A call of memcpy costs more than most of these copies. The last piece overlaps.
  static void copy(const int8_t* from, int8_t* to, int32_t n) {
    if (n >= 16) {
      for (int32_t i = 0; i < n - 16; i += 16) std::memcpy(to + i, from + i, 16);
      std::memcpy(to + n - 16, from + n - 16, 16);
    } else if (n >= 4) {
      // Of 4 to 7 bytes the first and the last four, twice; of more, the first and last eight.
      const int32_t half = n >= 8 ? 4 : 0;
      std::memcpy(to, from, 4);
      std::memcpy(to + half, from + half, 4);
      std::memcpy(to + n - 4 - half, from + n - 4 - half, 4);
      std::memcpy(to + n - 4, from + n - 4, 4);
    } else {
      for (int32_t i = 0; i < n; ++i) to[i] = from[i];
    }
  }

  // How many positions from m on, of `count`, have their results out_pixel apart.
  int32_t line(int32_t m, int32_t count) const {
    if (a.stride.out_row == a.size.out_w * a.stride.out_pixel) return count;
    const int32_t left = a.size.out_w - m % a.size.out_w;
    return count < left ? count : left;
  }
  float* out(int32_t m) const {
    const int32_t y = m / a.size.out_w;
    return a.out + ptrdiff_t{y} * a.stride.out_row +
           ptrdiff_t{m - y * a.size.out_w} * a.stride.out_pixel;
  }
};

// ---- tiles

// Four channels, of which `count` exist; the others repeat the last.
struct HybridPanel {
  const int8_t* weights[kColumns];
  int32_t count;
  int32x4_t start;  // what the zero point takes from the sums
  float32x4_t scale, bias, min, max;

  HybridPanel(const ConvHybrid& a, int32_t depth, int32_t c) {
    const int32_t left = a.size.out_c - c;
    count = left < kColumns ? left : kColumns;
    int32_t starts[kColumns];
    float scales[kColumns], biases[kColumns];
    for (int32_t i = 0; i < kColumns; ++i) {
      const int32_t o = c + (i < count ? i : count - 1);
      weights[i] = a.weights + ptrdiff_t{o} * depth;
      starts[i] = static_cast<int32_t>(0 - static_cast<uint32_t>(a.in_zero_point) *
                                               static_cast<uint32_t>(a.weight_sums[o]));
      scales[i] = a.in_scale * (a.scales != nullptr ? a.scales[o] : 1);
      biases[i] = a.bias != nullptr ? a.bias[o] : 0;
    }
    start = vld1q_s32(starts);
    scale = vld1q_f32(scales);
    bias = vld1q_f32(biases);
    min = vdupq_n_f32(a.min);
    max = vdupq_n_f32(a.max);
  }
};

struct HybridResults {
  float* at;
  ptrdiff_t step;  // from one position to the next
};

template <int n>
PIPIT_INLINE inline void store_results(const HybridPanel& p, const int32x4_t (&sum)[n],
                                       HybridResults& to) {
  float32x4_t v[n];
  unroll<n>([&](auto m) PIPIT_INLINE { v[m] = vcvtq_f32_s32(wrapping_add(sum[m], p.start)); });
  unroll<n>([&](auto m) PIPIT_INLINE { v[m] = vmulq_f32(v[m], p.scale); });
  unroll<n>([&](auto m) PIPIT_INLINE { v[m] = vaddq_f32(v[m], p.bias); });
  unroll<n>([&](auto m) PIPIT_INLINE { v[m] = vminq_f32(vmaxq_f32(v[m], p.min), p.max); });
  unroll<n>([&](auto m) PIPIT_INLINE {
    if (p.count == kColumns) {
      vst1q_f32(to.at, v[m]);
    } else {
      float four[kColumns];
      vst1q_f32(four, v[m]);
      for (int32_t i = 0; i < p.count; ++i) to.at[i] = four[i];
    }
    to.at += to.step;
  });
}

// Tiles of kRows windows, as many as there are whole ones of `count`. Returns how many windows.
template <class Dot, int kRows>
[[gnu::noinline]] int32_t run_tiles(const HybridPanel& panel, const DepthCut& depth_cut,
                                    const int8_t* first, ptrdiff_t pitch, int32_t count,
                                    HybridResults to) {
  const HybridPanel p = panel;
  const DepthCut cut = depth_cut;
  const int8_t* const w[kColumns] = {p.weights[0], p.weights[1], p.weights[2], p.weights[3]};
  int32_t done = 0;
  for (; done + kRows <= count; done += kRows) {
    const int8_t* x[kRows];
    unroll<kRows>([&](auto m) PIPIT_INLINE {
      x[m] = first;
      first += pitch;
    });
    // Lanes of a sum are parts of one result; total[m] has those of the four channels.
    int32x4_t sum[kRows * kColumns], total[kRows];
    unroll<kRows * kColumns>([&](auto i) PIPIT_INLINE { sum[i] = vdupq_n_s32(0); });
    dot_tile<Dot, kRows>(sum, x, w, cut);
    unroll<kRows>([&](auto m) PIPIT_INLINE {
      total[m] = reduce_s32(sum[m], sum[kRows + m], sum[2 * kRows + m], sum[3 * kRows + m]);
    });
    store_results(p, total, to);
  }
  return done;
}

template <class Dot>
void run_panel(const HybridPanel& p, const DepthCut& cut, const int8_t* first, ptrdiff_t pitch,
               int32_t count, HybridResults to) {
  const int32_t done = run_tiles<Dot, Dot::kRows>(p, cut, first, pitch, count, to);
  run_tiles<Dot, 1>(p, cut, first + done * pitch, pitch, count - done,
                    {to.at + done * to.step, to.step});
}

// ---- the whole

template <class Dot>
void conv_hybrid_arm(const ConvHybrid& a) {
  const HybridWindows windows(a);
  if (windows.depth < kShortestDepth) return conv_hybrid_portable(a);
  const DepthCut cut(windows.depth);
  for (int32_t from = 0; from < windows.positions; from += windows.block) {
    const int32_t left = windows.positions - from;
    const int32_t count = left < windows.block ? left : windows.block;
    const int8_t* first = windows.find(from, count, reinterpret_cast<int8_t*>(a.scratch));
    for (int32_t c = 0; c < a.size.out_c; c += kColumns) {
      const HybridPanel panel(a, windows.depth, c);
      for (int32_t m = 0, some = 0; m < count; m += some) {
        some = windows.line(from + m, count - m);
        run_panel<Dot>(panel, cut, first + ptrdiff_t{m} * windows.pitch, windows.pitch, some,
                       {windows.out(from + m) + c, a.stride.out_pixel});
      }
    }
  }
}

}  // namespace
}  // namespace pipit
