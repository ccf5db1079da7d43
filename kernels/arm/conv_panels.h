// SPDX-License-Identifier: Apache-2.0
// Convolution of 8-bit numbers whose weights are turned, eight output channels at a time, into
// panels in the order in which instructions for dot products take them: then sums need no reduction
// at the end. That saves twelve instructions for sixteen results, and costs one to two percent of
// the work of MobileNet V2. A tile is eight positions by eight channels.
//
// The Engine has the instructions:
//   kUnit                              bytes of depth in its shortest step
//   kHasShort                          whether tiles of short windows are worth code of their own
//   pack<kFlips>(filters, k, to)       16 bytes of depth of eight channels into 128
//   sum<kTerms, kBytes>(panel, windows, terms, sums)
//                                      the sums of a tile, with bias and terms; of windows of
//                                      kBytes in one piece, or, if that is 0, of any
#pragma once

#include "kernels/arm/conv_rows.h"
#include "kernels/arm/requantize_neon.h"
#include "kernels/arm/unroll.h"

namespace pipit {
namespace {

constexpr int32_t kPanel = 8;  // output channels
constexpr int kTile = 8;       // positions

template <int kM>
using Sums = int32x4_t[kM][2];

// Channels that do not exist repeat the last one (their sums are not stored); depth is padded with
// numbers that meet zeros.
template <class Engine, class Element>
void pack_panel(const Element* weights, int32_t depth, int32_t channels, int8_t* to) {
  constexpr bool kFlips = std::is_same_v<Element, uint8_t>;
  const int8_t* w[kPanel];
  for (int32_t c = 0; c < kPanel; ++c) {
    const ptrdiff_t filter = c < channels ? c : channels - 1;
    w[c] = reinterpret_cast<const int8_t*>(weights) + filter * depth;
  }
  int32_t k = 0;
  for (; k + 16 <= depth; k += 16, to += 16 * kPanel) Engine::template pack<kFlips>(w, k, to);
  if (k == depth) return;
  int8_t last[kPanel][16] = {};
  const int8_t* ends[kPanel];
  for (int32_t c = 0; c < kPanel; ++c) {
    std::memcpy(last[c], w[c] + k, static_cast<size_t>(depth - k));
    ends[c] = last[c];
  }
  Engine::template pack<kFlips>(ends, 0, to);
}

// ---- tiles

// What the tiles of one panel share.
struct Panel {
  const int8_t* weights;
  const int32_t* bias;  // of kPanel channels
  Scaling scaling;
  int32_t channels;  // that exist
  ConvSteps steps;
  int32_t bytes;  // see ConvRows::short_bytes
  RequantizeNeon q;
};

struct Results {
  uint8_t* at;
  ptrdiff_t step;
};

// Sixteen results from the sums of two positions.
template <Form kForm, bool kFlips>
PIPIT_INLINE inline uint8x16_t finish(const Panel& p, const int32x4_t (&a)[2],
                                      const int32x4_t (&b)[2]) {
  int32x4_t sums[2][2] = {{a[0], a[1]}, {b[0], b[1]}};
  int8x16_t v[1];
  requantize_all<kForm>(p.scaling, p.q, sums, v);
  const uint8x16_t result = vreinterpretq_u8_s8(v[0]);
  return kFlips ? veorq_u8(result, vdupq_n_u8(0x80)) : result;
}

// Tiles of all channels of the panel. No branch between the last product and the last result, and
// where kBytes are given none before.
template <class Engine, int kM, bool kFlips, Form kForm, int32_t kBytes = 0>
[[gnu::noinline]] void run_tiles(const Panel& panel, const int8_t* const* windows,
                                 const int32_t* terms, int32_t count, Results out) {
  const Panel p = panel;
  for (; count > 0; --count, windows += kM) {
    Sums<kM> sum;
    Engine::template sum<kFlips, kBytes>(p, windows, terms, sum);
    if (kFlips) terms += kM;
    unroll<(kM + 1) / 2>([&](auto pair) PIPIT_INLINE {
      constexpr int m = 2 * decltype(pair)();
      constexpr int next = m + 1 < kM ? m + 1 : m;
      const uint8x16_t v = finish<kForm, kFlips>(p, sum[m], sum[next]);
      vst1_u8(out.at, vget_low_u8(v));
      if constexpr (next != m) {
        out.at += out.step;
        store_high(out.at, v);
      }
      out.at += out.step;
    });
  }
}

// Any number of positions and channels, any shifts.
template <class Engine, bool kFlips>
[[gnu::noinline]] void run_any_tiles(const Panel& p, const int8_t* const* windows,
                                     const int32_t* terms, int32_t count, Results out) {
  for (; count > 0; count -= kTile, windows += kTile) {
    const int32_t exist = count < kTile ? count : kTile;
    int32_t some[kTile] = {};
    if (kFlips) std::memcpy(some, terms, static_cast<size_t>(exist) * sizeof(int32_t));
    if (kFlips) terms += exist;
    Sums<kTile> sum;
    Engine::template sum<kFlips, 0>(p, windows, some, sum);
    uint8_t results[kTile * kPanel];
    unroll<kTile / 2>([&](auto pair) PIPIT_INLINE {
      constexpr int m = 2 * decltype(pair)();
      vst1q_u8(results + m * kPanel, finish<Form::kAny, kFlips>(p, sum[m], sum[m + 1]));
    });
    for (int32_t m = 0; m < exist; ++m, out.at += out.step) {
      store_some(out.at, results + m * kPanel, p.channels);
    }
  }
}

using RunTiles = void (*)(const Panel&, const int8_t* const*, const int32_t*, int32_t, Results);

// Tiles of so many positions.
template <class Engine, bool kFlips, Form kForm>
RunTiles tiles_of(int32_t positions) {
  static constexpr RunTiles kRuns[] = {
      run_tiles<Engine, 1, kFlips, kForm>, run_tiles<Engine, 2, kFlips, kForm>,
      run_tiles<Engine, 3, kFlips, kForm>, run_tiles<Engine, 4, kFlips, kForm>,
      run_tiles<Engine, 5, kFlips, kForm>, run_tiles<Engine, 6, kFlips, kForm>,
      run_tiles<Engine, 7, kFlips, kForm>, run_tiles<Engine, 8, kFlips, kForm>};
  static_assert(sizeof(kRuns) / sizeof(*kRuns) == kTile);
  return kRuns[positions - 1];
}

// Whole tiles of windows of so many bytes, or nullptr.
template <class Engine, bool kFlips, Form kForm>
RunTiles short_of(int32_t bytes) {
  if constexpr (Engine::kHasShort) {
    static constexpr RunTiles kRuns[] = {nullptr, run_tiles<Engine, kTile, kFlips, kForm, 8>,
                                         run_tiles<Engine, kTile, kFlips, kForm, 16>,
                                         run_tiles<Engine, kTile, kFlips, kForm, 24>,
                                         run_tiles<Engine, kTile, kFlips, kForm, 32>};
    static_assert(sizeof(kRuns) / sizeof(*kRuns) == kLongestShort / 8 + 1);
    return kRuns[bytes / 8];
  }
  return nullptr;
}

// As few tiles as there can be, of nearly equal sizes: a small one would wait for its sums. Where
// windows are short that matters less, and the last tile overlaps.
template <class Engine, bool kFlips>
void run_positions(const Panel& p, const int8_t* const* windows, const int32_t* terms,
                   int32_t count, const Results& out) {
  const auto behind = [&](int32_t n) { return Results{out.at + n * out.step, out.step}; };
  if (p.scaling.form == Form::kAny) {
    const int32_t whole = p.channels < kPanel ? 0 : count / kTile, n = whole * kTile;
    run_tiles<Engine, kTile, kFlips, Form::kAny>(p, windows, terms, whole, out);
    return run_any_tiles<Engine, kFlips>(p, windows + n, terms + (kFlips ? n : 0), count - n,
                                         behind(n));
  }
  const Form form = p.scaling.form;
  const RunTiles run_short = form == Form::kRelu ? short_of<Engine, kFlips, Form::kRelu>(p.bytes)
                             : form == Form::kRight
                                 ? short_of<Engine, kFlips, Form::kRight>(p.bytes)
                                 : nullptr;
  if (run_short != nullptr && count >= kTile) {
    run_short(p, windows, terms, count / kTile, out);
    const int32_t n = count - kTile;
    if (count % kTile != 0) run_short(p, windows + n, terms + (kFlips ? n : 0), 1, behind(n));
    return;
  }
  const auto tiles_with = form == Form::kRelu    ? tiles_of<Engine, kFlips, Form::kRelu>
                          : form == Form::kRight ? tiles_of<Engine, kFlips, Form::kRight>
                                                 : tiles_of<Engine, kFlips, Form::kFar>;
  const int32_t tiles = (count + kTile - 1) / kTile, size = count / tiles;
  const int32_t larger = count - size * tiles, n = larger * (size + 1);
  if (larger != 0) tiles_with(size + 1)(p, windows, terms, larger, out);
  tiles_with(size)(p, windows + n, terms + (kFlips ? n : 0), tiles - larger, behind(n));
}

// ---- the whole

// How a convolution is cut, and where scratch memory is.
template <class Args, class Engine>
struct PanelConv {
  using Cut = PanelCut<Args, Engine::kUnit>;
  static_assert(Cut::kPanel == kPanel && Cut::kTile == kTile);

  const Args& a;
  int32_t panels;
  ptrdiff_t panel_bytes;
  bool pack_all;
  ConvRows<Args> rows;

  explicit PanelConv(const Args& args) : a(args), rows(args, Cut::limits(args)) {
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
  ByteCount pack_bytes() const { return Cut::pack_bytes(a); }

  void pack(int32_t panel, int8_t* to) const {
    const int32_t c = panel * kPanel;
    const int32_t left = a.size.out_c - c;
    pack_panel<Engine>(a.weights + static_cast<ptrdiff_t>(c) * rows.depth, rows.depth,
                       left < kPanel ? left : kPanel, to);
  }

  void run_panel(int32_t panel, const RequantizeNeon& q, const ConvSteps& steps,
                 const int8_t* const* windows, const int32_t* terms, int32_t from,
                 int32_t count) const {
    const int32_t c = panel * kPanel;
    const int32_t left = a.size.out_c - c, exist = left < kPanel ? left : kPanel;
    const Requantize& r = a.requantize;
    if (!pack_all) pack(panel, packed(0));
    Panel p = {weights_of(panel),
               a.bias + c,
               load_scaling(r.multiplier + c, r.shift + c, exist, q),
               exist,
               steps,
               rows.short_bytes(steps),
               q};
    int32_t last[kPanel] = {};
    if (left < kPanel) {
      std::memcpy(last, p.bias, static_cast<size_t>(left) * sizeof(int32_t));
      p.bias = last;
    }
    constexpr bool kFlips = ConvRows<Args>::kFlips;
    for (int32_t m = 0, some = 0; m < count; m += some) {
      some = rows.line(from + m, count - m);
      run_positions<Engine, kFlips>(
          p, windows + m, terms + (kFlips ? m : 0), some,
          {reinterpret_cast<uint8_t*>(rows.out(from + m)) + c, a.stride.out_pixel});
    }
  }

  void run() const {
    const RequantizeNeon q = load_requantize(int8_results(a));
    if (pack_all && a.arranged == nullptr) arrange(a.scratch);
    auto* terms = reinterpret_cast<int32_t*>(a.scratch + pack_bytes().size());
    rows.for_each_block(
        a.scratch + (pack_bytes() + Cut::kTermBytes).size(),
        [&](const int8_t* const* windows, const ConvSteps& steps, int32_t from, int32_t count) {
          const int32_t* found = window_terms(a, windows, steps, count, terms);
          for (int32_t p = 0; p < panels; ++p) {
            run_panel(p, q, steps, windows, found, from, count);
          }
        });
  }
};

}  // namespace
}  // namespace pipit
