// SPDX-License-Identifier: Apache-2.0
// A convolution as dot products: each output position is a row of `depth` input bytes in the order
// of the weights. Rows that lie together in the image are read there; others are gathered.
#pragma once

#include <cstring>

#include "kernels/conv_s8.h"

namespace pipit {
namespace {

struct ConvRows {
  static constexpr int32_t kRowAlign = 16;
  static constexpr int32_t kGatherBytes = 48 << 10;  // of gathered rows at a time

  const ConvS8& a;
  int32_t depth;      // kernel_h * kernel_w * in_c
  int32_t pitch;      // bytes from one gathered row to the next
  int32_t positions;  // batch * out_h * out_w
  int32_t block;      // positions gathered at a time
  bool in_place;      // rows are read where they lie
  bool in_line;       // ... one behind the other
  bool out_in_line;   // so are the results

  // Rows that are read where they lie must have a multiple of `unit` bytes, since nothing behind
  // them may be read; gathered rows are padded with zeros to kRowAlign.
  ConvRows(const ConvS8& conv, int32_t unit) : a(conv) {
    const ConvGeometry& g = a.size;
    depth = g.kernel_h * g.kernel_w * g.in_c;
    pitch = (depth + kRowAlign - 1) / kRowAlign * kRowAlign;
    positions = g.batch * g.out_h * g.out_w;
    const bool inside = g.pad_top == 0 && g.pad_left == 0 &&
                        int64_t{g.out_h - 1} * g.stride_h < g.in_h &&
                        int64_t{g.out_w - 1} * g.stride_w < g.in_w;
    in_place = g.kernel_h == 1 && g.kernel_w == 1 && inside && depth % unit == 0;
    in_line =
        in_place && g.stride_h == 1 && g.stride_w == 1 && g.out_h == g.in_h && g.out_w == g.in_w;
    out_in_line = a.stride.out_row == g.out_w * a.stride.out_pixel;
    block = positions;
    if (!in_place) {
      const int32_t fits = kGatherBytes / pitch / 8 * 8;
      const int32_t most = fits < 32 ? 32 : fits;
      if (block > most) block = most;
    }
  }

  size_t gather_bytes() const {
    return in_place ? 0 : static_cast<size_t>(block) * static_cast<size_t>(pitch);
  }

  // The row of position `m`, which is number `i` of the gathered ones.
  const int8_t* row(int32_t m, int32_t i, const int8_t* gathered) const {
    if (!in_place) return gathered + static_cast<ptrdiff_t>(i) * pitch;
    if (in_line) return a.in + static_cast<ptrdiff_t>(m) * a.stride.in_pixel;
    const Corner c = corner(m);
    return c.image + (static_cast<ptrdiff_t>(c.y) * a.size.in_w + c.x) * a.stride.in_pixel;
  }

  int8_t* out(int32_t m) const {
    if (out_in_line) return a.out + static_cast<ptrdiff_t>(m) * a.stride.out_pixel;
    const int32_t y = m / a.size.out_w;
    return a.out + static_cast<ptrdiff_t>(y) * a.stride.out_row +
           static_cast<ptrdiff_t>(m - y * a.size.out_w) * a.stride.out_pixel;
  }

  // Gathers the rows of positions [from, from + count).
  void gather(int32_t from, int32_t count, int8_t* rows) const {
    for (int32_t i = 0; i < count; ++i, rows += pitch) {
      gather_row(corner(from + i), rows);
      for (int32_t k = depth; k < pitch; ++k) rows[k] = 0;
    }
  }

 private:
  // Where the window of position `m` starts in its image.
  struct Corner {
    const int8_t* image;
    int32_t y, x;
  };
  Corner corner(int32_t m) const {
    const ConvGeometry& g = a.size;
    const int32_t row = m / g.out_w;
    const int32_t batch = row / g.out_h;
    return {a.in + static_cast<ptrdiff_t>(batch) * g.in_h * g.in_w * a.stride.in_pixel,
            (row - batch * g.out_h) * g.stride_h - g.pad_top,
            (m - row * g.out_w) * g.stride_w - g.pad_left};
  }

  void gather_row(const Corner& c, int8_t* to) const {
    const ConvGeometry& g = a.size;
    const int32_t line_bytes = g.kernel_w * g.in_c;
    const bool whole_lines =
        g.dilation_w == 1 && a.stride.in_pixel == g.in_c && c.x >= 0 && c.x <= g.in_w - g.kernel_w;
    for (int32_t ky = 0; ky < g.kernel_h; ++ky, to += line_bytes) {
      const int64_t y = c.y + int64_t{ky} * g.dilation_h;
      if (y < 0 || y >= g.in_h) {
        std::memset(to, a.in_zero_point, static_cast<size_t>(line_bytes));
        continue;
      }
      const int8_t* line = c.image + static_cast<ptrdiff_t>(y) * g.in_w * a.stride.in_pixel;
      if (whole_lines) {
        copy(line + static_cast<ptrdiff_t>(c.x) * g.in_c, to, line_bytes);
      } else {
        gather_line(line, c.x, to);
      }
    }
  }

  void gather_line(const int8_t* line, int32_t from, int8_t* to) const {
    const ConvGeometry& g = a.size;
    for (int32_t kx = 0; kx < g.kernel_w; ++kx, to += g.in_c) {
      const int64_t x = from + int64_t{kx} * g.dilation_w;
      if (x < 0 || x >= g.in_w) {
        std::memset(to, a.in_zero_point, static_cast<size_t>(g.in_c));
      } else {
        copy(line + static_cast<ptrdiff_t>(x) * a.stride.in_pixel, to, g.in_c);
      }
    }
  }

  // A call of memcpy costs more than most of these copies. The last piece overlaps.
  static void copy(const int8_t* from, int8_t* to, int32_t n) {
    if (n < 8) {
      for (int32_t i = 0; i < n; ++i) to[i] = from[i];
      return;
    }
    int32_t i = 0;
    for (; i + 16 <= n; i += 16) std::memcpy(to + i, from + i, 16);
    if (i + 8 <= n) {
      std::memcpy(to + i, from + i, 8);
      i += 8;
    }
    if (i < n) std::memcpy(to + n - 8, from + n - 8, 8);
  }
};

}  // namespace
}  // namespace pipit
