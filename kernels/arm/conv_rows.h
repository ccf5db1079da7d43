// SPDX-License-Identifier: Apache-2.0
// A convolution as dot products: where the window of each output position lies. In the order of
// the weights a window is a few segments, each contiguous: the lines of a dense image, else its
// pixels. Windows that lie inside of the image are read there. Otherwise a band of the image is
// copied first, with what surrounds it, and windows are read in that copy. Only where segments are
// too short for a kernel's steps, windows are gathered into rows. uint8 numbers have their top bit
// flipped while they are copied: int8, and 128 less.
#pragma once

#include <arm_neon.h>

#include <cstring>

#include "kernels/arm/conv_bytes.h"
#include "kernels/arm/conv_cut.h"
#include "kernels/arm/reduce_s32.h"
#include "kernels/arm/unroll.h"

namespace pipit {
namespace {

// The steps of a window: first those of sixteen bytes, then of eight, then of four. Two segments of
// 28 bytes have six, in this order:
//
//   segment 0   |------ 0 ------|-- 2 --| 4 |
//   segment 1   |------ 1 ------|-- 3 --| 5 |
//
// Integers may be added in any order, and so a kernel has one loop for each size.
struct ConvSteps {
  const ConvStep* at;
  int32_t sixteens, eights, fours;
};

constexpr int32_t kLongestShort = 32;  // bytes of a window that is worth code of its own

class ConvRows : public ConvCut {
 public:
  ConvRows(const ConvBytes& conv, const ConvLimits& limits)
      : ConvCut(conv.size, conv.stride.in_pixel, conv.flip != 0, limits), a(conv) {
    out_in_line_ = a.stride.out_row == g_.out_w * a.stride.out_pixel;
  }

  const ConvBytes& a;

  // Calls f(windows, steps, first position, how many) for each block. `windows` are the addresses
  // of the block's, the last one repeated so that there are whole tiles. A step is at the same
  // distance from each of them: windows[m] + steps.at[i].x.
  //
  //   windows of 5 positions, tiles of 4   | 0 | 1 | 2 | 3 |   | 4 | 4 | 4 | 4 |
  template <class F>
  void for_each_block(uint8_t* scratch, const F& f) const {
    auto* table = reinterpret_cast<const int8_t**>(scratch);
    auto* steps = reinterpret_cast<ConvStep*>(scratch + table_bytes().size());
    auto* copy = reinterpret_cast<int8_t*>(scratch + (table_bytes() + step_bytes()).size());
    auto* gathered = copy + band_bytes().size();
    const ConvSteps found = find_steps(steps);
    for (int32_t first = 0, end = 0; first < positions; first = end) {
      const Band band = band_at(first);
      end = first + band.rows * band.columns;
      if (!in_place_) load(band, copy);
      const int32_t most = even_block(end - first);
      for (int32_t from = first; from < end; from += most) {
        const int32_t count = end - from < most ? end - from : most;
        find_windows(band, copy, from, count, table);
        if (gathers) gather(table, count, gathered);
        for (int32_t i = 0; i < limits_.tile - 1; ++i) table[count + i] = table[count - 1];
        f(const_cast<const int8_t* const*>(table), found, from, count);
      }
    }
  }

  int8_t* out(int32_t m) const {
    if (out_in_line_) return a.out + static_cast<ptrdiff_t>(m) * a.stride.out_pixel;
    const int32_t y = m / g_.out_w;
    return a.out + static_cast<ptrdiff_t>(y) * a.stride.out_row +
           static_cast<ptrdiff_t>(m - y * g_.out_w) * a.stride.out_pixel;
  }
  // How many positions from `m` on, of `count`, have their results out_pixel apart.
  int32_t line(int32_t m, int32_t count) const {
    if (out_in_line_) return count;
    const int32_t left = g_.out_w - m % g_.out_w;
    return count < left ? count : left;
  }

  // The bytes of windows that are short and in one piece, a multiple of eight; else 0. Gathered
  // ones are followed by zeros.
  int32_t short_bytes(const ConvSteps& steps) const {
    const int32_t bytes = 16 * steps.sixteens + 8 * steps.eights + (gathers ? 8 : 0) * steps.fours;
    if (bytes > kLongestShort || (steps.fours != 0 && !gathers)) return 0;
    for (int32_t i = 0; i < steps.sixteens + steps.eights; ++i) {
      if (steps.at[i].x != 16 * i) return 0;
    }
    return bytes;
  }

  // Copies, and flips where that is needed. A call of memcpy costs more than most of these copies.
  // The last piece overlaps.
  static void copy(const int8_t* from, int8_t* to, ptrdiff_t n, uint8_t flip) {
    const auto* x = reinterpret_cast<const uint8_t*>(from);
    auto* y = reinterpret_cast<uint8_t*>(to);
    ptrdiff_t i = 0;
    if (n < 8) {
      for (; i < n; ++i) y[i] = x[i] ^ flip;
      return;
    }
    for (; i + 64 <= n; i += 64) copy16<4>(x + i, y + i, flip);
    for (; i + 16 <= n; i += 16) copy16<1>(x + i, y + i, flip);
    if (i + 8 <= n) {
      copy8(x + i, y + i, flip);
      i += 8;
    }
    if (i < n) copy8(x + n - 8, y + n - 8, flip);
  }

  // Output positions that see the same copy: whole rows of one image, or a piece of a row.
  struct Band {
    int32_t batch, y, x;
    int32_t rows, columns;
  };

  // Blocks of about one size, in whole groups of those that are finished together.
  int32_t even_block(int32_t count) const {
    if (count <= block) return block;
    const int32_t blocks = (count + block - 1) / block;
    const int32_t each = ((count + blocks - 1) / blocks + kMany - 1) / kMany * kMany;
    return least(each, block);
  }

  // ---- windows

  ConvSteps find_steps(ConvStep* to) const {
    ConvSteps found = {to, 0, 0, 0};
    const int32_t bytes = gathers ? step_depth() : segment_;
    const int32_t whole = bytes & ~15, half = whole + (bytes & 8);
    const auto put = [&](int32_t from, int32_t end, int32_t size, int32_t* count) {
      for (int32_t s = 0; s < (gathers ? 1 : segments_); ++s) {
        for (int32_t k = from; k < end; k += size, ++*count) {
          const ptrdiff_t w = ptrdiff_t{s} * bytes + k;
          *to++ = {segment_at(s) + k, w * limits_.weight_step};
        }
      }
    };
    put(0, whole, 16, &found.sixteens);
    put(whole, half, 8, &found.eights);
    put(half, bytes, 4, &found.fours);
    return found;
  }

  ptrdiff_t segment_at(int32_t s) const {
    const int32_t in_line = g_.kernel_w / taps_, ky = s / in_line, kx = s % in_line;
    return ptrdiff_t{ky} * g_.dilation_h * line_ + ptrdiff_t{kx} * g_.dilation_w * pixel_;
  }

  Band band_at(int32_t first) const {
    if (in_place_) return {0, 0, 0, 1, positions};
    const int32_t row = first / g_.out_w, batch = row / g_.out_h;
    const int32_t y = row - batch * g_.out_h, x = first - row * g_.out_w;
    return {batch, y, x, least(band_rows_, g_.out_h - y), least(band_columns_, g_.out_w - x)};
  }

  void find_windows(const Band& band, const int8_t* copy, int32_t from, int32_t count,
                    const int8_t** to) const {
    const ptrdiff_t step = ptrdiff_t{g_.stride_w} * pixel_;
    int32_t row = from / g_.out_w, x = from - row * g_.out_w;
    while (count > 0) {
      const int32_t some = least(g_.out_w - x, count);
      const int8_t* at = window(band, copy, row, x);
      for (int32_t i = 0; i < some; ++i) to[i] = at + i * step;
      to += some;
      count -= some;
      ++row;
      x = 0;
    }
  }

  // The window of column x in `row` of all images.
  const int8_t* window(const Band& band, const int8_t* copy, int32_t row, int32_t x) const {
    const int32_t batch = row / g_.out_h, y = row - batch * g_.out_h;
    if (!in_place_) {
      return copy + ptrdiff_t{y - band.y} * g_.stride_h * line_ +
             ptrdiff_t{x - band.x} * g_.stride_w * pixel_;
    }
    const ptrdiff_t line = ptrdiff_t{batch} * g_.in_h + ptrdiff_t{y} * g_.stride_h - g_.pad_top;
    return a.in + line * line_ + (ptrdiff_t{x} * g_.stride_w - g_.pad_left) * pixel_;
  }

  // ---- copies

  // Columns [begin, end) of the copy are inside of the image, and what is around them is border:
  //
  //   |<-- fill -->|<------ copy_pixels ------>|<-- fill -->|
  //   0          begin                        end        columns
  void load(const Band& band, int8_t* to) const {
    const int64_t top = int64_t{band.y} * g_.stride_h - g_.pad_top;
    const int64_t left = int64_t{band.x} * g_.stride_w - g_.pad_left;
    const auto lines = static_cast<int32_t>(lines_of(band.rows));
    const auto columns = static_cast<int32_t>(columns_of(band.columns));
    const auto inside = [&](int64_t at) {
      return static_cast<int32_t>(at < 0 ? 0 : at < columns ? at : columns);
    };
    const int32_t begin = inside(-left), end = inside(g_.in_w - left);
    for (int32_t i = 0; i < lines; ++i, to += line_) {
      const int64_t y = top + i;
      if (y < 0 || y >= g_.in_h || begin >= end) {
        fill(to, columns);
        continue;
      }
      const int64_t pixel = (int64_t{band.batch} * g_.in_h + y) * g_.in_w + left + begin;
      fill(to, begin);
      copy_pixels(a.in + static_cast<ptrdiff_t>(pixel) * a.stride.in_pixel,
                  to + ptrdiff_t{begin} * g_.in_c, end - begin);
      fill(to + ptrdiff_t{end} * g_.in_c, columns - end);
    }
  }

  void copy_pixels(const int8_t* from, int8_t* to, int32_t n) const {
    if (a.stride.in_pixel == g_.in_c) return copy(from, to, ptrdiff_t{n} * g_.in_c, a.flip);
    for (int32_t i = 0; i < n; ++i, from += a.stride.in_pixel, to += g_.in_c) {
      copy(from, to, g_.in_c, a.flip);
    }
  }

  void fill(int8_t* to, int32_t pixels) const {
    std::memset(to, static_cast<uint8_t>(a.in_zero_point) ^ a.flip,
                static_cast<size_t>(pixels) * static_cast<size_t>(g_.in_c));
  }

  // Rows of padded_depth() bytes, with zeros at the end. Each copy may write more than its segment:
  // the next one, or those zeros, come over it.
  // Up to fifteen bytes behind a segment are read as well: that is a band, with kOverrun behind it,
  // since windows that are gathered are never read in place.
  void gather(const int8_t** windows, int32_t count, int8_t* to) const {
    const int32_t in_line = g_.kernel_w / taps_;
    if (in_line == 1 && segment_ <= 16) {
      return g_.kernel_h == 3 ? gather_lines<3>(windows, count, to)
                              : gather_lines<0>(windows, count, to);
    }
    const ptrdiff_t pitch = padded_depth(), segment = segment_;
    const ptrdiff_t down = ptrdiff_t{g_.dilation_h} * line_;
    const ptrdiff_t right = ptrdiff_t{g_.dilation_w} * pixel_;
    const int32_t lines = g_.kernel_h;
    for (int32_t i = 0; i < count; ++i, to += pitch) {
      const int8_t* line = windows[i];
      int8_t* at = to;
      for (int32_t ky = 0; ky < lines; ++ky, line += down) {
        const int8_t* from = line;
        for (int32_t kx = 0; kx < in_line; ++kx, from += right, at += segment) {
          for (ptrdiff_t k = 0; k < segment; k += 16) vst1q_s8(at + k, vld1q_s8(from + k));
        }
      }
      vst1q_s8(at, vdupq_n_s8(0));
      windows[i] = to;
    }
  }

  // Windows of kLines short lines or, if that is 0, of any number.
  template <int kLines>
  void gather_lines(const int8_t** windows, int32_t count, int8_t* to) const {
    const ptrdiff_t pitch = padded_depth(), segment = segment_;
    const ptrdiff_t down = ptrdiff_t{g_.dilation_h} * line_;
    const int32_t lines = kLines != 0 ? kLines : g_.kernel_h;
    for (int32_t i = 0; i < count; ++i, to += pitch) {
      const int8_t* line = windows[i];
      windows[i] = to;
      int8_t* at = to;
#pragma GCC unroll 3
      for (int32_t ky = 0; ky < lines; ++ky, line += down, at += segment) {
        vst1q_s8(at, vld1q_s8(line));
      }
      vst1q_s8(at, vdupq_n_s8(0));
    }
  }

  template <int n>
  static void copy16(const uint8_t* x, uint8_t* y, uint8_t flip) {
    uint8x16_t v[n];
    unroll<n>([&](auto i) PIPIT_INLINE { v[i] = vld1q_u8(x + 16 * i); });
    unroll<n>([&](auto i) PIPIT_INLINE { vst1q_u8(y + 16 * i, veorq_u8(v[i], vdupq_n_u8(flip))); });
  }
  static void copy8(const uint8_t* x, uint8_t* y, uint8_t flip) {
    vst1_u8(y, veor_u8(vld1_u8(x), vdup_n_u8(flip)));
  }

  bool out_in_line_;  // one output position behind the other
};

// The sums of the bytes of one or four windows.
template <int n>
void sum_windows(const int8_t* const* windows, const ConvSteps& steps, int32_t* to) {
  constexpr int32_t kFit = 127;  // pairs of bytes whose sum, 127 * 2 * 128 at most, fits in 16 bits
  int32x4_t sum[n] = {};
  const ConvStep* s = steps.at;
  for (int32_t left = steps.sixteens; left > 0;) {
    const int32_t some = left < kFit ? left : kFit;
    int16x8_t half[n] = {};
    for (const ConvStep* const end = s + some; s != end; ++s) {
      unroll<n>([&](auto m)
                    PIPIT_INLINE { half[m] = vpadalq_s8(half[m], vld1q_s8(windows[m] + s->x)); });
    }
    unroll<n>([&](auto m) PIPIT_INLINE { sum[m] = vpadalq_s16(sum[m], half[m]); });
    left -= some;
  }
  for (int32_t i = 0; i < steps.eights; ++i, ++s) {
    unroll<n>([&](auto m) PIPIT_INLINE {
      sum[m] = vaddw_s16(sum[m], vpaddl_s8(vld1_s8(windows[m] + s->x)));
    });
  }
  if constexpr (n == 4) {
    vst1q_s32(to, reduce_s32(sum[0], sum[1], sum[2], sum[3]));
  } else {
    const int32x4_t one = sum[0];
    to[0] = vgetq_lane_s32(reduce_s32(one, one, one, one), 0);
  }
  for (int32_t i = 0; i < steps.fours; ++i, ++s) {
    for (int m = 0; m < n; ++m) {
      for (int b = 0; b < 4; ++b) to[m] += windows[m][s->x + b];
    }
  }
}

// What (128 - weights_zero_point) times the sum of each window adds to its results. Only uint8
// needs it; otherwise nullptr.
inline const int32_t* window_terms(const ConvBytes& a, const int8_t* const* windows,
                                   const ConvSteps& steps, int32_t count, int32_t* to) {
  if (a.flip == 0) return nullptr;
  const int32_t factor = 128 - a.weights_zero_point;
  if (factor == 0) {
    std::memset(to, 0, static_cast<size_t>(count) * sizeof(*to));
    return to;
  }
  int32_t i = 0;
  for (; i + 4 <= count; i += 4) sum_windows<4>(windows + i, steps, to + i);
  for (; i < count; ++i) sum_windows<1>(windows + i, steps, to + i);
  for (i = 0; i < count; ++i) to[i] *= factor;
  return to;
}

}  // namespace
}  // namespace pipit
