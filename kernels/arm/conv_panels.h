// SPDX-License-Identifier: Apache-2.0
// Convolution of 8-bit numbers whose weights are turned, eight output channels at a time, into
// panels in the order in which instructions for dot products take them: then sums need no reduction
// at the end. That saves twelve instructions for sixteen results, and costs one to two percent of
// the work of MobileNet V2. A tile is eight positions by eight channels.
//
// uint8 numbers are int8 ones once their top bit is flipped, as they are read and written. Weights
// less their zero point are int8 in most panels; those of the others are less 128, and what lacks
// is added for each window: see window_terms().
//
// A panel, where u is the Engine's unit of bytes:
//
//   | head  | bytes 0 to u - 1 of c0, of c1, ... c7 | bytes u to 2u - 1 of c0, ... c7 | ...
//     uint8 only: are there terms?
//
// The Engine has the instructions:
//   kUnit                              bytes of depth in its shortest step
//   kHasShort                          whether tiles of short windows are worth code of their own
//   pack<kSubtracts>(filters, k, zero, to)
//                                      16 bytes of depth of eight channels, less `zero`, into 128
//   Tile<kM>                           the sums of kM positions:
//     start(panel)                     with the bias
//     add(panel, windows)              and all products; or,
//     add_short<kBytes>(...)           if windows are of so many bytes in one piece
//     get(sums)
#pragma once

#include "kernels/arm/conv_bytes.h"
#include "kernels/arm/conv_rows.h"
#include "kernels/arm/requantize_neon.h"
#include "kernels/arm/unroll.h"
#include "kernels/arm/wrapping_neon.h"

namespace pipit {
namespace {

constexpr int32_t kPanel = 8;  // output channels
constexpr int kTile = 8;       // positions
constexpr int kLeastTile = 4;  // a smaller one would wait for its sums
constexpr int kShortTile = 4;  // where windows are short
static_assert(kShortTile <= kLeastTile);

template <int kM>
using Sums = int32x4_t[kM][2];

// ---- panels

inline int8x16_t less(int8x16_t v, uint8_t zero) {
  return vreinterpretq_s8_u8(vsubq_u8(vreinterpretq_u8_s8(v), vdupq_n_u8(zero)));
}

// Channels that do not exist repeat the last one (their sums are not stored); depth is padded with
// numbers that meet zeros.
template <class Engine, bool kSubtracts>
[[gnu::noinline]] void pack_panel(const int8_t* weights, int32_t depth, int32_t channels,
                                  uint8_t zero, int8_t* to) {
  const int8_t* w[kPanel];
  for (int32_t c = 0; c < kPanel; ++c) {
    const ptrdiff_t filter = c < channels ? c : channels - 1;
    w[c] = weights + filter * depth;
  }
  int32_t k = 0;
  for (; k + 16 <= depth; k += 16, to += 16 * kPanel) {
    Engine::template pack<kSubtracts>(w, k, zero, to);
  }
  if (k == depth) return;
  int8_t last[kPanel][16] = {};
  const int8_t* ends[kPanel];
  for (int32_t c = 0; c < kPanel; ++c) {
    std::memcpy(last[c], w[c] + k, static_cast<size_t>(depth - k));
    ends[c] = last[c];
  }
  Engine::template pack<kSubtracts>(ends, 0, zero, to);
}

// The largest of n numbers or, as its distance from 255, the smallest.
template <bool kSmallest>
int32_t extreme(const uint8_t* at, ptrdiff_t n) {
  constexpr uint8_t kFlip = kSmallest ? UINT8_MAX : 0;
  const auto step = [](uint8x16_t so_far, uint8x16_t v) {
    return kSmallest ? vminq_u8(so_far, v) : vmaxq_u8(so_far, v);
  };
  uint8x16_t found[4];
  unroll<4>([&](auto i) PIPIT_INLINE { found[i] = vdupq_n_u8(kFlip); });
  ptrdiff_t k = 0;
  for (; k + 64 <= n; k += 64) {
    unroll<4>([&](auto i) PIPIT_INLINE { found[i] = step(found[i], vld1q_u8(at + k + 16 * i)); });
  }
  const uint8x16_t all = step(step(found[0], found[1]), step(found[2], found[3]));
  int32_t most = vmaxvq_u8(veorq_u8(all, vdupq_n_u8(kFlip)));
  for (; k < n; ++k) {
    asm("" : "+r"(k));  // few are left: no loop over vectors
    most = most > (at[k] ^ kFlip) ? most : (at[k] ^ kFlip);
  }
  return most;
}

// Whether n uint8 numbers are int8 ones less `zero`, which is near to one of the ends.
[[gnu::noinline]] bool fit_less(const int8_t* numbers, ptrdiff_t n, int32_t zero) {
  const auto* at = reinterpret_cast<const uint8_t*>(numbers);
  // Below 128 only the largest can be too large, as 0 - 127 fits; from there on only the smallest
  // too small, as 255 - 128 fits.
  if (zero < 128) return extreme<false>(at, n) - zero <= INT8_MAX;
  return UINT8_MAX - extreme<true>(at, n) - zero >= INT8_MIN;
}

// ---- tiles

// What the tiles of one panel share.
struct Panel {
  const int8_t* weights;
  const int32_t* bias;  // of kPanel channels
  Scaling scaling;
  int32_t channels;   // that exist
  int32_t positions;  // of a tile that exist, with Form::kAny
  ConvSteps steps;
  int32_t bytes;  // see Block
  RequantizeNeon q;
  uint8x16_t flip;  // of the results' top bits, or zeros
};

struct Results {
  uint8_t* at;
  ptrdiff_t step;
};

// The results of a tile, two positions in each. They are stored when all are there: the compiler
// does not know that stores leave the panel as it is.
template <Form kForm, int kM>
PIPIT_INLINE inline void requantize_tile(const Panel& p, const Sums<kM>& sum,
                                         uint8x16_t (&to)[(kM + 1) / 2]) {
  constexpr int kEven = (kM + 1) / 2 * 2;
  int32x4_t y[kEven][2];
  unroll<2 * kEven>(
      [&](auto i) PIPIT_INLINE { y[i / 2][i % 2] = sum[i / 2 < kM ? i / 2 : kM - 1][i % 2]; });
  int8x16_t v[kEven / 2];
  requantize_all<kForm>(p.scaling, p.q, y, v);
  unroll<kEven / 2>(
      [&](auto pair) PIPIT_INLINE { to[pair] = veorq_u8(vreinterpretq_u8_s8(v[pair]), p.flip); });
}

template <Form kForm, int kM>
PIPIT_INLINE inline void finish(const Panel& p, const Sums<kM>& sum, Results& out) {
  uint8x16_t v[(kM + 1) / 2];
  requantize_tile<kForm>(p, sum, v);
  unroll<kM>([&](auto m) PIPIT_INLINE {
    if constexpr (m % 2 == 0) {
      vst1_u8(out.at, vget_low_u8(v[m / 2]));
    } else {
      store_high(out.at, v[m / 2]);
    }
    out.at += out.step;
  });
}

// Any number of positions and channels, any shifts.
[[gnu::noinline]] void finish_any(const Panel& p, const Sums<kTile>& sum, Results& out) {
  uint8x16_t v[kTile / 2];
  requantize_tile<Form::kAny>(p, sum, v);
  uint8_t results[kTile * kPanel];
  unroll<kTile / 2>([&](auto pair) PIPIT_INLINE { vst1q_u8(results + 16 * pair, v[pair]); });
  for (int32_t m = 0; m < p.positions; ++m, out.at += out.step) {
    store_some(out.at, results + m * kPanel, p.channels);
  }
}

template <int kM>
PIPIT_INLINE inline void add_terms(const int32_t* terms, Sums<kM>& sum) {
  unroll<kM>([&](auto m) PIPIT_INLINE {
    const int32x4_t term = vld1q_dup_s32(terms + m);
    sum[m][0] = wrapping_add(sum[m][0], term);
    sum[m][1] = wrapping_add(sum[m][1], term);
  });
}

// The same for one form, or for one of several.
template <Form kFirst, Form... kOthers, int kM>
PIPIT_INLINE inline void finish_as(const Panel& p, const Sums<kM>& sum, Results& out) {
  if constexpr (sizeof...(kOthers) != 0) {
    if (p.scaling.form != kFirst) return finish_as<kOthers...>(p, sum, out);
  }
  if constexpr (kFirst == Form::kAny) return finish_any(p, sum, out);
  finish<kFirst>(p, sum, out);
}

// Tiles of all channels of the panel, if its form is one of kForms. `terms` are added to the sums
// of positions, if there are any. The next tile starts while this one is finished.
template <class Engine, int kM, Form... kForms>
[[gnu::noinline]] void run_tiles(const Panel& p, const int8_t* const* windows, const int32_t* terms,
                                 int32_t count, Results out) {
  typename Engine::template Tile<kM> tile;
  tile.start(p);
  for (; count > 0; --count, windows += kM) {
    tile.add(p, windows);
    Sums<kM> sum;
    tile.get(sum);
    if (terms != nullptr) {
      add_terms(terms, sum);
      terms += kM;
    }
    finish_as<kForms...>(p, sum, out);
    tile.start(p);
  }
}

// Tiles of windows of kBytes. No branch between the first product and the last result. They are
// small, so that a core sees the products of one and the results of another at the same time.
template <class Engine, Form kForm, int32_t kBytes>
[[gnu::noinline]] void run_short(const Panel& p, const int8_t* const* windows, const int32_t*,
                                 int32_t count, Results out) {
  for (; count > 0; --count, windows += kShortTile) {
    typename Engine::template Tile<kShortTile> tile;
    tile.start(p);
    tile.template add_short<kBytes>(p, windows);
    Sums<kShortTile> sum;
    tile.get(sum);
    finish<kForm>(p, sum, out);
  }
}

using RunTiles = void (*)(const Panel&, const int8_t* const*, const int32_t*, int32_t, Results);

// Tiles of so many positions.
template <class Engine, Form kForm>
RunTiles tiles_with(int32_t positions) {
  static constexpr RunTiles kRuns[] = {run_tiles<Engine, 4, Form::kRelu, Form::kRight, Form::kFar>,
                                       run_tiles<Engine, 5, Form::kRelu, Form::kRight, Form::kFar>,
                                       run_tiles<Engine, 6, Form::kRelu, Form::kRight, Form::kFar>,
                                       run_tiles<Engine, 7, kForm>, run_tiles<Engine, 8, kForm>};
  static_assert(sizeof(kRuns) / sizeof(*kRuns) == kTile - kLeastTile + 1);
  return kRuns[positions - kLeastTile];
}

template <class Engine>
RunTiles tiles_of(Form form, int32_t positions) {
  return form == Form::kRelu    ? tiles_with<Engine, Form::kRelu>(positions)
         : form == Form::kRight ? tiles_with<Engine, Form::kRight>(positions)
                                : tiles_with<Engine, Form::kFar>(positions);
}

template <class Engine, Form kForm>
RunTiles short_with(int32_t bytes) {
  static constexpr RunTiles kRuns[] = {nullptr, run_short<Engine, kForm, 8>,
                                       run_short<Engine, kForm, 16>, run_short<Engine, kForm, 24>,
                                       run_short<Engine, kForm, 32>};
  static_assert(sizeof(kRuns) / sizeof(*kRuns) == kLongestShort / 8 + 1);
  return kRuns[bytes / 8];
}

// Whole tiles of short windows, or nullptr.
template <class Engine>
RunTiles short_of(const Panel& p) {
  if constexpr (Engine::kHasShort) {
    if (p.scaling.form == Form::kRelu) return short_with<Engine, Form::kRelu>(p.bytes);
    if (p.scaling.form == Form::kRight) return short_with<Engine, Form::kRight>(p.bytes);
  }
  return nullptr;
}

// Some positions of a panel.
struct PanelPart {
  const int8_t* const* windows;
  const int32_t* terms;  // or nullptr
  int32_t count;
  Results out;

  void run(RunTiles tiles, const Panel& p, int32_t first, int32_t n) const {
    tiles(p, windows + first, terms == nullptr ? nullptr : terms + first, n,
          {out.at + first * out.step, out.step});
  }
};

// Any number of positions and channels, any shifts. There are windows for whole tiles, but no
// terms.
template <class Engine>
void run_any(const Panel& panel, const PanelPart& part) {
  Panel p = panel;
  p.scaling.form = Form::kAny;
  p.positions = kTile;
  const int32_t whole = part.count / kTile, first = whole * kTile, left = part.count - first;
  part.run(run_tiles<Engine, kTile, Form::kAny>, p, 0, whole);
  if (left == 0) return;
  p.positions = left;
  int32_t some[kTile] = {};
  if (part.terms == nullptr) return part.run(run_tiles<Engine, kTile, Form::kAny>, p, first, 1);
  std::memcpy(some, part.terms + first, static_cast<size_t>(left) * sizeof(int32_t));
  run_tiles<Engine, kTile, Form::kAny>(p, part.windows + first, some, 1,
                                       {part.out.at + first * part.out.step, part.out.step});
}

// As few tiles as there can be, of nearly equal sizes: 19 positions are 7, 6 and 6, and 9 are 5 and
// 4, so that none has less than kLeastTile. Where windows are short that matters less, and the last
// tile overlaps.
template <class Engine>
void run_positions(const Panel& p, const PanelPart& part) {
  const int32_t count = part.count;
  if (p.scaling.form == Form::kAny) return run_any<Engine>(p, part);
  if (count < kLeastTile) {
    return part.run(run_tiles<Engine, 1, Form::kRelu, Form::kRight, Form::kFar>, p, 0, count);
  }
  const RunTiles short_tiles = part.terms == nullptr ? short_of<Engine>(p) : nullptr;
  if (short_tiles != nullptr) {
    part.run(short_tiles, p, 0, count / kShortTile);
    if (count % kShortTile != 0) part.run(short_tiles, p, count - kShortTile, 1);
    return;
  }
  const int32_t tiles = (count + kTile - 1) / kTile, size = count / tiles;
  const int32_t larger = count - size * tiles;
  if (larger != 0) part.run(tiles_of<Engine>(p.scaling.form, size + 1), p, 0, larger);
  part.run(tiles_of<Engine>(p.scaling.form, size), p, larger * (size + 1), tiles - larger);
}

// ---- the whole

// How a convolution is cut, and where scratch memory is.
template <class Engine>
struct PanelConv {
  using Cut = PanelCut<ConvBytes, Engine::kUnit>;
  static_assert(Cut::kPanel == kPanel && Cut::kTile == kTile);

  const ConvBytes a;
  int32_t panels;
  ptrdiff_t panel_bytes;
  bool pack_all;
  ConvRows rows;

  explicit PanelConv(const ConvBytes& args) : a(args), rows(a, Cut::limits(a)) {
    panels = Cut::panels_of(a);
    panel_bytes = static_cast<ptrdiff_t>(Cut::panel_bytes_of(a).size());
    pack_all = Cut::packs_all(a);
  }

  void arrange(uint8_t* to) const {
    for (int32_t p = 0; p < panels; ++p) {
      pack(p, reinterpret_cast<int8_t*>(to) + p * panel_bytes);
    }
  }
  // Scratch memory: see PanelCut.
  int8_t* packed(int32_t p) const { return reinterpret_cast<int8_t*>(a.scratch) + p * panel_bytes; }
  const int8_t* weights_of(int32_t p) const {
    if (a.arranged == nullptr) return packed(pack_all ? p : 0);
    return reinterpret_cast<const int8_t*>(a.arranged) + p * panel_bytes;
  }

  // In front of uint8 weights: whether there are terms for windows. Weights less 128 always fit.
  void pack(int32_t panel, int8_t* to) const {
    const int32_t c = panel * kPanel, exist = channels_of(panel);
    const int8_t* const w = a.weights + static_cast<ptrdiff_t>(c) * rows.depth;
    if (a.flip == 0) return pack_panel<Engine, false>(w, rows.depth, exist, 0, to);
    const bool fit = fit_less(w, ptrdiff_t{exist} * rows.depth, a.weights_zero_point);
    to[0] = fit ? 0 : 1;
    const auto zero = static_cast<uint8_t>(fit ? a.weights_zero_point : 128);
    pack_panel<Engine, true>(w, rows.depth, exist, zero, to + Cut::kHead);
  }
  int32_t channels_of(int32_t panel) const {
    const int32_t left = a.size.out_c - panel * kPanel;
    return left < kPanel ? left : kPanel;
  }

  // Positions [from, from + count), whose terms are found when the first panel needs them.
  struct Block {
    const int8_t* const* windows;
    const ConvSteps& steps;
    int32_t bytes;  // see ConvRows::short_bytes
    int32_t from, count;
    int32_t* terms;
    bool found;
  };

  void run_panel(int32_t panel, const RequantizeNeon& q, Block& block) const {
    const int32_t c = panel * kPanel, exist = channels_of(panel);
    const Requantize& r = a.requantize;
    // All windows of the block meet this panel before the next one takes its place.
    if (!pack_all) pack(panel, packed(0));
    const int8_t* const weights = weights_of(panel);
    Panel p;
    p.weights = weights + (a.flip == 0 ? 0 : Cut::kHead);
    p.bias = a.bias + c;
    p.scaling = load_scaling(r.multiplier + c, r.shift + c, exist, q);
    p.channels = exist;
    p.positions = kTile;
    p.steps = block.steps;
    p.bytes = block.bytes;
    p.q = q;
    p.flip = vdupq_n_u8(a.flip);
    int32_t last[kPanel] = {};
    if (exist < kPanel) {
      std::memcpy(last, p.bias, static_cast<size_t>(exist) * sizeof(int32_t));
      p.bias = last;
    }
    const int32_t* const terms = a.flip != 0 && weights[0] != 0 ? terms_of(block) : nullptr;
    for (int32_t m = 0, some = 0; m < block.count; m += some) {
      some = rows.line(block.from + m, block.count - m);
      run_positions<Engine>(
          p, {block.windows + m,
              terms == nullptr ? nullptr : terms + m,
              some,
              {reinterpret_cast<uint8_t*>(rows.out(block.from + m)) + c, a.stride.out_pixel}});
    }
  }

  const int32_t* terms_of(Block& block) const {
    if (!block.found) window_terms(a, block.windows, block.steps, block.count, block.terms);
    block.found = true;
    return block.terms;
  }

  [[gnu::noinline]] void run() const {
    const RequantizeNeon q = load_requantize(flipped(a.requantize, a.flip));
    if (pack_all && a.arranged == nullptr) arrange(a.scratch);
    const ByteCount packs = Cut::pack_bytes(a);
    auto* const terms = reinterpret_cast<int32_t*>(a.scratch + packs.size());
    rows.for_each_block(
        a.scratch + (packs + Cut::term_bytes(a)).size(),
        [&](const int8_t* const* windows, const ConvSteps& steps, int32_t from, int32_t count) {
          Block block = {windows, steps, rows.short_bytes(steps), from, count, terms, false};
          for (int32_t p = 0; p < panels; ++p) run_panel(p, q, block);
        });
  }
};

}  // namespace
}  // namespace pipit
