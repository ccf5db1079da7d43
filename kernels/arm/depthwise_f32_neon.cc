// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Four channels of several neighbouring positions at a time. Windows three wide share the columns
// of their rows: eight positions with stride 1 take 13 loads for 24 FMLA, which A72 and A76 model
// as no wait at all (4 and 8 multiply-adds a cycle less what ends a tile). Tiles that cross the
// image's sides look up their columns' addresses, which may be those of zeros, in a table.
#include <arm_neon.h>

#include <cstring>

#include "kernels/arm/depthwise_cut.h"
#include "kernels/arm/unroll.h"
#include "kernels/contracts/depthwise_f32.h"

namespace pipit {
namespace {

constexpr int kLanes = 4;
constexpr int kWide = DepthwiseF32Cut::kWide;  // positions
constexpr int kNarrow = kWide / 2;

// Neighbouring positions of one output row.
struct Tile {
  const float* line;     // the input row of the first tap that is inside of the image
  const float* weights;  // of that row of taps
  float* out;
  int32_t rows;   // of taps that are inside
  int32_t x;      // input column of the first position's first tap
  int32_t count;  // positions
};

using Table = DepthwiseF32Cut::Table;

ByteCount zeros_bytes(const DepthwiseF32& a) { return DepthwiseF32Cut::zeros_bytes(a.size); }

// Windows that are three wide. A row of taps, of eight positions with stride 1:
//
//   columns   0 1 2 3 4 5 6 7 8 9
//   window 0  |---|
//   window 1    |---|
//   window 7                |---|
template <int kStride>
struct Narrow {
  template <int kTile, bool kBorder>
  static void prepare(const DepthwiseF32& a, const Tile& t, Table* table) {
    constexpr int kColumns = (kTile - 1) * kStride + 3;
    if (!kBorder) return;
    const auto* zeros = reinterpret_cast<const float*>(a.scratch);
    const float* line = t.line;
    for (int32_t ky = 0; ky < t.rows; ++ky) {
      for (int j = 0; j < kColumns; ++j) {
        const bool inside = t.x + j >= 0 && t.x + j < a.size.in_w;
        table->column[ky][j] = inside ? line + ptrdiff_t{t.x + j} * a.stride.in_pixel : zeros;
      }
      line += ptrdiff_t{a.size.in_w} * a.stride.in_pixel * a.size.dilation_h;
    }
  }

  template <int kTile, bool kBorder>
  [[gnu::always_inline]] static void add_row(const DepthwiseF32& a, float32x4_t (&sum)[kTile],
                                             const Table* table, int32_t ky, int32_t c,
                                             const float* line, int32_t x, const float* weights) {
    constexpr int kColumns = (kTile - 1) * kStride + 3;
    float32x4_t column[kColumns], w[3];
    unroll<3>([&](auto k) [[gnu::always_inline]] {
      w[k] = vld1q_f32(weights + k * ptrdiff_t{a.weights_tap});
    });
    const float* at = line + ptrdiff_t{kBorder ? 0 : x} * a.stride.in_pixel;
    unroll<kColumns>([&](auto j) [[gnu::always_inline]] {
      column[j] = vld1q_f32(kBorder ? table->column[ky][j] + c : at);
      at += a.stride.in_pixel;
    });
    unroll<3>([&](auto k) [[gnu::always_inline]] {
      unroll<kTile>([&](auto i) [[gnu::always_inline]] {
        sum[i] = vfmaq_f32(sum[i], column[i * kStride + k], w[k]);
      });
    });
  }
};

// All others; kSame: all channels of a vector see the same input channel.
template <bool kSame>
struct Any {
  template <int kTile, bool kBorder>
  static void prepare(const DepthwiseF32&, const Tile&, Table*) {}

  template <int kTile, bool>
  [[gnu::always_inline]] static void add_row(const DepthwiseF32& a, float32x4_t (&sum)[kTile],
                                             const Table*, int32_t, int32_t, const float* line,
                                             int32_t x, const float* weights) {
    for (int32_t k = 0; k < a.size.kernel_w; ++k, weights += a.weights_tap) {
      const float32x4_t w = vld1q_f32(weights);
      float32x4_t column[kTile];
      unroll<kTile>([&](auto i) [[gnu::always_inline]] {
        const int64_t at = x + int64_t{i} * a.size.stride_w + int64_t{k} * a.size.dilation_w;
        const bool inside = at >= 0 && at < a.size.in_w;
        const float* p = inside ? line + static_cast<ptrdiff_t>(at) * a.stride.in_pixel
                                : reinterpret_cast<const float*>(a.scratch);
        column[i] = kSame ? vld1q_dup_f32(p) : vld1q_f32(p);
      });
      unroll<kTile>([&](auto i)
                        [[gnu::always_inline]] { sum[i] = vfmaq_f32(sum[i], column[i], w); });
    }
  }
};

template <class Window, int kTile, bool kBorder>
[[gnu::noinline]] void run_tile(const DepthwiseF32& a, const Tile& t) {
  const float32x4_t min = vdupq_n_f32(a.min), max = vdupq_n_f32(a.max);
  const ptrdiff_t row = ptrdiff_t{a.size.in_w} * a.stride.in_pixel * a.size.dilation_h;
  const ptrdiff_t weights_row = ptrdiff_t{a.weights_tap} * a.size.kernel_w;
  const int32_t last = a.size.out_c - kLanes;
  auto* const table = reinterpret_cast<Table*>(a.scratch + zeros_bytes(a).size());
  for (int i = 0; kBorder && i < kTile; ++i) {
    table->out[i] = t.out + ptrdiff_t{i < t.count ? i : t.count - 1} * a.stride.out_pixel;
  }
  Window::template prepare<kTile, kBorder>(a, t, table);
  for (int32_t c = 0;;) {
    const float* line = t.line + (a.multiplier == 1 ? c : c / a.multiplier);
    const float* w = t.weights + c;
    const float32x4_t bias = a.bias != nullptr ? vld1q_f32(a.bias + c) : vdupq_n_f32(0);
    float32x4_t sum[kTile];
    unroll<kTile>([&](auto i) [[gnu::always_inline]] { sum[i] = bias; });
    for (int32_t ky = 0; ky < t.rows; ++ky, line += row, w += weights_row) {
      Window::template add_row<kTile, kBorder>(a, sum, table, ky, c, line, t.x, w);
    }
    // From the last one on, so that of those with one address the first remains.
    unroll<kTile>([&](auto i) [[gnu::always_inline]] {
      constexpr int at = kTile - 1 - i;
      float* out = kBorder ? table->out[at] : t.out + at * ptrdiff_t{a.stride.out_pixel};
      vst1q_f32(out + c, vminq_f32(vmaxq_f32(sum[at], min), max));
    });
    if (c == last) return;
    c = c + kLanes < last ? c + kLanes : last;  // the last four may overlap those before
  }
}

// One output row from its first tile on.
template <class Window>
void run_row(const DepthwiseF32& a, Tile t) {
  const ConvGeometry& g = a.size;
  const int64_t reach = int64_t{kWide - 1} * g.stride_w + int64_t{g.kernel_w - 1} * g.dilation_w;
  for (int32_t left = g.out_w; left > 0;) {
    int32_t step = kWide;
    t.count = left;
    if (left >= kWide && t.x >= 0 && t.x + reach < g.in_w) {
      run_tile<Window, kWide, false>(a, t);
    } else if (left > kNarrow) {
      run_tile<Window, kWide, true>(a, t);
    } else {
      run_tile<Window, kNarrow, true>(a, t);
      step = kNarrow;
    }
    left -= step;
    if (left <= 0) break;  // what is behind the last position may be out of the range of integers
    t.x += step * g.stride_w;
    t.out += ptrdiff_t{step} * a.stride.out_pixel;
  }
}

template <class Window>
void run_all(const DepthwiseF32& a) {
  const ConvGeometry& g = a.size;
  const ptrdiff_t row = ptrdiff_t{g.in_w} * a.stride.in_pixel;
  for (int32_t b = 0; b < g.batch; ++b) {
    for (int32_t y = 0; y < g.out_h; ++y) {
      const int32_t first = y * g.stride_h - g.pad_top;
      const TapRange taps = taps_inside(first, g.dilation_h, g.kernel_h, g.in_h);
      Tile t = {};
      t.rows = taps.end - taps.begin;
      t.x = -g.pad_left;
      t.out = a.out + (ptrdiff_t{b} * g.out_h + y) * a.stride.out_row;
      t.weights = a.weights + ptrdiff_t{taps.begin} * g.kernel_w * a.weights_tap;
      t.line = a.in;
      if (t.rows > 0) {
        t.line += (ptrdiff_t{b} * g.in_h + first + ptrdiff_t{taps.begin} * g.dilation_h) * row;
      }
      run_row<Window>(a, t);
    }
  }
}

}  // namespace

void depthwise_f32_neon(const DepthwiseF32& a) {
  const ConvGeometry& g = a.size;
  std::memset(a.scratch, 0, zeros_bytes(a).size());
  const bool same = g.in_c == 1 || a.multiplier % kLanes == 0;
  if (g.out_c < kLanes || (a.multiplier != 1 && !same)) return depthwise_f32_portable(a);
  if (same) return run_all<Any<true>>(a);
  if (g.kernel_w == 3 && g.dilation_w == 1 && g.stride_w == 1) return run_all<Narrow<1>>(a);
  if (g.kernel_w == 3 && g.dilation_w == 1 && g.stride_w == 2) return run_all<Narrow<2>>(a);
  run_all<Any<false>>(a);
}

}  // namespace pipit
