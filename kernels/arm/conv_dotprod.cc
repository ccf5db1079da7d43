// SPDX-License-Identifier: Apache-2.0
// Built with -march=armv8.2-a+dotprod. Call only when kCpuDotprod is set.
//
// Convolution of 8-bit numbers. Weights of eight output channels are turned into a panel
// [depth / 4][8][4] in scratch, so that one SDOT by lane adds four products to each of four
// channels, and sums need no reduction at the end: that saves 12 instructions for 16 results, and
// costs one percent of the work of MobileNet V2. A tile is eight positions by eight channels: per
// 16 bytes of depth, 16 loads for 64 SDOT (1,024 multiply-adds; the ceiling of two SDOT a cycle is
// 32 multiply-adds).
#include "kernels/arm/conv_rows.h"
#include "kernels/arm/requantize_neon.h"
#include "kernels/arm/unroll.h"
#include "kernels/conv_s8.h"
#include "kernels/conv_u8.h"

#define PIPIT_INLINE [[gnu::always_inline]]

namespace pipit {
namespace {

constexpr int32_t kUnit = 4;                // bytes of depth that one SDOT lane takes
constexpr int32_t kPanel = 8;               // output channels
constexpr int kTile = 8;                    // positions
constexpr int32_t kPackAll = 64 << 10;      // all panels at once when they fit into this
constexpr int32_t kSmallBlock = 16 << 10;   // bytes of windows over which all panels pass in turn
constexpr int32_t kLargeBlock = 512 << 10;  // the same where each pass packs the panels again
constexpr int32_t kMost = 512;              // positions of a block

// Sixteen bytes of depth of eight channels.
template <bool kFlips>
void pack_step(const int8_t* const w[kPanel], int32_t k, int8_t* to) {
  const int8x16_t flip = vdupq_n_s8(kFlips ? INT8_MIN : 0);
  const auto load = [&](const int8_t* from) {
    return vreinterpretq_s32_s8(veorq_s8(vld1q_s8(from + k), flip));
  };
  for (int half = 0; half < 2; ++half) {
    const int8_t* const* v = w + 4 * half;
    const int32x4_t r0 = load(v[0]);
    const int32x4_t r1 = load(v[1]);
    const int32x4_t r2 = load(v[2]);
    const int32x4_t r3 = load(v[3]);
    const int64x2_t a0 = vreinterpretq_s64_s32(vtrn1q_s32(r0, r1));
    const int64x2_t a1 = vreinterpretq_s64_s32(vtrn2q_s32(r0, r1));
    const int64x2_t b0 = vreinterpretq_s64_s32(vtrn1q_s32(r2, r3));
    const int64x2_t b1 = vreinterpretq_s64_s32(vtrn2q_s32(r2, r3));
    int8_t* t = to + 16 * half;
    vst1q_s8(t, vreinterpretq_s8_s64(vtrn1q_s64(a0, b0)));
    vst1q_s8(t + 32, vreinterpretq_s8_s64(vtrn1q_s64(a1, b1)));
    vst1q_s8(t + 64, vreinterpretq_s8_s64(vtrn2q_s64(a0, b0)));
    vst1q_s8(t + 96, vreinterpretq_s8_s64(vtrn2q_s64(a1, b1)));
  }
}

// Channels that do not exist repeat the last one (their sums are not stored); depth is padded with
// numbers that meet zeros.
template <class Element>
void pack_panel(const Element* weights, int32_t depth, int32_t channels, int8_t* to) {
  constexpr bool kFlips = std::is_same_v<Element, uint8_t>;
  const int8_t* w[kPanel];
  for (int32_t c = 0; c < kPanel; ++c) {
    const ptrdiff_t filter = c < channels ? c : channels - 1;
    w[c] = reinterpret_cast<const int8_t*>(weights) + filter * depth;
  }
  int32_t k = 0;
  for (; k + 16 <= depth; k += 16, to += 16 * kPanel) pack_step<kFlips>(w, k, to);
  if (k == depth) return;
  int8_t last[kPanel][16] = {};
  const int8_t* ends[kPanel];
  for (int32_t c = 0; c < kPanel; ++c) {
    std::memcpy(last[c], w[c] + k, static_cast<size_t>(depth - k));
    ends[c] = last[c];
  }
  pack_step<kFlips>(ends, 0, to);
}

// ---- tiles

template <int kM>
using Sums = int32x4_t[kM][2];

// kUnit bytes of depth, as lane kLane of each x.
template <int kLane, int kM>
PIPIT_INLINE inline void dot_unit(Sums<kM>& sum, const int8x16_t (&x)[kM], const int8_t* w) {
  const int8x16_t w0 = vld1q_s8(w + kLane * 32), w1 = vld1q_s8(w + kLane * 32 + 16);
  unroll<kM>([&](auto m) PIPIT_INLINE {
    sum[m][0] = vdotq_laneq_s32(sum[m][0], w0, x[m], kLane);
    sum[m][1] = vdotq_laneq_s32(sum[m][1], w1, x[m], kLane);
  });
}

template <int kM>
PIPIT_INLINE inline void dot_tile(Sums<kM>& sum, const int8_t* const* windows,
                                  const int8_t* weights, const ConvSteps& steps) {
  const int8_t* at[kM];
  unroll<kM>([&](auto m) PIPIT_INLINE { at[m] = windows[m]; });
  int8x16_t x[kM];
  const ConvStep* s = steps.at;
  for (int32_t i = steps.sixteens; i > 0; --i, ++s) {
    unroll<kM>([&](auto m) PIPIT_INLINE { x[m] = vld1q_s8(at[m] + s->x); });
    const int8_t* w = weights + s->w;
    dot_unit<0>(sum, x, w);
    dot_unit<1>(sum, x, w);
    dot_unit<2>(sum, x, w);
    dot_unit<3>(sum, x, w);
  }
  for (int32_t i = steps.eights; i > 0; --i, ++s) {
    unroll<kM>([&](auto m)
                   PIPIT_INLINE { x[m] = vcombine_s8(vld1_s8(at[m] + s->x), vdup_n_s8(0)); });
    const int8_t* w = weights + s->w;
    dot_unit<0>(sum, x, w);
    dot_unit<1>(sum, x, w);
  }
  for (int32_t i = steps.fours; i > 0; --i, ++s) {
    unroll<kM>([&](auto m) PIPIT_INLINE {
      int32_t unit;
      std::memcpy(&unit, at[m] + s->x, sizeof(unit));
      x[m] = vreinterpretq_s8_s32(int32x4_t{unit, 0, 0, 0});
    });
    dot_unit<0>(sum, x, weights + s->w);
  }
}

// The results of one position.
PIPIT_INLINE inline void put_group(const uint8_t* from, int32_t channels, uint8_t* to) {
  if (channels == kPanel) return vst1_u8(to, vld1_u8(from));
  std::memcpy(to, from, static_cast<size_t>(channels));
}

// What the tiles of one panel share.
struct Panel {
  const int8_t* weights;
  const int32_t* bias;  // of kPanel channels, as the next two
  const int32_t* multiplier;
  const int32_t* shift;
  int32_t channels;  // that exist
  ConvSteps steps;
  RequantizeNeon q;
  bool right;  // all shifts, see all_right()
};

struct Results {
  uint8_t* at;
  ptrdiff_t step;
};

// Sums start from the bias. The compiler is kept from loading it once and copying: copies would
// take the place of SDOT, loads do not.
template <bool kTerms, int kM>
PIPIT_INLINE inline void start(Sums<kM>& sum, const int32_t* bias, const int32_t* terms) {
  unroll<kM>([&](auto m) PIPIT_INLINE {
    asm("" : "+r"(bias));
    sum[m][0] = vld1q_s32(bias);
    sum[m][1] = vld1q_s32(bias + 4);
    if constexpr (kTerms) {
      const int32x4_t term = vld1q_dup_s32(terms + m);
      sum[m][0] = vaddq_s32(sum[m][0], term);
      sum[m][1] = vaddq_s32(sum[m][1], term);
    }
  });
}

// Sixteen results from the sums of two positions.
template <bool kRight, bool kFlips>
PIPIT_INLINE inline uint8x16_t finish(const Panel& p, const int32x4_t (&a)[2],
                                      const int32x4_t (&b)[2]) {
  const int32x4_t multiplier[2] = {vld1q_s32(p.multiplier), vld1q_s32(p.multiplier + 4)};
  const int32x4_t shift[2] = {vld1q_s32(p.shift), vld1q_s32(p.shift + 4)};
  const int8x16_t v = narrow(p.q, scale<kRight>(a[0], multiplier[0], shift[0]),
                             scale<kRight>(a[1], multiplier[1], shift[1]),
                             scale<kRight>(b[0], multiplier[0], shift[0]),
                             scale<kRight>(b[1], multiplier[1], shift[1]));
  return kFlips ? veorq_u8(vreinterpretq_u8_s8(v), vdupq_n_u8(0x80)) : vreinterpretq_u8_s8(v);
}

// Tiles of all channels of the panel. No branch between the last product and the last result.
template <int kM, bool kFlips, bool kRight>
[[gnu::noinline]] void run_tiles(const Panel& panel, const int8_t* const* windows,
                                 const int32_t* terms, int32_t count, Results out) {
  const Panel p = panel;
  for (; count > 0; --count, windows += kM) {
    Sums<kM> sum;
    start<kFlips>(sum, p.bias, terms);
    if (kFlips) terms += kM;
    dot_tile(sum, windows, p.weights, p.steps);
    unroll<(kM + 1) / 2>([&](auto pair) PIPIT_INLINE {
      constexpr int m = 2 * decltype(pair)();
      constexpr int next = m + 1 < kM ? m + 1 : m;
      const uint8x16_t v = finish<kRight, kFlips>(p, sum[m], sum[next]);
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
template <bool kFlips>
[[gnu::noinline]] void run_any_tiles(const Panel& p, const int8_t* const* windows,
                                     const int32_t* terms, int32_t count, Results out) {
  for (; count > 0; count -= kTile, windows += kTile) {
    const int32_t exist = count < kTile ? count : kTile;
    int32_t some[kTile] = {};
    if (kFlips) std::memcpy(some, terms, static_cast<size_t>(exist) * sizeof(int32_t));
    if (kFlips) terms += exist;
    Sums<kTile> sum;
    start<kFlips>(sum, p.bias, some);
    dot_tile(sum, windows, p.weights, p.steps);
    uint8_t results[kTile * kPanel];
    unroll<kTile / 2>([&](auto pair) PIPIT_INLINE {
      constexpr int m = 2 * decltype(pair)();
      vst1q_u8(results + m * kPanel, finish<false, kFlips>(p, sum[m], sum[m + 1]));
    });
    for (int32_t m = 0; m < exist; ++m, out.at += out.step) {
      put_group(results + m * kPanel, p.channels, out.at);
    }
  }
}

// As few tiles as there can be, of nearly equal sizes: a small one would wait for its sums.
template <bool kFlips>
void run_positions(const Panel& p, const int8_t* const* windows, const int32_t* terms,
                   int32_t count, const Results& out) {
  const auto behind = [&](int32_t n) { return Results{out.at + n * out.step, out.step}; };
  if (!p.right) {
    const int32_t whole = p.channels < kPanel ? 0 : count / kTile, n = whole * kTile;
    run_tiles<kTile, kFlips, false>(p, windows, terms, whole, out);
    return run_any_tiles<kFlips>(p, windows + n, terms + (kFlips ? n : 0), count - n, behind(n));
  }
  using Run = void (*)(const Panel&, const int8_t* const*, const int32_t*, int32_t, Results);
  static constexpr Run kRuns[] = {run_tiles<1, kFlips, true>, run_tiles<2, kFlips, true>,
                                  run_tiles<3, kFlips, true>, run_tiles<4, kFlips, true>,
                                  run_tiles<5, kFlips, true>, run_tiles<6, kFlips, true>,
                                  run_tiles<7, kFlips, true>, run_tiles<8, kFlips, true>};
  static_assert(sizeof(kRuns) / sizeof(*kRuns) == kTile);
  const int32_t tiles = (count + kTile - 1) / kTile, size = count / tiles;
  const int32_t larger = count - size * tiles, n = larger * (size + 1);
  if (larger != 0) kRuns[size](p, windows, terms, larger, out);
  kRuns[size - 1](p, windows + n, terms + (kFlips ? n : 0), tiles - larger, behind(n));
}

// ---- the whole

// How a convolution is cut, and where scratch memory is: panels, row terms, rows.
template <class Args>
struct Conv {
  const Args& a;
  int32_t panels, panel_bytes;
  bool pack_all;
  ConvRows<Args> rows;

  explicit Conv(const Args& args) : a(args), rows(args, limits(args)) {
    panels = panels_of(a);
    panel_bytes = panel_bytes_of(a);
    pack_all = packs_all(a);
  }

  static int32_t panels_of(const Args& a) { return (a.size.out_c + kPanel - 1) / kPanel; }
  static int32_t panel_bytes_of(const Args& a) {
    return (a.size.kernel_h * a.size.kernel_w * a.size.in_c + 15) / 16 * 16 * kPanel;
  }
  static bool packs_all(const Args& a) {
    return int64_t{panels_of(a)} * panel_bytes_of(a) <= kPackAll;
  }
  static ConvLimits limits(const Args& a) {
    return {kUnit, kPanel, kTile, packs_all(a) ? kSmallBlock : kLargeBlock, kMost};
  }

  // Scratch memory: panels, terms of windows, windows. However many panels are packed together:
  // fewer channels change that.
  int8_t* packed(int32_t p) const {
    return reinterpret_cast<int8_t*>(a.scratch) + static_cast<ptrdiff_t>(p) * panel_bytes;
  }
  size_t pack_bytes() const {
    const int64_t all = int64_t{panels} * panel_bytes;
    const int64_t most = panel_bytes > kPackAll ? panel_bytes : kPackAll;
    return static_cast<size_t>(all < most ? all : most);
  }
  static constexpr size_t kTermBytes = ConvRows<Args>::kFlips ? kMost * sizeof(int32_t) : 0;
  size_t scratch() const { return pack_bytes() + kTermBytes + rows.bytes(); }

  void pack(int32_t panel, int8_t* to) const {
    const int32_t c = panel * kPanel;
    const int32_t left = a.size.out_c - c;
    pack_panel(a.weights + static_cast<ptrdiff_t>(c) * rows.depth, rows.depth,
               left < kPanel ? left : kPanel, to);
  }

  void run_panel(int32_t panel, const RequantizeNeon& q, const ConvSteps& steps,
                 const int8_t* const* windows, const int32_t* terms, int32_t from,
                 int32_t count) const {
    const int32_t c = panel * kPanel;
    const int32_t left = a.size.out_c - c;
    const Requantize& r = a.requantize;
    if (!pack_all) pack(panel, packed(0));
    Panel p = {packed(pack_all ? panel : 0),
               a.bias + c,
               r.multiplier + c,
               r.shift + c,
               kPanel,
               steps,
               q,
               false};
    int32_t last[3][kPanel] = {};
    if (left < kPanel) {
      const size_t bytes = static_cast<size_t>(left) * sizeof(int32_t);
      std::memcpy(last[0], p.bias, bytes);
      std::memcpy(last[1], p.multiplier, bytes);
      std::memcpy(last[2], p.shift, bytes);
      p.bias = last[0];
      p.multiplier = last[1];
      p.shift = last[2];
      p.channels = left;
    }
    p.right = left >= kPanel && all_right(vld1q_s32(p.shift), vld1q_s32(p.shift + 4));
    constexpr bool kFlips = ConvRows<Args>::kFlips;
    for (int32_t m = 0, some = 0; m < count; m += some) {
      some = rows.line(from + m, count - m);
      run_positions<kFlips>(
          p, windows + m, terms + (kFlips ? m : 0), some,
          {reinterpret_cast<uint8_t*>(rows.out(from + m)) + c, a.stride.out_pixel});
    }
  }

  void run() const {
    const RequantizeNeon q = load_requantize(int8_results(a));
    for (int32_t p = 0; pack_all && p < panels; ++p) pack(p, packed(p));
    auto* terms = reinterpret_cast<int32_t*>(a.scratch + pack_bytes());
    rows.for_each_block(
        a.scratch + pack_bytes() + kTermBytes,
        [&](const int8_t* const* windows, const ConvSteps& steps, int32_t from, int32_t count) {
          const int32_t* found = window_terms(a, windows, steps, count, terms);
          for (int32_t p = 0; p < panels; ++p) {
            run_panel(p, q, steps, windows, found, from, count);
          }
        });
  }
};

}  // namespace

size_t conv_s8_dotprod_scratch(const ConvS8& a) { return Conv<ConvS8>(a).scratch(); }
void conv_s8_dotprod(const ConvS8& a) { Conv<ConvS8>(a).run(); }
size_t conv_u8_dotprod_scratch(const ConvU8& a) { return Conv<ConvU8>(a).scratch(); }
void conv_u8_dotprod(const ConvU8& a) { Conv<ConvU8>(a).run(); }

}  // namespace pipit
