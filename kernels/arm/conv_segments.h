// SPDX-License-Identifier: Apache-2.0
// Where the inputs of a float convolution lie: the window of each output position is a few segments
// of the image, each contiguous, in the order of the weights. Segments inside of the image are read
// there; those that cross its sides are copied, with zeros for what is outside.
#pragma once

#include <cstring>

#include "kernels/contracts/conv_f32.h"

namespace pipit {
namespace {

// Positions are taken kTile at a time. What is found about a tile is a row of output addresses and
// a row of addresses for each segment:
//
//   tile 0   | out of 0 | out of 1 | out of 2 | out of 3 |
//            | segment 0 of 0 | ... of 1 | ... of 2 | ... of 3 |
//            | segment 1 of 0 | ...
//   tile 1   | out of 4 | ...                                      count + 1 rows further on
template <int kTile>
struct ConvSegments {
  using Row = float* [kTile];

  static constexpr int32_t kMostPositions = 64;     // in a block
  static constexpr int32_t kBlockBytes = 24 << 10;  // of windows, which stay in the nearest cache
                                                    // while the weights pass

  const ConvF32& a;
  int32_t depth;      // elements of a window
  int32_t positions;  // batch * out_h * out_w
  int32_t taps;       // of a segment
  int32_t count;      // segments of a window
  int32_t length;     // elements of a segment
  int32_t block;      // positions whose segments are found at a time

  explicit ConvSegments(const ConvF32& conv) : a(conv) {
    const ConvGeometry& g = a.size;
    depth = g.kernel_h * g.kernel_w * g.in_c;
    positions = g.batch * g.out_h * g.out_w;
    taps = g.dilation_w == 1 && a.stride.in_pixel == g.in_c ? g.kernel_w : 1;
    count = g.kernel_h * (g.kernel_w / taps);
    length = taps * g.in_c;
    const auto fit = static_cast<int32_t>(kBlockBytes / row_bytes().value()) / kTile * kTile;
    block = fit < kTile ? kTile : (fit > kMostPositions ? kMostPositions : fit);
    if (block > positions) block = (positions + kTile - 1) / kTile * kTile;
  }

  // Scratch memory: zeros for a segment, the tiles, copies. Bounds, which a part of the work, whose
  // blocks may be others, does not exceed.
  ByteCount zeros_bytes() const { return (ByteCount(length) * sizeof(float)).aligned(16); }
  ByteCount table_bytes() const {
    const int32_t all = positions + kTile - 1, most = all < kMostPositions ? all : kMostPositions;
    return (ByteCount(count + 1) * most * sizeof(float*)).aligned(16);
  }
  ByteCount copies_bytes() const {
    // Only segments of several pixels can be partly outside: one pixel is inside, or is all zeros.
    if (taps == 1) return 0;
    const ByteCount tile = row_bytes() * kTile, all = row_bytes() * (positions + kTile - 1);
    const ByteCount most = tile < kBlockBytes ? kBlockBytes : tile;
    return (all < most ? all : most).aligned(16);
  }
  ByteCount bytes() const { return zeros_bytes() + table_bytes() + copies_bytes(); }

  void set_zeros() const { std::memset(a.scratch, 0, static_cast<size_t>(length) * sizeof(float)); }

  // The tiles of the positions [from, from + n).
  const Row* find(int32_t from, int32_t n) const {
    const ByteCount zeros = zeros_bytes();
    Row* const table = reinterpret_cast<Row*>(a.scratch + zeros.size());
    float* copy = reinterpret_cast<float*>(a.scratch + (zeros + table_bytes()).size());
    for (int32_t i = 0; i < n;) {
      const Position p = position(from + i);
      const int32_t left = a.size.out_w - p.column, some = left < n - i ? left : n - i;
      copy = find_line(p, i, some, table, copy);
      i += some;
    }
    return table;
  }

 private:
  // An output position, and where its window starts in its image.
  struct Position {
    const float* image;
    float* out;
    int32_t y, x;
    int32_t column;  // of the output
  };

  ByteCount row_bytes() const { return ByteCount(depth) * sizeof(float); }

  Position position(int32_t m) const {
    const ConvGeometry& g = a.size;
    const int32_t row = m / g.out_w, batch = row / g.out_h;
    const int32_t column = m - row * g.out_w;
    return {a.in + ptrdiff_t{batch} * g.in_h * g.in_w * a.stride.in_pixel,
            a.out + ptrdiff_t{row} * a.stride.out_row + ptrdiff_t{column} * a.stride.out_pixel,
            (row - batch * g.out_h) * g.stride_h - g.pad_top, column * g.stride_w - g.pad_left,
            column};
  }

  // Whether all segments of a window can be read where they lie, and hold whole rows of it.
  bool inside(const Position& p) const {
    const ConvGeometry& g = a.size;
    return taps == g.kernel_w && p.y >= 0 && p.x >= 0 && p.x + taps <= g.in_w &&
           p.y + int64_t{g.kernel_h - 1} * g.dilation_h < g.in_h;
  }

  // Addresses of the image are kept beside those of copies and outputs; nothing writes to them.
  float* pixel(const float* line, int64_t x) const {
    return const_cast<float*>(line + static_cast<ptrdiff_t>(x) * a.stride.in_pixel);
  }

  // Where the addresses of position `i` of the table stand, kTile apart.
  float** slot(Row* table, int32_t i) const {
    const auto at = static_cast<uint32_t>(i);
    return table[static_cast<ptrdiff_t>(at / kTile) * (count + 1)] + at % kTile;
  }

  // `some` positions of one output row, of which the first is number `i` of the table. Returns
  // where the next copy may go.
  float* find_line(Position p, int32_t i, int32_t some, Row* table, float* copy) const {
    for (int32_t run = 0; some > 0; i += run, some -= run) {
      run = inside(p) ? (a.size.in_w - taps - p.x) / a.size.stride_w + 1 : 0;
      if (run > some) run = some;
      if (run > 0) {
        find_inside(p, i, run, table);
      } else {
        run = 1;
        *slot(table, i) = p.out;
        copy = find_window(p, slot(table, i) + kTile, copy);
      }
      p.out += ptrdiff_t{run} * a.stride.out_pixel;
      p.x += run * a.size.stride_w;
    }
    return copy;
  }

  // Neighbours whose windows are all inside.
  void find_inside(const Position& p, int32_t i, int32_t run, Row* table) const {
    const ptrdiff_t line = ptrdiff_t{a.size.in_w} * a.stride.in_pixel;
    const ptrdiff_t rows = line * a.size.dilation_h, out_step = a.stride.out_pixel;
    const ptrdiff_t step = ptrdiff_t{a.size.stride_w} * a.stride.in_pixel;
    const int32_t segments = count;
    float* const first = pixel(p.image + p.y * line, p.x);
    for (int32_t m = 0; m < run; ++m) {
      float** to = slot(table, i + m);
      float* at = first + m * step;
      *to = p.out + m * out_step;
      for (int32_t s = 0; s < segments; ++s, at += rows) {
        to += kTile;
        *to = at;
      }
    }
  }

  // Row ky of a window, or nullptr where that is outside of the image.
  const float* line(const Position& p, int32_t ky) const {
    const int64_t y = p.y + int64_t{ky} * a.size.dilation_h;
    if (y < 0 || y >= a.size.in_h) return nullptr;
    return p.image + static_cast<ptrdiff_t>(y) * a.size.in_w * a.stride.in_pixel;
  }

  // Returns where the next copy may go.
  float* find_window(const Position& p, float** to, float* copy) const {
    const ConvGeometry& g = a.size;
    for (int32_t ky = 0; ky < g.kernel_h; ++ky) {
      const float* from = line(p, ky);
      for (int32_t kx = 0; kx < g.kernel_w; kx += taps, to += kTile) {
        const int64_t x = p.x + int64_t{kx} * g.dilation_w;
        //    image       |---------------|
        //    zeros  |==|                    |==|       none of its taps is inside
        //    in place       |==|
        //    a copy    |==|           |==|             some are
        if (from == nullptr || x <= -taps || x >= g.in_w) {
          *to = reinterpret_cast<float*>(a.scratch);
        } else if (x >= 0 && x + taps <= g.in_w) {
          *to = pixel(from, x);
        } else {
          copy_line(from, p.x, copy);
          *to = copy;
          copy += length;
        }
      }
    }
    return copy;
  }

  // A segment that begins at column x and is partly outside; its taps are neighbours.
  void copy_line(const float* line, int32_t x, float* to) const {
    const int32_t first = x < 0 ? -x : 0;
    const int32_t end = x + taps > a.size.in_w ? a.size.in_w - x : taps;
    const ptrdiff_t n = a.size.in_c;
    std::memset(to, 0, static_cast<size_t>(first * n) * sizeof(float));
    copy(pixel(line, x + first), to + first * n, (end - first) * a.size.in_c);
    std::memset(to + end * n, 0, static_cast<size_t>((taps - end) * n) * sizeof(float));
  }

  // A call of memcpy costs more than most of these copies. The last piece overlaps.
  static void copy(const float* from, float* to, int32_t n) {
    int32_t i = 0;
    if (n < 4) {
      for (; i < n; ++i) to[i] = from[i];
      return;
    }
    for (; i < n - 4; i += 4) std::memcpy(to + i, from + i, 16);
    std::memcpy(to + n - 4, from + n - 4, 16);
  }
};

// Weights of eight channels in panels, where enough positions share them: see
// kernels/arm/conv_f32_neon.cc.
struct ConvF32Cut {
  static constexpr int kTile = 4;                // positions
  static constexpr int kPanel = 8;               // output channels
  static constexpr int32_t kPackAll = 32 << 10;  // bytes: all panels at once when they fit into it
  using Segments = ConvSegments<kTile>;

  static ByteCount panel_bytes(const Segments& s) {
    return ByteCount(s.depth) * (kPanel * sizeof(float));
  }
  static int32_t panels(const Segments& s) { return (s.a.size.out_c + kPanel - 1) / kPanel; }
  static ByteCount all_bytes(const Segments& s) { return panel_bytes(s) * panels(s); }
  static bool packs_all(const Segments& s) { return all_bytes(s) <= kPackAll; }

  // Behind what Segments needs lie the panels: all of them, or the one in use.
  static ByteCount scratch(const ConvF32& a) {
    if (!countable(a.size)) return ByteCount::unbounded();
    // A part of the work may choose differently: it may need whatever the whole could.
    const Segments s(a);
    const ByteCount all = all_bytes(s), panel = panel_bytes(s);
    const ByteCount most = panel < kPackAll ? kPackAll : panel;
    return s.bytes() + (all < most ? all : most);
  }
};

}  // namespace
}  // namespace pipit
