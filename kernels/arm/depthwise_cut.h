// SPDX-License-Identifier: Apache-2.0
// How the depthwise convolutions of kernels/arm are cut, and how much scratch memory that takes:
// arithmetic that any machine can do (see kernels/arm/sizes.cc).
#pragma once

#include <algorithm>

#include "kernels/arm/registers.h"
#include "kernels/contracts/conv.h"

namespace pipit {
namespace {

constexpr int32_t kDwDotprodUnit = 4, kDwNeonUnit = 1;  // slots that a step takes

constexpr int32_t kDwLanes = 8;         // channels of a block
constexpr int32_t kDwMaxColumns = 128;  // in scratch at a time
constexpr int32_t kDwMaxKernel = 32;    // rows or columns; larger windows are the portable kernel's

// Bytes of the cache that a block may touch before the next one touches them again: less than the
// first data cache holds, which has 32 KB in cores without dot products and 64 KB in most others.
constexpr int32_t kDwNeonBytes = 20 << 10, kDwDotprodBytes = 32 << 10;
constexpr int32_t kDwLeastChunk = 16;
// Of columns that serve more than the rows of one step.
constexpr int32_t kDwPassBytes = 2 << 10;

constexpr int32_t kDwMostParts = 3;

// Constants of a block: its bias, multipliers, shifts and the form of these.
constexpr int32_t kDwConstantBytes = kManyRegisters ? 176 : 112;

// How a depthwise convolution is cut: into pieces of `band` rows and `chunk` columns of the output,
// over which the blocks of channels pass one after the other.
struct DepthwiseCut {
  int32_t rows;     // output rows in a step: two where they share most of their input rows
  int32_t pass;     // output rows whose columns are loaded together
  int32_t slots;    // input rows in a column, a multiple of `unit`
  int32_t taps;     // input rows that exist: the others have zero weights
  int32_t kinds;    // of output rows in a step, as their weights lie in the slots
  int32_t most;     // output columns that scratch memory is for...
  int32_t columns;  // ...and those of the input that they see
  int32_t chunk;
  int32_t band;
  bool fits;  // this kernel's sizes

  DepthwiseCut(const ConvGeometry& g, int32_t unit) {
    // A second row sees one input row more, for which there is room where slots come in fours,
    // unless the first row fills them.
    rows = g.stride_h == 1 && g.dilation_h == 1 && g.out_h > 1 && g.kernel_h % 4 != 0 ? 2 : 1;
    const int64_t extent = int64_t{g.kernel_w - 1} * g.dilation_w + 1;
    fits = g.kernel_h <= kDwMaxKernel && g.kernel_w <= kDwMaxKernel && extent <= kDwMaxColumns;
    // The most outputs whose windows lie within kDwMaxColumns: (room - 1) * stride_w + extent.
    const auto room = fits ? static_cast<int32_t>((kDwMaxColumns - extent) / g.stride_w) + 1 : 0;
    most = std::min(room, g.out_w);
    columns = fits ? (most - 1) * g.stride_w + static_cast<int32_t>(extent) : 0;
    pass = unit == 1 && g.dilation_h == 1 ? pass_of(g) : rows;
    taps = taps_of(g, pass);
    slots = (taps + unit - 1) / unit * unit;
    kinds = unit == 1 ? 1 : 2;
    part_bytes = g.kernel_w * (unit == 1 ? g.kernel_h : slots) * kDwLanes;
    // Pixels: a block touches a line of each, and small ones share it.
    constexpr int32_t kLine = 64;
    const int32_t pixels = (unit == kDwDotprodUnit ? kDwDotprodBytes : kDwNeonBytes) /
                           std::clamp(std::max(g.in_c, g.out_c), kDwLanes, kLine);
    chunk = chunk_of(g, pixels);
    band = band_of(g, pixels);
  }
  // Whole groups of sums, see finish_group().
  int32_t sum_bytes() const {
    return (most + kMany - 1) / kMany * kMany * kDwLanes * static_cast<int32_t>(sizeof(int32_t));
  }
  // An even number of columns, so that what lies behind them is aligned to 16 bytes.
  int32_t column_bytes() const { return (columns + 1) / 2 * 2 * slots * kDwLanes; }
  // Input rows that n output rows of a pass need, less what dilation skips.
  static int32_t taps_of(const ConvGeometry& g, int32_t n) {
    return g.kernel_h + (n - 1) * (n > 1 ? g.stride_h : 1);
  }
  // Of one part of the weights of one output row.
  int32_t part_bytes;
  // All parts, for one output row of each kind.
  int32_t weight_bytes() const {
    const int32_t all = kinds * kDwMostParts * part_bytes;
    return (all + 15) / 16 * 16;
  }
  bool is_one_piece(const ConvGeometry& g) const {
    return g.batch == 1 && band >= g.out_h && chunk >= g.out_w;
  }

 private:
  // Pixels of the input in one direction: windows that are dilated skip some.
  static int64_t seen(int64_t count, int32_t stride, int32_t kernel, int32_t limit) {
    return std::clamp<int64_t>((count - 1) * stride + kernel, 1, std::max(limit, 1));
  }

  // Whole steps, unless they are all rows. The most rows n whose columns of (n - 1) * stride_h +
  // kernel_h slots take no more than kDwPassBytes.
  int32_t pass_of(const ConvGeometry& g) const {
    const int64_t lines = kDwPassBytes / (int64_t{std::max(columns, 1)} * kDwLanes);
    const int64_t fit = (lines - g.kernel_h) / g.stride_h + 1;
    if (fit >= g.out_h) return std::max(g.out_h, rows);
    return static_cast<int32_t>(std::max<int64_t>(fit / rows * rows, rows));
  }

  // Whole groups of positions, in pieces of about one size. The most positions n of which one step
  // touches no more pixels than the cache has room for:
  //   in_rows * ((n - 1) * stride_w + kernel_w) + rows * n <= pixels
  int32_t chunk_of(const ConvGeometry& g, int32_t pixels) const {
    const int64_t in_rows = seen(rows, g.stride_h, g.kernel_h, g.in_h);
    const int64_t fit =
        (pixels - in_rows * (g.kernel_w - g.stride_w)) / (in_rows * g.stride_w + rows);
    if (fit >= most || most <= kDwLeastChunk) return most;
    const int64_t some = std::max<int64_t>(fit, kDwLeastChunk);
    const int64_t pieces = (g.out_w + some - 1) / some;
    return std::min(most, static_cast<int32_t>((g.out_w / pieces + kMany - 1) / kMany * kMany));
  }

  // All rows, if what they touch fits; else the most rows n of a chunk's columns, by the same sum:
  //   in_columns * ((n - 1) * stride_h + kernel_h) + n * chunk <= pixels
  int32_t band_of(const ConvGeometry& g, int32_t pixels) const {
    const int64_t in_columns = seen(chunk, g.stride_w, g.kernel_w, g.in_w);
    const int64_t all = seen(g.out_h, g.stride_h, g.kernel_h, g.in_h) * in_columns;
    if (all + int64_t{g.out_h} * chunk <= pixels) return std::max(g.out_h, 1);
    const int64_t fit = (pixels - in_columns * (g.kernel_h - g.stride_h)) /
                        std::max<int64_t>(in_columns * g.stride_h + chunk, 1);
    return static_cast<int32_t>(std::clamp<int64_t>(fit / rows * rows, rows, kDwDotprodBytes));
  }
};

// Weights of all blocks: of each 16 bytes, the first of which are the numbers of parts and of taps
// that are summed together, and then the weights, if they are of one part. Room for two output
// rows, whichever a call computes.
constexpr int32_t kDwArrangedHead = 16;

inline int32_t arranged_block_bytes(const ConvGeometry& g, int32_t unit) {
  const DepthwiseCut cut(g, unit);
  return kDwArrangedHead +
         g.kernel_w * kDwLanes * (unit == 1 ? (g.kernel_h + 1) / 2 * 2 : 2 * cut.slots);
}

inline ByteCount depthwise_arranged(const ConvGeometry& g, int32_t unit) {
  if (!countable(g) || !DepthwiseCut(g, unit).fits) return 0;
  return ByteCount((g.out_c + kDwLanes - 1) / kDwLanes) * arranged_block_bytes(g, unit);
}

// Sums, columns, weights of a block; and, if there are several pieces, what all blocks need.
//
//   | sums | columns | weights of a block | constants of all blocks | weights of all blocks |
//                                           several pieces only       and not yet arranged
template <class Args>
ByteCount depthwise_scratch(const Args& a, int32_t unit) {
  if (!countable(a.size)) return ByteCount::unbounded();
  const DepthwiseCut cut(a.size, unit);
  if (!cut.fits) return 0;
  const ByteCount own = ByteCount(cut.sum_bytes()) + cut.column_bytes() + cut.weight_bytes();
  if (cut.is_one_piece(a.size)) return own;
  const ByteCount blocks = (a.size.out_c + kDwLanes - 1) / kDwLanes;
  return own + blocks * kDwConstantBytes +
         (a.arranged == nullptr ? depthwise_arranged(a.size, unit) : 0);
}

// ---- float: kernels/arm/depthwise_f32_neon.cc

struct DepthwiseF32Cut {
  static constexpr int kWide = kManyRegisters ? 8 : 4;  // positions
  static constexpr int kColumns = (kWide - 1) * 2 + 3;

  // For a tile that crosses the sides: the addresses of its columns in each row of taps, and of its
  // outputs, where those behind the last one repeat it.
  struct Table {
    float* out[kWide];
    const float* column[1][kColumns];  // [kernel_h]
  };

  // Zeros for all channels, and a table.
  static ByteCount zeros_bytes(const ConvGeometry& g) {
    return (ByteCount(g.out_c) * sizeof(float)).aligned(16);
  }
  static ByteCount scratch(const ConvGeometry& g) {
    if (!countable(g)) return ByteCount::unbounded();
    return zeros_bytes(g) + sizeof(Table) + ByteCount(g.kernel_h) * sizeof(*Table::column);
  }
};

// ---- hybrid: kernels/arm/depthwise_hybrid_neon.cc

struct DepthwiseHybridCut {
  static constexpr int kTile = 4;  // positions

  // Zero points for all channels, and two tables.
  static ByteCount border_bytes(const ConvGeometry& g) { return ByteCount(g.in_c).aligned(16); }
  static ByteCount table_bytes(const ConvGeometry& g) {
    return ByteCount(g.kernel_h) * g.kernel_w * (kTile * sizeof(const int8_t*));
  }
  static ByteCount scratch(const ConvGeometry& g) {
    return countable(g) ? border_bytes(g) + table_bytes(g) * 2 : ByteCount::unbounded();
  }
};

}  // namespace
}  // namespace pipit
