// SPDX-License-Identifier: Apache-2.0
// A depthwise convolution in blocks of eight channels. The input rows that one or two output rows
// need are copied into columns of eight-byte slots, borders included, so that the inner loop knows
// no border, and walks the columns by the stride.
//
// Weights less their zero point are written as a sum of one to three parts that each lie in
// [-127, 127]: then two products fit into 16 bits, and uint8 weights, whose differences take nine
// bits, need no other code. Nearly always one part suffices. uint8 activations have their top bit
// flipped, which makes them int8 and 128 less.
#pragma once

#include <arm_neon.h>

#include <algorithm>
#include <cstring>

#include "kernels/arm/conv_bytes.h"
#include "kernels/arm/depthwise_cut.h"
#include "kernels/arm/depthwise_taps.h"
#include "kernels/arm/group_results.h"
#include "kernels/arm/wrapping_neon.h"
#include "kernels/contracts/depthwise_s8.h"
#include "kernels/contracts/depthwise_u8.h"

namespace pipit {
namespace {

// The weights of a block in the order of the columns: [row][part][kernel_w][slots][8], as the
// engine arranges the slots. With kUnit 1 there is one row for all, without the slots that are not
// its own: see DepthwisePass::columns_of.
struct DepthwiseWeights {
  const int8_t* values;
  int32_t parts;
  int32_t together;  // see Engine
  int32_t part_bytes;

  const int8_t* row(int r) const { return values + r * parts * part_bytes; }
};

// Some positions of some output rows, whose columns and weights are loaded. With kUnit 1, a slot is
// a pixel's eight channels, and an output row has its window at a slot of its own:
//
//   column 0 | slot 0 | slot 1 | slot 2 | slot 3 | column 1 | slot 0 | ...
//             `---- window of row 0 ----'
//                      `---- window of row 1 ----'       3x3, stride 1
//
// With kUnit 4, four slots are [channel][4]. All rows see all slots: weights are zero where a slot
// is not the row's own.
struct DepthwisePass {
  const ConvGeometry& size;
  const DepthwiseCut& cut;
  const DepthwiseWeights& weights;
  const int8_t* columns;
  int32_t row_bytes;  // from the first slot of an output row to that of the next
  const Channels& channels;
  const RequantizeNeon& q;
  int32_t rows;
  int32_t count;  // positions of a row
  Results out;    // of the first row
  ptrdiff_t out_row;

  const int8_t* columns_of(int r) const { return columns + r * row_bytes; }
  Results row(int r) const { return {out.at + r * out_row, out.step, out.channels, out.flip}; }
};

// Positions of each of kRows rows that are finished together: as many sums as registers can hold,
// since an in-order core would wait for each step of fewer.
#if PIPIT_ARM64
template <int kRows>
constexpr int kDwAtOnce = 4 / kRows;
#else
template <int kRows>
constexpr int kDwAtOnce = 2 / kRows;
#endif

// Sums start from the bias. The larger cores are kept from loading it once and copying: copies
// would take the place of products, loads do not.
template <int n>
[[gnu::always_inline]] inline void start(const Channels& c, int32x4_t (&y)[n][2]) {
  const int32x4_t* bias = c.bias;
  unroll<n>([&](auto m) [[gnu::always_inline]] {
#ifdef __ARM_FEATURE_DOTPROD
    asm("" : "+r"(bias));
#endif
    y[m][0] = bias[0];
    y[m][1] = bias[1];
  });
}

// Calls visit(first, at) for n positions of output row r at a time, whose columns begin at at[0],
// ..., at[n - 1].
// Where fewer are left, some are done again: of 6 positions in fours, 0 to 3 and 2 to 5; of 3, the
// last twice.
template <int n, class Visit>
[[gnu::always_inline]] inline void for_positions(const DepthwisePass& pass, int r,
                                                 const Visit& visit) {
  const int8_t* const columns = pass.columns_of(r);
  const ptrdiff_t step = ptrdiff_t{pass.cut.slots} * kDwLanes * pass.size.stride_w;
  const ptrdiff_t last = pass.count - n;
  ptrdiff_t in[n];
  unroll<n>([&](auto i)
                [[gnu::always_inline]] { in[i] = (i < pass.count ? i : pass.count - 1) * step; });
  for (ptrdiff_t x = 0; x < pass.count; x += n) {
    const ptrdiff_t first = x <= last || last < 0 ? x : last;
    const int8_t* at[n];
    unroll<n>([&](auto i) [[gnu::always_inline]] { at[i] = columns + first * step + in[i]; });
    visit(first, at);
  }
}

// Output rows [r, r + kRows), eight channels. products(at, y) adds to
// y[row * kDwAtOnce + position] what the columns at at[position] contribute.
template <int kRows, Form kForm, class Products>
[[gnu::always_inline]] inline void finish_windows(const DepthwisePass& pass, int r,
                                                  const Products& products) {
  constexpr int kAtOnce = kDwAtOnce<kRows>, n = kRows * kAtOnce;
  const Channels c = pass.channels;
  const RequantizeNeon q = pass.q;
  const Results to = pass.row(r);
  const ptrdiff_t out_row = pass.out_row;
  ptrdiff_t out[kAtOnce];
  unroll<kAtOnce>([&](auto i) [[gnu::always_inline]] {
    out[i] = (i < pass.count ? i : pass.count - 1) * to.step;
  });
  for_positions<kAtOnce>(
      pass, r, [&](ptrdiff_t first, const int8_t* const(&at)[kAtOnce]) [[gnu::always_inline]] {
        int32x4_t y[n][2];
        start(c, y);
        products(at, y);
        int8x16_t results[n / 2];
        requantize_all<kForm>(c.scaling, q, y, results);
        unroll<n>([&](auto m) [[gnu::always_inline]] {
          const uint8x16_t v = veorq_u8(vreinterpretq_u8_s8(results[m / 2]), to.flip);
          uint8_t* result = to.at + first * to.step + (m / kAtOnce) * out_row + out[m % kAtOnce];
          if (m % 2 == 0) {
            vst1_u8(result, vget_low_u8(v));
          } else {
            store_high(result, v);
          }
        });
      });
}

// Sums of one row, without the bias, for any window. products(at, y) adds to y[position] what the
// columns at at[position] contribute.
template <class Products>
[[gnu::always_inline]] inline void sum_windows(const DepthwisePass& pass, int r, int32_t* sums,
                                               const Products& products) {
  constexpr int n = kDwAtOnce<1>;
  for_positions<n>(
      pass, r, [&](ptrdiff_t first, const int8_t* const(&at)[n]) [[gnu::always_inline]] {
        int32x4_t y[n][2];
        unroll<n>([&](auto i) [[gnu::always_inline]] { y[i][0] = y[i][1] = vdupq_n_s32(0); });
        products(at, y);
        unroll<n>([&](auto i) [[gnu::always_inline]] {
          vst1q_s32(sums + (first + i) * kDwLanes, y[i][0]);
          vst1q_s32(sums + (first + i) * kDwLanes + 4, y[i][1]);
        });
      });
}

// The Engine arranges columns and weights, and has the inner loops:
//   kUnit                                   slots come in multiples of it
//   put_slots(const int8x8_t*, int8_t* to)  kUnit slots of one column
//   together(weights, g)                    of how many taps products fit into 16 bits together
//   run<kForm>(pass)                        all results, if there is a loop for such windows
//   any_window(pass, r, sums)               sums of products of one row, without the bias
template <class Engine>
class DepthwiseBlocks {
  static constexpr int kUnit = Engine::kUnit;

 public:
  static_assert(sizeof(Channels) <= kDwConstantBytes);

  explicit DepthwiseBlocks(const DepthwiseBytes& args)
      : a_(args),
        g_(args.size),
        cut_(g_, kUnit),
        line_(ptrdiff_t{g_.in_w} * args.stride.in_pixel),
        columns_(reinterpret_cast<int8_t*>(a_.scratch) + cut_.sum_bytes()),
        own_weights_(columns_ + cut_.column_bytes()),
        arranged_(a_.arranged),
        block_bytes_(arranged_block_bytes(g_, kUnit)) {
    weights_.part_bytes = cut_.part_bytes;
    q_ = load_requantize(flipped(a_.requantize, a_.flip));
  }

  // See KernelVariant::arrange.
  void arrange(uint8_t* blocks) {
    for (int32_t c = 0; c < g_.out_c; c += kDwLanes) {
      choose_channels(first_of(c));
      int8_t* to = arranged(blocks, first_);
      load_weights(to + kDwArrangedHead, 1);
      to[0] = static_cast<int8_t>(weights_.parts);
      to[1] = static_cast<int8_t>(weights_.together);
    }
  }

  void run() {
    if (!cut_.is_one_piece(g_)) prepare_pieces();
    for (int32_t b = 0; b < g_.batch; ++b) {
      for (int32_t y = 0, n = 0; y < g_.out_h; y += n) {
        n = std::min(cut_.band, g_.out_h - y);
        for (int32_t x = 0; x < g_.out_w; x += cut_.chunk) run_piece(b, y, y + n, x);
      }
    }
  }

 private:
  // The last block overlaps the one before it.
  int32_t first_of(int32_t c) const {
    return c + kDwLanes <= g_.out_c || c == 0 ? c : g_.out_c - kDwLanes;
  }

  // Constants of all blocks, and their weights, unless the caller has arranged them.
  void prepare_pieces() {
    auto* to = reinterpret_cast<uint8_t*>(own_weights_) + cut_.weight_bytes();
    auto* constants = reinterpret_cast<Channels*>(to);
    for (int32_t c = 0; c < g_.out_c; c += kDwLanes) {
      choose_channels(first_of(c));
      constants[c / kDwLanes] = constants_of_block();
      to += sizeof(Channels);
    }
    constants_ = constants;
    if (arranged_ != nullptr) return;
    arrange(to);
    arranged_ = to;
  }

  Channels constants_of_block() const {
    return load_channels(a_.bias, a_.requantize, first_, channels_, q_);
  }

  // What the passes over a piece of the output have in common.
  struct Piece {
    int32_t count;       // positions of a row
    int32_t columns;     // of the input, that they see...
    int32_t begin, end;  // ...and those of them that exist
    ptrdiff_t in, out;   // elements from the first row of the image to the first column
  };

  Piece piece_at(int32_t batch, int32_t x) const {
    const int32_t count = std::min(g_.out_w - x, cut_.chunk);
    const int32_t columns = (count - 1) * g_.stride_w + (g_.kernel_w - 1) * g_.dilation_w + 1;
    const int64_t left = int64_t{x} * g_.stride_w - g_.pad_left;
    const auto clip = [&](int64_t at) {
      return static_cast<int32_t>(std::clamp<int64_t>(at, 0, columns));
    };
    const int32_t begin = clip(-left), end = std::max(begin, clip(g_.in_w - left));
    return {count,
            columns,
            begin,
            end,
            ptrdiff_t{batch} * g_.in_h * line_ +
                static_cast<ptrdiff_t>(left + begin) * a_.stride.in_pixel,
            ptrdiff_t{batch} * g_.out_h * a_.stride.out_row + ptrdiff_t{x} * a_.stride.out_pixel};
  }

  void run_piece(int32_t batch, int32_t from, int32_t to, int32_t x) {
    const Piece piece = piece_at(batch, x);
    for (int32_t c = 0; c < g_.out_c; c += kDwLanes) {
      load_block(first_of(c));
      const int32_t row_bytes = kUnit == 1 ? g_.stride_h * kDwLanes : 0;
      const Results row = {nullptr, a_.stride.out_pixel, channels_, vdupq_n_u8(a_.flip)};
      DepthwisePass pass = {g_, cut_, weights_,    columns_, row_bytes,        *block_,
                            q_, 0,    piece.count, row,      a_.stride.out_row};
      for (int32_t y = from; y < to; y += cut_.pass) {
        pass.rows = std::min(cut_.pass, to - y);
        run_pass(piece, y, pass);
      }
    }
  }

  void choose_channels(int32_t first) {
    first_ = first;
    channels_ = g_.out_c - first < kDwLanes ? g_.out_c - first : kDwLanes;
  }

  void load_block(int32_t first) {
    choose_channels(first);
    choose_sources();
    if (constants_ == nullptr) {
      own_constants_ = constants_of_block();
    } else {
      block_ = constants_ + index_of(first);
    }
    if (!find_arranged(first)) load_weights(own_weights_, kDwMostParts);
  }

  static int32_t index_of(int32_t first) { return (first + kDwLanes - 1) / kDwLanes; }

  int8_t* arranged(const uint8_t* blocks, int32_t first) const {
    return const_cast<int8_t*>(reinterpret_cast<const int8_t*>(blocks)) +
           ptrdiff_t{index_of(first)} * block_bytes_;
  }

  bool find_arranged(int32_t first) {
    if (arranged_ == nullptr) return false;
    const int8_t* block = arranged(arranged_, first);
    weights_.parts = block[0];
    weights_.together = block[1];
    weights_.values = block + kDwArrangedHead;
    return weights_.parts == 1;
  }

  // ---- weights

  DepthwiseTaps taps() const {
    return {a_.weights + first_,
            ptrdiff_t{g_.kernel_w} * a_.weights_tap,
            a_.weights_tap,
            channels_,
            g_.kernel_h,
            g_.kernel_w,
            static_cast<uint8_t>(a_.weights_zero_point),
            a_.flip != 0};
  }

  // Those of the block, unless they are of more parts than there is room for.
  void load_weights(int8_t* to, int32_t most_parts) {
    const DepthwiseTaps t = taps();
    weights_.values = to;
    weights_.parts = count_parts(t);
    weights_.together = 2;
    if (weights_.parts > most_parts) return;
    for (int32_t part = 0; part < weights_.parts; ++part) load_part(t, part, to);
    // Channels of int8 weights are scaled to reach 127: hardly ever would it be more.
    if (a_.flip != 0 && weights_.parts == 1) weights_.together = Engine::together(to, g_);
  }

  // Slot s of output row r has tap s - r. Of a 3x3 window and two rows with kUnit 4:
  //
  //   column   | 0 | t0 | t1 | t2 | 0 |
  //   row 0        |-- four slots ----|
  //   row 1    |-- four slots ---|
  void load_part(const DepthwiseTaps& t, int32_t part, int8_t* to) const {
    const int32_t rows = kUnit == 1 ? 1 : cut_.rows;
    const int32_t slots = kUnit == 1 ? t.rows : cut_.slots;
    const ptrdiff_t column_bytes = ptrdiff_t{slots} * kDwLanes;
    int8x8_t column[1 + kDwMaxKernel + kUnit];  // of taps, between zeros
    column[0] = vdup_n_s8(0);
    for (int32_t s = t.rows; s < slots; ++s) column[1 + s] = vdup_n_s8(0);
    for (int32_t kx = 0; kx < t.columns; ++kx) {
      for (int32_t ky = 0; ky < t.rows; ++ky) {
        column[1 + ky] = t.part(t.at(ky, kx), weights_.parts, part);
      }
      for (int32_t r = 0; r < rows; ++r) {
        int8_t* at = to + (r * weights_.parts + part) * weights_.part_bytes + kx * column_bytes;
        for (int32_t s = 0; s < slots; s += kUnit) {
          Engine::put_slots(column + 1 + s - r, at + s * kDwLanes);
        }
      }
    }
  }

  // ---- columns

  // Which input channels the block reads: eight that lie together, or, where channels have
  // several outputs or are fewer than eight, those that a table picks.
  void choose_sources() {
    direct_ = a_.multiplier == 1 && channels_ == kDwLanes;
    source_ = first_ / a_.multiplier;
    if (direct_) return;
    uint8_t picks[kDwLanes];
    for (int32_t i = 0; i < kDwLanes; ++i) {
      const int32_t c = first_ + (i < channels_ ? i : channels_ - 1);
      picks[i] = static_cast<uint8_t>(c / a_.multiplier - source_);
    }
    sources_ = picks[kDwLanes - 1] + 1;
    picks_ = vld1_u8(picks);
  }

  template <bool kDirect, bool kFlips>
  int8x8_t load(const uint8_t* p) const {
    uint8x8_t v;
    if (kDirect) {
      v = vld1_u8(p);
    } else if (sources_ == 1) {
      v = vdup_n_u8(*p);
    } else {
      // No more than are used: behind the last pixel's channels the tensor may end.
      uint8_t eight[kDwLanes] = {};
      for (int32_t i = 0; i < kDwLanes && i < sources_; ++i) {
        eight[i] = p[i];
      }
      v = vtbl1_u8(vld1_u8(eight), picks_);
    }
    if (kFlips) v = veor_u8(v, vdup_n_u8(a_.flip));
    return vreinterpret_s8_u8(v);
  }

  // A row of the input, or of nothing but zero points.
  struct Row {
    const uint8_t* at;
    ptrdiff_t step;
  };

  // n slots of `count` columns.
  template <int n, bool kDirect, bool kFlips>
  [[gnu::noinline]] void put_columns(const Row* from, int32_t count, int8_t* to) const {
    const ptrdiff_t pitch = cut_.slots * kDwLanes;
    const uint8_t* at[n];
    ptrdiff_t step[n];
    for (int i = 0; i < n; ++i) {
      at[i] = from[i].at;
      step[i] = from[i].step;
    }
    for (; count > 0; --count, to += pitch) {
      int8x8_t slots[n];
#pragma GCC unroll 4
      for (int i = 0; i < n; ++i) {
        slots[i] = load<kDirect, kFlips>(at[i]);
        at[i] += step[i];
      }
#pragma GCC unroll 4
      for (int i = 0; i < n; i += kUnit) Engine::put_slots(slots + i, to + i * kDwLanes);
    }
  }

  // n slots of `count` columns outside of the image: all bytes are the same.
  [[gnu::noinline]] void put_border(int32_t n, int32_t count, int8_t* to) const {
    const int8x8_t border = vdup_n_s8(static_cast<int8_t>(a_.in_zero_point ^ a_.flip));
    for (; count > 0; --count, to += cut_.slots * kDwLanes) {
      for (int32_t i = 0; i < n; ++i) vst1_s8(to + i * kDwLanes, border);
    }
  }

  // The columns of a pass: `taps` rows from `y` on, in whole units of slots.
  void load_columns(const Piece& piece, int64_t y, int32_t taps) const {
    uint8_t border[kDwLanes];
    std::memset(border, static_cast<uint8_t>(a_.in_zero_point), sizeof(border));
    const int32_t slots = (taps + kUnit - 1) / kUnit * kUnit;
    const ptrdiff_t down = line_ * g_.dilation_h;
    ptrdiff_t at = piece.in + source_ + static_cast<ptrdiff_t>(y) * line_;
    for (int32_t s = 0, n = 0; s < slots; s += n) {
      const int32_t left = slots - s;
      n = left >= 4 || kUnit == 4 ? 4 : left == 3 ? 3 : 1;
      Row rows[4];
      for (int32_t i = 0; i < n; ++i, y += g_.dilation_h, at += down) {
        // What a slot behind the taps holds does not matter, since its weights are zero.
        const bool exists = piece.begin < piece.end && s + i < taps && y >= 0 && y < g_.in_h;
        rows[i] = exists ? Row{a_.in + at, a_.stride.in_pixel} : Row{border, 0};
      }
      // Units of four have no other case; that of three is there for the type alone.
      const auto put = n == 4   ? &DepthwiseBlocks::put_slots<4>
                       : n == 3 ? &DepthwiseBlocks::put_slots<3 / kUnit * kUnit + (kUnit == 4) * 4>
                                : &DepthwiseBlocks::put_slots<kUnit>;
      (this->*put)(rows, piece, columns_ + s * kDwLanes);
    }
  }

  // Those that exist from the rows, the others from the border.
  template <int n>
  void put_slots(const Row* rows, const Piece& piece, int8_t* to) const {
    const int32_t pitch = cut_.slots * kDwLanes, begin = piece.begin, end = piece.end;
    if (begin > 0) put_border(n, begin, to);
    // With a table, int8 numbers are flipped by zero: that saves a function.
    const auto put = !direct_       ? &DepthwiseBlocks::put_columns<n, false, true>
                     : a_.flip != 0 ? &DepthwiseBlocks::put_columns<n, true, true>
                                    : &DepthwiseBlocks::put_columns<n, true, false>;
    (this->*put)(rows, end - begin, to + begin * pitch);
    if (end < piece.columns) put_border(n, piece.columns - end, to + end * pitch);
  }

  void run_pass(const Piece& piece, int32_t y, DepthwisePass& pass) const {
    load_columns(piece, int64_t{y} * g_.stride_h - g_.pad_top, cut_.taps_of(g_, pass.rows));
    pass.out.at = a_.out + piece.out + ptrdiff_t{y} * a_.stride.out_row + first_;
    if (channels_ == kDwLanes && run_window(pass)) return;
    auto* sums = reinterpret_cast<int32_t*>(a_.scratch);
    for (int r = 0; r < pass.rows; ++r) {
      Engine::any_window(pass, r, sums);
      finish_group<Forms::kUsual>(sums, nullptr, pass.count, *block_, q_, pass.row(r));
    }
  }

  // The usual forms only: loops are long.
  static bool run_window(const DepthwisePass& pass) {
    switch (pass.channels.scaling.form) {
      case Form::kRelu:
        return Engine::template run<Form::kRelu>(pass);
      case Form::kRight:
        return Engine::template run<Form::kRight>(pass);
      default:
        return false;
    }
  }

  const DepthwiseBytes& a_;
  const ConvGeometry& g_;
  DepthwiseCut cut_;
  ptrdiff_t line_;  // elements from a row of the input to the next
  int8_t* columns_;
  int8_t* own_weights_;  // of a block
  const uint8_t* arranged_;
  int32_t block_bytes_;
  DepthwiseWeights weights_{};
  Channels own_constants_{};
  const Channels* constants_ = nullptr;  // of all blocks
  const Channels* block_ = &own_constants_;
  RequantizeNeon q_{};
  int32_t first_ = 0, channels_ = 0;  // of the block
  bool direct_ = true;
  int32_t source_ = 0, sources_ = 1;
  uint8x8_t picks_{};
};

template <class Engine>
[[gnu::noinline]] void run_depthwise(const DepthwiseBytes& a) {
  DepthwiseBlocks<Engine>(a).run();
}
template <class Engine>
[[gnu::noinline]] void arrange_depthwise(const DepthwiseBytes& a, uint8_t* to) {
  DepthwiseBlocks<Engine>(a).arrange(to);
}

template <class Args, class Engine>
struct Depthwise {
  DepthwiseBytes a;

  explicit Depthwise(const Args& args) : a(args) {}
  void run() const { run_depthwise<Engine>(a); }
  void arrange(uint8_t* to) const { arrange_depthwise<Engine>(a, to); }
};

}  // namespace
}  // namespace pipit
