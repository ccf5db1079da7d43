// SPDX-License-Identifier: Apache-2.0
// How the convolutions of 8-bit numbers are cut, and how much scratch memory that takes: arithmetic
// that any machine can do, also where the kernels are not there (see kernels/arm/sizes.cc).
#pragma once

#include <type_traits>

#include "kernels/arm/registers.h"
#include "kernels/contracts/conv.h"

namespace pipit {
namespace {

// Some bytes of depth: how far they are from the beginning of a window, and how far the weights
// are that they meet from the beginning of a filter.
struct ConvStep {
  ptrdiff_t x, w;
};

// What a kernel takes at a time.
struct ConvLimits {
  int32_t unit;         // bytes of depth in its shortest step, which are read exactly
  int32_t weight_step;  // bytes between the weights of neighbouring bytes of depth
  int32_t tile;         // positions
  int32_t bytes;        // of windows in a block, to stay in the cache while filters pass
  int32_t most;         // positions in a block
  int32_t band;         // bytes of a band that need not be more if that is some rows
};

class ConvCut {
 public:
  static constexpr int32_t kRowAlign = 16;

  // `flips`: numbers have their top bit flipped, so that none is read where it lies.
  ConvCut(const ConvGeometry& size, int32_t in_pixel, bool flips, const ConvLimits& limits)
      : g_(size), limits_(limits), depth(g_.kernel_h * g_.kernel_w * g_.in_c) {
    positions = g_.batch * g_.out_h * g_.out_w;
    const bool inside = is_inside();
    choose_segments(inside && !flips ? in_pixel : g_.in_c);
    in_place_ = inside && !flips && !gathers;
    if (!in_place_) choose_segments(g_.in_c);
    choose_band();
    choose_block();
  }

 protected:
  const ConvGeometry& g_;
  const ConvLimits limits_;

 public:
  int32_t depth;      // kernel_h * kernel_w * in_c
  int32_t positions;  // batch * out_h * out_w
  int32_t block;      // positions at a time
  bool gathers;

  // The depth that the steps cover: where windows are gathered it can be more, with zeros.
  int32_t step_depth() const { return (depth + limits_.unit - 1) / limits_.unit * limits_.unit; }
  int32_t padded_depth() const { return (depth + kRowAlign - 1) / kRowAlign * kRowAlign; }

  // Scratch memory, from front to back. Enough for a part of the work, too.
  //
  //   | addresses of windows | steps of a window | band | gathered windows |
  //                                   where copied --'      '-- where segments are short
  ByteCount bytes() const { return table_bytes() + step_bytes() + band_bytes() + gather_bytes(); }

 protected:
  static constexpr int32_t kBandBytes = 32 << 10;  // of the image, to stay in the nearest cache
  static constexpr int32_t kLeastSegment = 16;     // bytes; shorter ones are worth gathering
  static constexpr int32_t kOverrun = 16;          // copies of short segments write more than these

  // Pixels of the image from the first to the last one of n positions.
  int64_t lines_of(int64_t n) const {
    return (n - 1) * g_.stride_h + int64_t{g_.kernel_h - 1} * g_.dilation_h + 1;
  }
  int64_t columns_of(int64_t n) const {
    return (n - 1) * g_.stride_w + int64_t{g_.kernel_w - 1} * g_.dilation_w + 1;
  }

  bool is_inside() const {
    return g_.pad_top <= 0 && g_.pad_left <= 0 && lines_of(g_.out_h) - g_.pad_top <= g_.in_h &&
           columns_of(g_.out_w) - g_.pad_left <= g_.in_w;
  }

  // Where pixels are `pixel` bytes apart. A 3x3 window, by what its segments are:
  //
  //   dense lines           |=======|  ...  |=======|  ...  |=======|     3 segments of 3 pixels
  //   dilated, or a part    |=| |=| |=|  .  |=| |=| |=|  .  |=| |=| |=|   9 segments of 1 pixel
  //   of the channels
  void choose_segments(int32_t pixel) {
    pixel_ = pixel;
    taps_ = g_.dilation_w == 1 && pixel == g_.in_c ? g_.kernel_w : 1;
    segment_ = taps_ * g_.in_c;
    segments_ = g_.kernel_h * (g_.kernel_w / taps_);
    gathers = segment_ % limits_.unit != 0 || (segments_ > 1 && segment_ < kLeastSegment);
  }

  // Bytes of a band: rows that two bands have in common are copied twice.
  ByteCount most_band_bytes() const {
    constexpr int64_t kSome = 4;
    const ByteCount some = ByteCount(lines_of(kSome)) * columns_of(g_.out_w) * g_.in_c;
    return least<ByteCount>(most<ByteCount>(some, limits_.band), kBandBytes);
  }

  // How many pieces of so many bytes a band has room for.
  int64_t fit(ByteCount bytes) const {
    const auto room = static_cast<int64_t>(most_band_bytes().value());
    return bytes == 0 ? room : room / static_cast<int64_t>(bytes.value());
  }

  // Whole rows of the output where the lines of one of them fit; otherwise a piece of one row, in
  // whole tiles. Borders are part of the copy, so that no window in it has to ask for them:
  //
  //   image          copy for two output rows of a 3x3 window with a pad of 1
  //   a b c          0 0 0 0 0
  //   d e f          0 a b c 0         0: the zero point
  //   g h i          0 d e f 0         line_ is the bytes of such a line
  //                  0 g h i 0
  void choose_band() {
    const ByteCount line = ByteCount(columns_of(g_.out_w)) * g_.in_c;
    band_columns_ = g_.out_w;
    band_rows_ = 1;
    if (line * lines_of(1) <= most_band_bytes()) {
      const int64_t rows = (fit(line) - lines_of(1)) / g_.stride_h + 1;
      band_rows_ = static_cast<int32_t>(least<int64_t>(rows, g_.out_h));
    } else {
      const ByteCount column = ByteCount(lines_of(1)) * g_.in_c;
      const int64_t columns = (fit(column) - columns_of(1)) / g_.stride_w + 1;
      const int64_t tiles = most<int64_t>(columns / limits_.tile, 1);
      band_columns_ = static_cast<int32_t>(least<int64_t>(tiles * limits_.tile, g_.out_w));
    }
    const ByteCount band_line = ByteCount(columns_of(band_columns_)) * g_.in_c;
    line_ = in_place_ ? ptrdiff_t{g_.in_w} * pixel_ : static_cast<ptrdiff_t>(band_line.size());
  }

  void choose_block() {
    // Windows that are not gathered overlap: one more takes the pixels that it steps over at most.
    const ByteCount area = ByteCount(g_.stride_h) * g_.stride_w * g_.in_c;
    const ByteCount each = gathers ? padded_depth() : least<ByteCount>(area, depth);
    const int64_t in_cache = limits_.bytes / most<int64_t>(static_cast<int64_t>(each.value()), 1);
    const int64_t fit = least<int64_t>(in_cache, limits_.most);
    const int64_t tiles = most<int64_t>(fit / limits_.tile, 1);
    block = static_cast<int32_t>(least<int64_t>(tiles * limits_.tile, positions));
  }

  // The last tile of a block is filled up with its last window.
  ByteCount table_bytes() const {
    const int32_t rows = least(positions, most(limits_.most, limits_.tile)) + limits_.tile;
    return (ByteCount(rows) * sizeof(int8_t*)).aligned(16);
  }
  ByteCount step_bytes() const {
    // Besides those of sixteen bytes, one of eight and one of four at the end.
    const int64_t of_segment = segment_ / 16 + 2;
    const int64_t all = gathers ? padded_depth() / 16 + 2 : of_segment * segments_;
    return (ByteCount(all) * sizeof(ConvStep)).aligned(16);
  }
  ByteCount band_bytes() const {
    if (in_place_) return 0;
    const ByteCount all = ByteCount(lines_of(g_.out_h)) * columns_of(g_.out_w) * g_.in_c;
    const int64_t columns = columns_of(least(limits_.tile, g_.out_w));
    const ByteCount tile = ByteCount(lines_of(1)) * columns * g_.in_c;
    return (least(all, most<ByteCount>(most_band_bytes(), tile)) + kOverrun).aligned(16);
  }
  // Enough for rows of fewer bytes, too, of which a block has more.
  ByteCount gather_bytes() const {
    if (!gathers) return 0;
    const ByteCount rows = ByteCount(least(positions, limits_.most)) * padded_depth();
    const ByteCount tile = ByteCount(limits_.tile) * padded_depth();
    return (least(rows, most<ByteCount>(tile, limits_.bytes)) + 2 * kOverrun).aligned(16);
  }

  template <class T>
  static T least(T p, T q) {
    return p < q ? p : q;
  }
  template <class T>
  static T most(T p, T q) {
    return p > q ? p : q;
  }

  bool in_place_;     // windows are read where they lie
  int32_t pixel_;     // bytes from one pixel of a line to the next, where windows are read
  ptrdiff_t line_;    // bytes from one line to the next there
  int32_t taps_;      // of a segment
  int32_t segment_;   // bytes
  int32_t segments_;  // of a window
  int32_t band_rows_, band_columns_;  // output positions
};

// Whether the numbers are uint8, or have been: see ConvBytes.
template <class Args>
bool flips_bits(const Args& a) {
  if constexpr (requires { a.flip; }) return a.flip != 0;
  return std::is_same_v<std::remove_const_t<std::remove_pointer_t<decltype(Args::in)>>, uint8_t>;
}

// ---- eight channels at a time, whose weights are turned into panels: kernels/arm/conv_panels.h
//
// Scratch memory, from front to back:
//
//   | all panels, or one | terms of windows | what ConvCut needs |
//      unless arranged        uint8 only

constexpr int32_t kDotprodUnit = 4, kI8mmUnit = 8;  // bytes of depth in the shortest step

template <class Args, int32_t kUnit>
struct PanelCut {
  static constexpr int32_t kPanel = 8;               // output channels
  static constexpr int kTile = 8;                    // positions
  static constexpr int32_t kPackAll = 8 << 10;       // all panels at once when they fit into this
  static constexpr int32_t kSmallBlock = 8 << 10;    // bytes of windows that all panels pass over
  static constexpr int32_t kLargeBlock = 512 << 10;  // the same where each pass packs panels again
  static constexpr int32_t kMost = 256;              // positions of a block
  static constexpr int32_t kBand = 8 << 10;          // see ConvLimits
  static constexpr int32_t kHead = 16;               // bytes before a panel of uint8 weights

  static ByteCount term_bytes(const Args& a) { return flips_bits(a) ? kMost * sizeof(int32_t) : 0; }
  static int32_t panels_of(const Args& a) { return (a.size.out_c + kPanel - 1) / kPanel; }
  static ByteCount panel_bytes_of(const Args& a) {
    const ByteCount depth = ByteCount(a.size.kernel_h) * a.size.kernel_w * a.size.in_c;
    return depth.aligned(16) * kPanel + (flips_bits(a) ? kHead : 0);
  }
  static ByteCount all_bytes_of(const Args& a) { return panel_bytes_of(a) * panels_of(a); }
  static bool packs_all(const Args& a) {
    return a.arranged != nullptr || (all_bytes_of(a) <= kPackAll && !is_one_block(a.size));
  }
  // Small images of pixels: each panel serves all positions at once, and is gone with the next.
  static bool is_one_block(const ConvGeometry& g) {
    const ByteCount pixels = ByteCount(g.batch) * g.in_h * g.in_w;
    return g.kernel_h * g.kernel_w == 1 && pixels <= kMost && pixels * g.in_c <= kBand;
  }
  static ByteCount arranged_bytes(const Args& a) {
    return countable(a.size) ? all_bytes_of(a) : ByteCount::unbounded();
  }
  static ConvLimits limits(const Args& a) {
    return {kUnit, kPanel, kTile, packs_all(a) ? kSmallBlock : kLargeBlock, kMost, kBand};
  }
  // However many panels are packed together: fewer channels change that.
  static ByteCount pack_bytes(const Args& a) {
    if (a.arranged != nullptr) return 0;
    const ByteCount all = all_bytes_of(a), panel = panel_bytes_of(a);
    if (is_one_block(a.size)) return panel;
    const ByteCount most = panel > kPackAll ? panel : kPackAll;
    return all < most ? all : most;
  }
  static ByteCount scratch(const Args& a) {
    if (!countable(a.size)) return ByteCount::unbounded();
    const ConvCut rows(a.size, a.stride.in_pixel, flips_bits(a), limits(a));
    return pack_bytes(a) + term_bytes(a) + rows.bytes();
  }
};

// ---- four channels at a time, whose weights are read where they lie: kernels/arm/conv_neon.cc
//
// Scratch memory, from front to back:
//
//   | terms of windows | all filters, or those of a tile | what ConvCut needs |
//        uint8 only             where they are copied

struct FilterCut {
  static constexpr int32_t kUnit = 8;                   // bytes of depth in the shorter step
  static constexpr int32_t kPanel = 4;                  // output channels of a tile
  static constexpr int kTile = kManyRegisters ? 4 : 2;  // positions
  static constexpr int32_t kAllFilters = 32 << 10;      // bytes; that many are copied once for all
  static constexpr int32_t kBlock = 128;                // positions; their sums take 4 KiB of stack
  static constexpr int32_t kBlockBytes = 16 << 10;  // of windows, to stay in the cache meanwhile
  static constexpr int32_t kBand = 4 << 10;         // see ConvLimits
  static constexpr ConvLimits kLimits = {kUnit, 1, kTile, kBlockBytes, kBlock, kBand};
  static_assert(kMany >= kTile);  // how far sums are read and written

  int32_t out_c, positions;
  int32_t pitch;  // bytes of a filter that is copied
  bool flips;
  bool copies_filters;  // padded to whole steps, or flipped
  bool copies_all;      // once

  FilterCut(const ConvGeometry& g, bool flips_bits)
      : out_c(g.out_c), positions(g.batch * g.out_h * g.out_w), flips(flips_bits) {
    const int32_t depth = g.kernel_h * g.kernel_w * g.in_c;
    constexpr int32_t kAlign = ConvCut::kRowAlign;
    pitch = (depth + kAlign - 1) / kAlign * kAlign;
    copies_filters = flips || depth % kUnit != 0;
    copies_all = copies_filters && all_filter_bytes() <= kAllFilters;
  }

  int64_t all_filter_bytes() const {
    return int64_t{(out_c + kPanel - 1) / kPanel * kPanel} * pitch;
  }
  // Numbers of 32 bits; for blocks of any size, since shorter windows have larger ones.
  int32_t most() const { return positions < kBlock ? positions : kBlock; }
  int32_t term_count() const { return flips ? (most() + 3) / 4 * 4 : 0; }
  // Fewer channels may be copied all at once.
  ByteCount filter_bytes() const {
    const int64_t all = all_filter_bytes(), panel = int64_t{kPanel} * pitch;
    const int64_t most = panel > kAllFilters ? panel : kAllFilters;
    return !copies_filters ? 0 : all < most ? all : most;
  }
  ByteCount own_bytes() const { return ByteCount(term_count()) * sizeof(int32_t) + filter_bytes(); }

  template <class Args>
  static ByteCount scratch(const Args& a) {
    if (!countable(a.size)) return ByteCount::unbounded();
    const bool flip = flips_bits(a);
    const ConvCut rows(a.size, a.stride.in_pixel, flip, kLimits);
    return FilterCut(a.size, flip).own_bytes() + rows.bytes();
  }
};

}  // namespace
}  // namespace pipit
