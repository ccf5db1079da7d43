// SPDX-License-Identifier: Apache-2.0
// A convolution as dot products: each output position is a row of `depth` int8 numbers in the order
// of the weights. The rows of a 1x1 convolution with stride 1 are read where they lie; others are
// gathered. uint8 numbers have their top bit flipped while they are gathered: int8, and 128 less.
#pragma once

#include <arm_neon.h>

#include <cstring>
#include <type_traits>

#include "kernels/conv.h"

namespace pipit {
namespace {

template <class Args>
struct ConvRows {
  using Element = std::remove_const_t<std::remove_pointer_t<decltype(Args::in)>>;
  static constexpr bool kFlips = std::is_same_v<Element, uint8_t>;
  static constexpr int32_t kRowAlign = 16;

  const Args& a;
  int32_t depth;      // kernel_h * kernel_w * in_c
  int32_t pitch;      // bytes from one row to the next
  int32_t positions;  // batch * out_h * out_w
  int32_t block;      // positions at a time
  bool in_place;      // rows are read where they lie
  bool out_in_line;   // one output position behind the other

  // Rows that are read where they lie must have a multiple of `unit` bytes, since nothing behind
  // them may be read; gathered rows are padded with zeros to kRowAlign. A block is of whole tiles
  // and at most `bytes` large, or one tile.
  ConvRows(const Args& conv, int32_t unit, int32_t tile, int32_t bytes, int32_t most) : a(conv) {
    const ConvGeometry& g = a.size;
    depth = g.kernel_h * g.kernel_w * g.in_c;
    positions = g.batch * g.out_h * g.out_w;
    const bool whole_lines = g.stride_h == 1 && g.stride_w == 1 && g.kernel_h == 1 &&
                             g.kernel_w == 1 && g.pad_left == 0 && g.out_w == g.in_w;
    const bool inside = g.pad_top <= 0 && int64_t{g.out_h} - g.pad_top <= g.in_h;
    in_place = !kFlips && whole_lines && inside && depth % unit == 0 &&
               (g.batch == 1 || g.out_h == g.in_h);
    pitch = in_place ? a.stride.in_pixel : padded_depth();
    out_in_line = a.stride.out_row == g.out_w * a.stride.out_pixel;
    block = block_of(tile, bytes, most);
  }

  int32_t padded_depth() const { return (depth + kRowAlign - 1) / kRowAlign * kRowAlign; }
  // Enough for rows of fewer bytes, too, of which a block has more.
  size_t gather_bytes(int32_t tile, int32_t bytes) const {
    if (in_place) return 0;
    const int64_t all = int64_t{positions} * pitch, one_tile = int64_t{tile} * pitch;
    const int64_t most = one_tile > bytes ? one_tile : bytes;
    return static_cast<size_t>(all < most ? all : most);
  }

  // The rows of positions [from, from + count), `pitch` apart.
  const int8_t* rows(int32_t from, int32_t count, int8_t* scratch) const {
    if (in_place) {
      const ptrdiff_t first = ptrdiff_t{from} - ptrdiff_t{a.size.pad_top} * a.size.in_w;
      return reinterpret_cast<const int8_t*>(a.in) + first * pitch;
    }
    gather(from, count, scratch);
    return scratch;
  }

  Element* out(int32_t m) const {
    if (out_in_line) return a.out + static_cast<ptrdiff_t>(m) * a.stride.out_pixel;
    const int32_t y = m / a.size.out_w;
    return a.out + static_cast<ptrdiff_t>(y) * a.stride.out_row +
           static_cast<ptrdiff_t>(m - y * a.size.out_w) * a.stride.out_pixel;
  }
  // How many positions from `m` on, of `count`, have their results out_pixel apart.
  int32_t line(int32_t m, int32_t count) const {
    const int32_t left = a.size.out_w - m % a.size.out_w;
    return out_in_line || count < left ? count : left;
  }

  // A call of memcpy costs more than most of these copies. The last piece overlaps.
  static void copy(const Element* from, int8_t* to, int32_t n) {
    const auto* x = reinterpret_cast<const uint8_t*>(from);
    auto* y = reinterpret_cast<uint8_t*>(to);
    int32_t i = 0;
    if (n < 8) {
      for (; i < n; ++i) y[i] = x[i] ^ kFlip;
      return;
    }
    for (; i + 16 <= n; i += 16) vst1q_u8(y + i, veorq_u8(vld1q_u8(x + i), vdupq_n_u8(kFlip)));
    if (i + 8 <= n) {
      copy8(x + i, y + i);
      i += 8;
    }
    if (i < n) copy8(x + n - 8, y + n - 8);
  }

 private:
  static constexpr uint8_t kFlip = kFlips ? 0x80 : 0;

  int32_t block_of(int32_t tile, int32_t bytes, int32_t most) const {
    const int32_t fits = bytes / padded_depth();
    const int32_t tiles = (fits < most ? fits : most) / tile;
    const int32_t count = tiles < 1 ? tile : tiles * tile;
    return count < positions ? count : positions;
  }

  void gather(int32_t from, int32_t count, int8_t* to) const {
    const ConvGeometry& g = a.size;
    const int32_t row = from / g.out_w;
    int32_t x = from - row * g.out_w, batch = row / g.out_h, y = row - batch * g.out_h;
    for (int32_t i = 0; i < count; ++i, to += pitch) {
      gather_row(batch, y * g.stride_h - g.pad_top, x * g.stride_w - g.pad_left, to);
      for (int32_t k = depth; k < pitch; ++k) to[k] = 0;
      if (++x < g.out_w) continue;
      x = 0;
      if (++y < g.out_h) continue;
      y = 0;
      ++batch;
    }
  }

  // The window that starts at (y, x) of an image.
  void gather_row(int32_t batch, int32_t top, int32_t x, int8_t* to) const {
    const ConvGeometry& g = a.size;
    const Element* image =
        a.in + static_cast<ptrdiff_t>(batch) * g.in_h * g.in_w * a.stride.in_pixel;
    const int32_t line_bytes = g.kernel_w * g.in_c;
    const bool whole_lines =
        g.dilation_w == 1 && a.stride.in_pixel == g.in_c && x >= 0 && x <= g.in_w - g.kernel_w;
    for (int32_t ky = 0; ky < g.kernel_h; ++ky, to += line_bytes) {
      const int64_t y = top + int64_t{ky} * g.dilation_h;
      if (y < 0 || y >= g.in_h) {
        fill(to, line_bytes);
        continue;
      }
      const Element* line = image + static_cast<ptrdiff_t>(y) * g.in_w * a.stride.in_pixel;
      if (whole_lines) {
        copy(line + static_cast<ptrdiff_t>(x) * g.in_c, to, line_bytes);
      } else {
        gather_line(line, x, to);
      }
    }
  }

  void gather_line(const Element* line, int32_t from, int8_t* to) const {
    const ConvGeometry& g = a.size;
    for (int32_t kx = 0; kx < g.kernel_w; ++kx, to += g.in_c) {
      const int64_t x = from + int64_t{kx} * g.dilation_w;
      if (x < 0 || x >= g.in_w) {
        fill(to, g.in_c);
      } else {
        copy(line + static_cast<ptrdiff_t>(x) * a.stride.in_pixel, to, g.in_c);
      }
    }
  }

  void fill(int8_t* to, int32_t n) const {
    std::memset(to, static_cast<uint8_t>(a.in_zero_point) ^ kFlip, static_cast<size_t>(n));
  }

  static void copy8(const uint8_t* x, uint8_t* y) {
    vst1_u8(y, veor_u8(vld1_u8(x), vdup_n_u8(kFlip)));
  }
};

// The sum of a row that is padded with zeros to whole 16 bytes.
inline int32_t sum_of_row(const int8_t* row, int32_t bytes) {
  int32x4_t sum = vdupq_n_s32(0);
  for (int32_t k = 0; k < bytes; k += 16) sum = vpadalq_s16(sum, vpaddlq_s8(vld1q_s8(row + k)));
  const int64x2_t pairs = vpaddlq_s32(sum);
  return static_cast<int32_t>(vgetq_lane_s64(pairs, 0) + vgetq_lane_s64(pairs, 1));
}

// What (128 - weights_zero_point) times the sum of each row adds to its results. Only uint8 needs
// it; otherwise nullptr.
template <class Args>
const int32_t* row_terms(const Args& a, const int8_t* rows, int32_t pitch, int32_t count,
                         int32_t* to) {
  if constexpr (requires { a.weights_zero_point; }) {
    const int32_t factor = 128 - a.weights_zero_point;
    for (int32_t i = 0; i < count; ++i, rows += pitch) {
      to[i] = factor == 0 ? 0 : factor * sum_of_row(rows, pitch);
    }
    return to;
  }
  return nullptr;
}

// Calls f(first row, row terms, first position, how many) for each block of a convolution.
// `gathered` has room for the rows of a block and `terms` for what row_terms() finds.
template <class Args, class F>
void for_each_block(const ConvRows<Args>& rows, int8_t* gathered, int32_t* terms, const F& f) {
  for (int32_t from = 0; from < rows.positions; from += rows.block) {
    const int32_t left = rows.positions - from;
    const int32_t count = left < rows.block ? left : rows.block;
    const int8_t* first_row = rows.rows(from, count, gathered);
    f(first_row, row_terms(rows.a, first_row, rows.pitch, count, terms), from, count);
  }
}

// The rows of a tile, `pitch` apart, the last one repeated.
template <int kM>
struct TileRows {
  const int8_t* at[kM];

  TileRows(const int8_t* first, ptrdiff_t pitch, int32_t count) {
    at[0] = first;
    for (int m = 1; m < kM; ++m) at[m] = at[m - 1] + (m < count ? pitch : 0);
  }
};

// The least and greatest results as int8, which they are once their top bit is flipped.
template <class Args>
Requantize int8_results(const Args& a) {
  Requantize q = a.requantize;
  if (!ConvRows<Args>::kFlips) return q;
  q.zero_point -= 128;
  q.min -= 128;
  q.max -= 128;
  return q;
}

}  // namespace
}  // namespace pipit
