// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution of 8-bit numbers by bands: of some rows of the output and eight channels,
// what their windows see is copied as 16 bits, borders included, so that all windows are alike.
#include "kernels/contracts/depthwise_s8.h"
#include "kernels/contracts/depthwise_u8.h"
#include "kernels/portable/blocked.h"

namespace pipit {
namespace {

// Scratch memory: the copy, [lines][columns][kGroup], then the weights, [taps][kGroup]. Lines are
// those that a tap sees: between those of dilated windows there are others, which bands of one row
// leave out.
template <class Args>
struct Depthwise {
  using T = Activation<Args>;

  // Output positions that see the same copy.
  struct Band {
    int32_t image, y, x, rows, columns;
  };
  // A group of channels, and which of the input each belongs to.
  struct Group {
    int32_t first, count;
    int32_t source[kGroup];
  };

  const Args& a;
  const ConvGeometry& g;
  int32_t rows = 1, columns = 1;  // of a band, at most

  // Some whole rows if one fits in a block, else a part of a row.
  explicit Depthwise(const Args& args) : a(args), g(args.size) {
    if (bytes(1, g.out_w) <= kBlockBytes) {
      columns = g.out_w;
      rows = most(rows_at_once(), [&](int32_t n) { return bytes(n, g.out_w); });
    } else {
      columns = most(g.out_w, [&](int32_t n) { return bytes(1, n); });
    }
  }

  int32_t rows_at_once() const { return g.dilation_h == 1 ? g.out_h : 1; }

  // The most, of n and at least one, that fit in a block.
  template <class Bytes>
  static int32_t most(int32_t n, const Bytes& bytes) {
    int32_t fit = 1, above = n;
    while (fit < above) {
      const int32_t middle = fit + (above - fit + 1) / 2;
      if (bytes(middle) <= kBlockBytes) {
        fit = middle;
      } else {
        above = middle - 1;
      }
    }
    return fit;
  }

  // What so many rows or columns of the output see.
  int64_t lines_of(int32_t n) const { return int64_t{n - 1} * g.stride_h + g.kernel_h; }
  int64_t columns_of(int32_t n) const {
    return int64_t{n - 1} * g.stride_w + int64_t{g.kernel_w - 1} * g.dilation_w + 1;
  }
  ByteCount bytes(int32_t out_rows, int32_t out_columns) const {
    return ByteCount(lines_of(out_rows)) * columns_of(out_columns) * (kGroup * kWide);
  }
  // Enough for bands of a part, too.
  ByteCount copy_bytes() const {
    const ByteCount all = bytes(rows_at_once(), g.out_w), one = bytes(1, 1);
    const ByteCount most = one > kBlockBytes ? one : kBlockBytes;
    return all < most ? all : most;
  }
  // Wide windows whose taps are apart are mostly what lies between them.
  static ByteCount scratch(const Args& a) {
    const Depthwise conv(a);
    const bool sparse = a.size.dilation_w > 1 && conv.bytes(1, 1) > kBlockBytes;
    if (!countable(a.size) || sparse) return ByteCount::unbounded();
    const int32_t taps = a.size.kernel_h * a.size.kernel_w;
    return conv.copy_bytes() + ByteCount(taps) * (kGroup * kWide);
  }

  Group group(int32_t first) const {
    Group group = {first, g.out_c - first < kGroup ? g.out_c - first : kGroup, {}};
    for (int32_t i = 0; i < kGroup; ++i) {
      group.source[i] = (first + (i < group.count ? i : 0)) / a.multiplier;
    }
    return group;
  }

  void load_pixels(const Group& group, const T* pixel, int32_t n, int16_t* to) const {
    const int32_t offset = activation_offset(a);
    const bool side_by_side = group.count == kGroup && a.multiplier == 1;
    for (int32_t i = 0; i < n; ++i, pixel += a.stride.in_pixel, to += kGroup) {
      if (side_by_side) {
        widen(pixel + group.first, offset, kGroup, to);
      } else {
        for (int32_t c = 0; c < kGroup; ++c) {
          to[c] = static_cast<int16_t>(pixel[group.source[c]] - offset);
        }
      }
    }
  }

  static int32_t inside(int64_t n, int32_t most) {
    return n < 0 ? 0 : n > most ? most : static_cast<int32_t>(n);
  }

  // One line of a band, whose first `before` columns, and those from `end` on, are borders.
  void copy_line(const Band& band, int64_t y, const Group& group, int16_t* to) const {
    const auto n = static_cast<int32_t>(columns_of(band.columns));
    const int64_t x = int64_t{band.x} * g.stride_w - g.pad_left;
    const int32_t before = inside(-x, n), end = inside(g.in_w - x, n);
    if (y < 0 || y >= g.in_h || end <= before) return fill(border(a), ptrdiff_t{n} * kGroup, to);
    const auto row = static_cast<ptrdiff_t>(int64_t{band.image} * g.in_h + y);
    const auto column = static_cast<ptrdiff_t>(x + before);
    const T* from = a.in + (row * g.in_w + column) * a.stride.in_pixel;
    fill(border(a), ptrdiff_t{before} * kGroup, to);
    load_pixels(group, from, end - before, to + ptrdiff_t{before} * kGroup);
    fill(border(a), ptrdiff_t{n - end} * kGroup, to + ptrdiff_t{end} * kGroup);
  }

  ptrdiff_t line_of(const Band& band) const {
    return static_cast<ptrdiff_t>(columns_of(band.columns)) * kGroup;
  }

  void copy(const Band& band, const Group& group, int16_t* to) const {
    int64_t y = int64_t{band.y} * g.stride_h - g.pad_top;
    for (int64_t left = lines_of(band.rows); left > 0; --left, y += g.dilation_h) {
      copy_line(band, y, group, to);
      to += line_of(band);
    }
  }

  void load_weights(const Group& group, int16_t* to) const {
    const auto* w = a.weights + group.first;
    for (int32_t tap = g.kernel_h * g.kernel_w; tap > 0; --tap, w += a.weights_tap, to += kGroup) {
      widen(w, weight_offset(a), group.count, to);
      fill(0, kGroup - group.count, to + group.count);
    }
  }

  // Where the lanes' loop stays a loop, it becomes vectors, and the sums registers.
  void sum_window(const int16_t* x, const int16_t* w, ptrdiff_t line, uint32_t* to) const {
    const ptrdiff_t right = ptrdiff_t{g.dilation_w} * kGroup;
    uint32_t sums[kGroup] = {};
    for (int32_t ky = 0; ky < g.kernel_h; ++ky, x += line) {
      const int16_t* tap = x;
      for (int32_t kx = 0; kx < g.kernel_w; ++kx, tap += right, w += kGroup) {
#pragma GCC unroll 1
        for (int32_t c = 0; c < kGroup; ++c) sums[c] += static_cast<uint32_t>(tap[c] * w[c]);
      }
    }
    std::memcpy(to, sums, sizeof(sums));
  }

  void run_band(const Band& band, const Group& group, const int16_t* copy, const int16_t* weights,
                GroupResults<T>* results) const {
    const ptrdiff_t line = line_of(band);
    for (int32_t y = 0; y < band.rows; ++y) {
      const ptrdiff_t row = ptrdiff_t{band.image} * g.out_h + band.y + y;
      T* out = a.out + row * a.stride.out_row + ptrdiff_t{band.x} * a.stride.out_pixel;
      const int16_t* x = copy + ptrdiff_t{y} * g.stride_h * line;
      for (int32_t i = 0; i < band.columns; ++i, x += ptrdiff_t{g.stride_w} * kGroup) {
        uint32_t* sums = results->next(out + ptrdiff_t{i} * a.stride.out_pixel + group.first);
        sum_window(x, weights, line, sums);
      }
    }
    results->finish();
  }

  template <class Visit>
  void for_each_band(const Visit& visit) const {
    for (int32_t image = 0; image < g.batch; ++image) {
      for (int32_t y = 0; y < g.out_h; y += rows) {
        for (int32_t x = 0; x < g.out_w; x += columns) {
          visit(Band{image, y, x, g.out_h - y < rows ? g.out_h - y : rows,
                     g.out_w - x < columns ? g.out_w - x : columns});
        }
      }
    }
  }

  void run() const {
    auto* pixels = reinterpret_cast<int16_t*>(a.scratch);
    auto* weights = reinterpret_cast<int16_t*>(a.scratch + copy_bytes().size());
    for_each_band([&](const Band& band) {
      for (int32_t first = 0; first < g.out_c; first += kGroup) {
        const Group channels = group(first);
        copy(band, channels, pixels);
        load_weights(channels, weights);
        GroupResults<T> results(a.bias, a.requantize, first, channels.count);
        run_band(band, channels, pixels, weights, &results);
      }
    });
  }
};

}  // namespace

ByteCount depthwise_s8_blocked_scratch(const DepthwiseS8& a) {
  return Depthwise<DepthwiseS8>::scratch(a);
}
void depthwise_s8_blocked(const DepthwiseS8& a) { Depthwise<DepthwiseS8>(a).run(); }
ByteCount depthwise_u8_blocked_scratch(const DepthwiseU8& a) {
  return Depthwise<DepthwiseU8>::scratch(a);
}
void depthwise_u8_blocked(const DepthwiseU8& a) { Depthwise<DepthwiseU8>(a).run(); }

}  // namespace pipit
