// SPDX-License-Identifier: Apache-2.0
// How the depthwise convolutions of kernels/arm are cut, and how much scratch memory that takes:
// arithmetic that any machine can do (see kernels/arm/sizes.cc).
#pragma once

#include <algorithm>

#include "kernels/arm/registers.h"
#include "kernels/conv.h"

namespace pipit {
namespace {

constexpr int32_t kDwDotprodUnit = 4, kDwNeonUnit = 1;  // slots that a step takes

constexpr int32_t kDwLanes = 8;         // channels of a block
constexpr int32_t kDwMaxColumns = 128;  // in scratch at a time
constexpr int32_t kDwMaxKernel = 32;    // rows or columns; larger windows are the portable kernel's
constexpr int32_t kDwBandBytes = 64 << 10;  // of input that the blocks pass over in turn

// How a depthwise convolution is cut.
struct DepthwiseCut {
  int32_t rows;     // output rows at a time: two where they share most of their input rows
  int32_t slots;    // input rows in a column, a multiple of `unit`
  int32_t taps;     // input rows that exist: the others have zero weights
  int32_t chunk;    // output columns at a time, at most...
  int32_t columns;  // ...and those of the input that they see
  bool fits;        // this kernel's sizes

  DepthwiseCut(const ConvGeometry& g, int32_t unit) {
    rows = g.stride_h == 1 && g.dilation_h == 1 && g.out_h > 1 && g.kernel_h % 4 != 0 ? 2 : 1;
    taps = g.kernel_h + rows - 1;
    slots = (taps + unit - 1) / unit * unit;
    const int64_t extent = int64_t{g.kernel_w - 1} * g.dilation_w + 1;
    fits = g.kernel_h <= kDwMaxKernel && g.kernel_w <= kDwMaxKernel && extent <= kDwMaxColumns;
    const auto most = fits ? static_cast<int32_t>((kDwMaxColumns - extent) / g.stride_w) + 1 : 0;
    chunk = std::min(most, g.out_w);
    columns = fits ? (chunk - 1) * g.stride_w + static_cast<int32_t>(extent) : 0;
  }
  // Whole groups of sums, see finish_group().
  int32_t sum_bytes() const {
    return (chunk + kMany - 1) / kMany * kMany * kDwLanes * static_cast<int32_t>(sizeof(int32_t));
  }
  int32_t column_bytes() const { return (columns + 1) / 2 * 2 * slots * kDwLanes; }
  // Of one part.
  int32_t part_bytes(const ConvGeometry& g) const { return g.kernel_w * slots * kDwLanes; }
};

constexpr int32_t kDwMostParts = 3;

inline ByteCount depthwise_scratch(const ConvGeometry& g, int32_t unit) {
  if (!countable(g)) return ByteCount::unbounded();
  const DepthwiseCut cut(g, unit);
  if (!cut.fits) return 0;
  return ByteCount(cut.sum_bytes()) + cut.column_bytes() + 2 * kDwMostParts * cut.part_bytes(g);
}

// Weights of all blocks: of each 16 bytes, the first of which is the number of parts, and then the
// weights, if that number is one. Room for two output rows, whichever a call computes.
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
