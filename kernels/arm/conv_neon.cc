// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Convolution of 8-bit numbers by dot products along depth, weights read where they lie. Two
// products of 8 bits fit into 16 bits unless all four factors are -128, so where no weight is -128
// a step of 16 bytes takes three instructions (SMULL, SMLAL2, SADALP); otherwise four. A tile of
// kTile positions by four channels keeps all sums in registers. The sums of a block of positions
// and eight channels go through memory, so that they are requantized sixteen vectors at a time: an
// in-order core would wait for each step of fewer. Short windows: kernels/arm/conv_short.h.
#include "kernels/arm/conv_rows.h"
#include "kernels/arm/conv_short.h"
#include "kernels/arm/group_results.h"
#include "kernels/arm/in_order.h"
#include "kernels/arm/unroll.h"
#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/conv_u8.h"

namespace pipit {
namespace {

constexpr int32_t kPanel = FilterCut::kPanel;
constexpr int kTile = FilterCut::kTile;
constexpr int kHeld = kManyRegisters ? 4 : 2;  // channels whose filters are held at a time

template <int kM>
using Products = int16x8_t[kM];
template <int kM>
using Sums = int32x4_t[kM][kPanel];

template <int kM>
PIPIT_INLINE inline void multiply_low(Products<kM>& p, const int8x16_t (&x)[kM], int8x16_t w) {
  unroll<kM>([&](auto m)
                 PIPIT_INLINE { p[m] = in_order(vmull_s8(vget_low_s8(x[m]), vget_low_s8(w))); });
}

// Adds the products of the high halves to those of the low ones, or replaces them.
template <bool kAdd>
PIPIT_INLINE inline int16x8_t high_product(int16x8_t p, int8x16_t x, int8x16_t w) {
#if PIPIT_ARM64
  return kAdd ? vmlal_high_s8(p, x, w) : vmull_high_s8(x, w);
#else
  return in_order(kAdd ? vmlal_s8(p, vget_high_s8(x), vget_high_s8(w))
                       : vmull_s8(vget_high_s8(x), vget_high_s8(w)));
#endif
}

// The first products of a sum replace what was there.
template <bool kFirst, int kM>
PIPIT_INLINE inline void add(Sums<kM>& sum, int n, const Products<kM>& p) {
  unroll<kM>([&](auto m) PIPIT_INLINE {
    sum[m][n] = in_order(kFirst ? vpaddlq_s16(p[m]) : vpadalq_s16(sum[m][n], p[m]));
  });
}

template <bool kPairs, bool kFirst, int kM>
PIPIT_INLINE inline void multiply_high(Sums<kM>& sum, int n, Products<kM>& p,
                                       const int8x16_t (&x)[kM], int8x16_t w) {
  if (!kPairs) add<kFirst>(sum, n, p);
  unroll<kM>([&](auto m) PIPIT_INLINE { p[m] = high_product<kPairs>(p[m], x[m], w); });
}

using Filters = const int8_t* [kPanel];
template <int kM>
using Windows = const int8_t* [kM];

// Sixteen bytes of depth of a tile's rows and filters.
template <int kM>
struct Operands {
  int8x16_t x[kM], w[kHeld];

  PIPIT_INLINE void load_window(const Windows<kM>& windows, int m, ptrdiff_t at) {
    x[m] = in_order(vld1q_s8(windows[m] + at));
  }
  PIPIT_INLINE void load_filter(const Filters& filters, int n, ptrdiff_t at) {
    w[n % kHeld] = in_order(vld1q_s8(filters[n] + at));
  }
  PIPIT_INLINE void load(const Windows<kM>& windows, const Filters& filters, ptrdiff_t x_at,
                         ptrdiff_t w_at) {
    unroll<kM>([&](auto m) PIPIT_INLINE { load_window(windows, m, x_at); });
    unroll<kHeld>([&](auto n) PIPIT_INLINE { load_filter(filters, n, w_at); });
  }
};

// One step of 16 bytes, whose operands are loaded; loads those of the next one. Each kind of
// instruction comes kM times in a row, with two channels in flight, so that an in-order core rarely
// waits. With 32 registers, all loads come together: the Cortex-A53 waits where one follows a
// multiplication. With 16, the filters of two channels take turns, and loads fill the gaps that
// multiplications leave.
//
//   p   low 0   .   high 0   .    sum 0 low 2   .     .   high 2   .    sum 2
//   q     .   low 1   .   high 1    .     .   sum 1 low 3    .   high 3   .   sum 3
//
// All registers are taken: 16 hold sums, 8 products, 4 windows and 4 filters, or half of that each.
template <bool kPairs, bool kFirst, bool kLast, int kM>
PIPIT_INLINE inline void step(Sums<kM>& sum, Operands<kM>& o, const Windows<kM>& windows,
                              const Filters& filters, const ConvStep* s) {
  // Without pairs, multiply_high() has begun the sums with the low products.
  constexpr bool kReplace = kFirst && kPairs, kTurns = kHeld < kPanel;
  ptrdiff_t x_at = 0, w_at = 0;
  if (!kLast) {
    x_at = s[1].x;
    w_at = s[1].w;
    in_order(x_at, w_at);
  }
  Products<kM> p, q;
  multiply_low(p, o.x, o.w[0]);
  multiply_low(q, o.x, o.w[1]);
  multiply_high<kPairs, kFirst>(sum, 0, p, o.x, o.w[0]);
  if (kTurns) o.load_filter(filters, 2, s->w);
  multiply_high<kPairs, kFirst>(sum, 1, q, o.x, o.w[1]);
  if (kTurns) o.load_filter(filters, 3, s->w);
  add<kReplace>(sum, 0, p);
  multiply_low(p, o.x, o.w[2 % kHeld]);
  add<kReplace>(sum, 1, q);
  multiply_low(q, o.x, o.w[3 % kHeld]);
  multiply_high<kPairs, kFirst>(sum, 2, p, o.x, o.w[2 % kHeld]);
  if (kTurns && !kLast) o.load_filter(filters, 0, w_at);
  multiply_high<kPairs, kFirst>(sum, 3, q, o.x, o.w[3 % kHeld]);
  if (kTurns && !kLast) o.load_filter(filters, 1, w_at);
  add<kReplace>(sum, 2, p);
  if (kTurns && !kLast) unroll<kM>([&](auto m) PIPIT_INLINE { o.load_window(windows, m, x_at); });
  add<kReplace>(sum, 3, q);
  if (!kTurns && !kLast) o.load(windows, filters, x_at, w_at);
}

template <bool kFirst, int kM>
PIPIT_INLINE inline void half_step(Sums<kM>& sum, const Windows<kM>& windows, const Filters& w,
                                   const ConvStep& s) {
  int8x8_t x[kM];
  unroll<kM>([&](auto m) PIPIT_INLINE { x[m] = in_order(vld1_s8(windows[m] + s.x)); });
  const auto multiply = [&](Products<kM>& p, int8x8_t filter) PIPIT_INLINE {
    unroll<kM>([&](auto m) PIPIT_INLINE { p[m] = in_order(vmull_s8(x[m], filter)); });
  };
  unroll<kPanel / 2>([&](auto pair) PIPIT_INLINE {
    constexpr int kN = 2 * pair;
    const int8x8_t first = in_order(vld1_s8(w[kN] + s.w));
    const int8x8_t second = in_order(vld1_s8(w[kN + 1] + s.w));
    Products<kM> p, q;
    multiply(p, first);
    multiply(q, second);
    add<kFirst>(sum, kN, p);
    add<kFirst>(sum, kN + 1, q);
  });
}

template <bool kPairs, int kM>
PIPIT_INLINE inline void dot_tile(Sums<kM>& sum, const Windows<kM>& windows, const Filters& w,
                                  const ConvSteps& steps) {
  // There is a step, since a window has bytes, and none of four: kUnit is 8.
  const ConvStep *s = steps.at, *const last = s + steps.sixteens - 1;
  const ConvStep* const end = last + 1 + steps.eights;
  if (s > last) {
    half_step<true>(sum, windows, w, *s++);
  } else {
    Operands<kM> o;
    if (s == last) {
      o.load(windows, w, s->x, s->w);
      step<kPairs, true, true>(sum, o, windows, w, s);
    } else {
      o.load(windows, w, s->x, s->w);
      step<kPairs, true, false>(sum, o, windows, w, s);
      for (++s; s != last; ++s) step<kPairs, false, false>(sum, o, windows, w, s);
      step<kPairs, false, true>(sum, o, windows, w, s);
    }
    ++s;
  }
  for (; s != end; ++s) half_step<false>(sum, windows, w, *s);
}

// Writes the sums of kM positions, kGroup numbers apart.
template <bool kPairs, int kM>
PIPIT_INLINE inline void run_tile(const int8_t* const* windows, const Filters& w,
                                  const ConvSteps& steps, int32_t* to) {
  Windows<kM> at;
  unroll<kM>([&](auto m) PIPIT_INLINE { at[m] = windows[m]; });
  Sums<kM> sum;
  dot_tile<kPairs>(sum, at, w, steps);
  unroll<kM>([&](auto m) PIPIT_INLINE {
    vst1q_s32(to + m * kGroup, reduce_s32(sum[m][0], sum[m][1], sum[m][2], sum[m][3]));
  });
}

// Filters of a group of channels, `pitch` apart.
struct Panels {
  const int8_t* filters;
  ptrdiff_t pitch;
  int32_t channels;

  // Those of four channels; ones that do not exist repeat the last one.
  PIPIT_INLINE void find(int32_t first, Filters& w) const {
    const int8_t* const at = filters + first * pitch;
    const ptrdiff_t last = channels - first - 1;
    unroll<kPanel>([&](auto n) PIPIT_INLINE { w[n] = at + (n < last ? n : last) * pitch; });
  }
};

// The sums of `count` positions and the group's channels, kGroup numbers apart. There is room for
// whole tiles. Aligned so that the loop over depth lies in one page of memory.
//
//   sums   position 0 | channels 0 to 3 | channels 4 to 7 |
//          position 1 | channels 0 to 3 | channels 4 to 7 |      run_tile() writes one half
//          ...                                                   of kTile lines
//
// All windows of a block meet the filters of four channels before those of the next four. A last
// tile of more than one position is a whole one, and writes beyond `count`.
template <bool kPairs>
[[gnu::noinline, gnu::aligned(2048)]] void run_panels(const int8_t* const* windows, int32_t count,
                                                      const Panels& panels, const ConvSteps& steps,
                                                      int32_t* sums) {
  const ConvSteps s = steps;
  for (int32_t c = 0; c < panels.channels; c += kPanel) {
    Filters w;
    panels.find(c, w);
    const int8_t* const* at = windows;
    int32_t left = count;
    int32_t* to = sums + c;
    for (; left > 1; left -= kTile, at += kTile, to += kTile * kGroup) {
      run_tile<kPairs, kTile>(at, w, s, to);
    }
    if (left == 1) run_tile<kPairs, 1>(at, w, s, to);
  }
}

// ---- the whole

// What the blocks of a convolution share, and where scratch memory is: see FilterCut. The sums of a
// block are on the stack.
struct Conv : FilterCut {
  const ConvBytes a;
  ConvRows rows;

  explicit Conv(const ConvBytes& args)
      : FilterCut(args.size, args.flip != 0), a(args), rows(a, kLimits) {}

  int32_t* terms() const { return reinterpret_cast<int32_t*>(a.scratch); }
  int8_t* filters() const { return reinterpret_cast<int8_t*>(terms() + term_count()); }

  // Where filters are too large to be copied all at once.
  bool copies_some() const { return copies_filters && !copies_all; }

  // The filters of channels [c, c + n): of a whole group, or, if some are copied, of one panel.
  Panels panels_at(int32_t c, int32_t n) const {
    const int8_t* const from = a.weights + ptrdiff_t{c} * rows.depth;
    if (!copies_filters) return {from, rows.depth, n};
    const ptrdiff_t padded = rows.padded_depth();
    if (copies_all) return {filters() + c * padded, padded, n};
    copy_filters(from, n);
    return {filters(), padded, n};
  }

  void copy_filter(const int8_t* from, int8_t* to) const {
    ConvRows::copy(from, to, rows.depth, a.flip);
    std::memset(to + rows.depth, 0, static_cast<size_t>(rows.padded_depth() - rows.depth));
  }

  void copy_filters(const int8_t* from, int32_t n) const {
    int8_t* to = filters();
    for (; n > 0; --n, to += rows.padded_depth(), from += rows.depth) copy_filter(from, to);
  }

  // Where those of n channels from position m on go.
  Results results_at(int32_t m, int32_t c, int32_t n) const {
    auto* out = reinterpret_cast<uint8_t*>(rows.out(m)) + c;
    return {out, a.stride.out_pixel, n, vdupq_n_u8(a.flip)};
  }

  // Some positions: their windows, of which short_bytes are the bytes if there is code for such
  // windows, and what their sums add to results.
  struct Block {
    const int8_t* const* windows;
    const ConvSteps& steps;
    const int32_t* terms;
    int32_t from, count;
    int32_t short_bytes;
    int32_t* sums;  // of a group; read and written in whole tiles
  };

  // Calls f(m, count) for those positions whose results are out_pixel apart.
  template <class F>
  void for_each_line(const Block& b, const F& f) const {
    for (int32_t m = 0, some = 0; m < b.count; m += some) {
      some = rows.line(b.from + m, b.count - m);
      f(m, some);
    }
  }

  static const int32_t* terms_at(const Block& b, int32_t m) {
    return b.terms == nullptr ? nullptr : b.terms + m;
  }

  void run_short_group(RunShort tiles, int32_t c, const Block& b, const Channels& channels,
                       const RequantizeNeon& q) const {
    const Panels panels = panels_at(c, kGroup);
    const ShortPanel panel = {panels.filters, panels.pitch, channels, q};
    for_each_line(b, [&](int32_t m, int32_t some) {
      run_short_line(tiles, panel, b.windows + m, terms_at(b, m), some,
                     results_at(b.from + m, c, kGroup));
    });
  }

  void run_group(int32_t c, const Block& b, const RequantizeNeon& q) const {
    const int32_t left = a.size.out_c - c, n = left < kGroup ? left : kGroup;
    const Channels channels = load_channels(a.bias, a.requantize, c, n, q);
    const RunShort tiles =
        n == kGroup ? short_of(b.terms != nullptr, b.short_bytes, channels.scaling.form) : nullptr;
    if (tiles != nullptr) return run_short_group(tiles, c, b, channels, q);
    const auto sum_up = a.no_weight_is_min ? run_panels<true> : run_panels<false>;
    const int32_t at_once = copies_some() ? kPanel : kGroup;
    for (int32_t i = 0; i < n; i += at_once) {
      const int32_t some = n - i < at_once ? n - i : at_once;
      sum_up(b.windows, b.count, panels_at(c + i, some), b.steps, b.sums + i);
    }
    for_each_line(b, [&](int32_t m, int32_t some) {
      finish_group(b.sums + m * kGroup, terms_at(b, m), some, channels, q,
                   results_at(b.from + m, c, n));
    });
  }

  [[gnu::noinline]] void run() const {
    const RequantizeNeon q = load_requantize(flipped(a.requantize, a.flip));
    if (copies_all) copy_filters(a.weights, a.size.out_c);
    const bool may_be_short = a.no_weight_is_min && !copies_some();
    alignas(16) int32_t sums[(kBlock + kMany) * kGroup];
    rows.for_each_block(
        a.scratch + own_bytes().size(),
        [&](const int8_t* const* windows, const ConvSteps& steps, int32_t from, int32_t count) {
          const int32_t* found = window_terms(a, windows, steps, count, terms());
          const int32_t short_bytes = may_be_short ? rows.short_bytes(steps) : 0;
          const Block block = {windows, steps, found, from, count, short_bytes, sums};
          for (int32_t c = 0; c < a.size.out_c; c += kGroup) run_group(c, block, q);
        });
  }
};

}  // namespace

void conv_s8_neon(const ConvS8& a) { Conv(ConvBytes(a)).run(); }
void conv_u8_neon(const ConvU8& a) { Conv(ConvBytes(a)).run(); }

}  // namespace pipit
