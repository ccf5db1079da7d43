// SPDX-License-Identifier: Apache-2.0
// Built with -march=armv8.2-a+dotprod. Call only when kCpuDotprod is set.
//
// Weights of eight output channels are turned into a panel [depth / 4][8][4] in scratch, so that
// one SDOT by lane adds four products to each of four channels, and sums need no reduction at the
// end. A tile is eight positions by eight channels: per 16 bytes of depth, 16 loads for 64 SDOT
// (1,024 multiply-adds; the ceiling of two SDOT a cycle is 32 multiply-adds).
#include <arm_neon.h>

#include "kernels/arm/conv_rows.h"
#include "kernels/arm/requantize_neon.h"

namespace pipit {
namespace {

constexpr int32_t kUnit = 4;            // bytes of depth that one SDOT lane takes
constexpr int32_t kPanel = 8;           // output channels
constexpr int32_t kTile = 8;            // positions
constexpr int32_t kPackAll = 64 << 10;  // all panels at once when they fit into this

int32_t panel_bytes(int32_t depth) { return (depth + 15) / 16 * 16 * kPanel; }

// How one convolution is cut.
struct Blocking {
  ConvRows rows;
  int32_t panels;
  bool pack_all;

  explicit Blocking(const ConvS8& a) : rows(a, kUnit) {
    panels = (a.size.out_c + kPanel - 1) / kPanel;
    pack_all = static_cast<int64_t>(panels) * panel_bytes(rows.depth) <= kPackAll;
  }
  size_t packed_bytes() const {
    return static_cast<size_t>(panel_bytes(rows.depth)) *
           static_cast<size_t>(pack_all ? panels : 1);
  }
};

// Sixteen bytes of depth of eight channels.
void pack_step(const int8_t* const w[kPanel], int32_t k, int8_t* to) {
  for (int half = 0; half < 2; ++half) {
    const int8_t* const* v = w + 4 * half;
    const int32x4_t r0 = vreinterpretq_s32_s8(vld1q_s8(v[0] + k));
    const int32x4_t r1 = vreinterpretq_s32_s8(vld1q_s8(v[1] + k));
    const int32x4_t r2 = vreinterpretq_s32_s8(vld1q_s8(v[2] + k));
    const int32x4_t r3 = vreinterpretq_s32_s8(vld1q_s8(v[3] + k));
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
// zeros.
void pack_panel(const int8_t* weights, int32_t depth, int32_t channels, int8_t* to) {
  const int8_t* w[kPanel];
  for (int32_t c = 0; c < kPanel; ++c) {
    w[c] = weights + static_cast<ptrdiff_t>(c < channels ? c : channels - 1) * depth;
  }
  int32_t k = 0;
  for (; k + 16 <= depth; k += 16, to += 16 * kPanel) pack_step(w, k, to);
  if (k == depth) return;
  int8_t last[kPanel][16] = {};
  const int8_t* ends[kPanel];
  for (int32_t c = 0; c < kPanel; ++c) {
    for (int32_t i = k; i < depth; ++i) last[c][i - k] = w[c][i];
    ends[c] = last[c];
  }
  pack_step(ends, 0, to);
}

template <int kLane>
inline void dot_unit(int32x4_t (&sum)[kTile][2], const int8x16_t (&x)[kTile], const int8_t* w) {
  const int8x16_t w0 = vld1q_s8(w), w1 = vld1q_s8(w + 16);
#pragma GCC unroll 8
  for (int m = 0; m < kTile; ++m) {
    sum[m][0] = vdotq_laneq_s32(sum[m][0], w0, x[m], kLane);
    sum[m][1] = vdotq_laneq_s32(sum[m][1], w1, x[m], kLane);
  }
}

// What a tile reads and where its results go. Positions that do not exist repeat the last one.
struct Tile {
  const int8_t* rows[kTile];
  int8_t* out[kTile];
};

struct Channels {
  const int32_t* bias;
  const int32_t* multiplier;
  const int32_t* shift;
};

template <bool kWhole>
inline void store(int8_t* to, int8x8_t v, int32_t channels) {
  if (kWhole) {
    vst1_s8(to, v);
    return;
  }
  int8_t last[kPanel];
  vst1_s8(last, v);
  for (int32_t c = 0; c < channels; ++c) to[c] = last[c];
}

template <bool kWhole, bool kRight>
inline void finish(int32x4_t (&sum)[kTile][2], const Channels& c, const RequantizeNeon& q,
                   const Tile& t, int32_t channels) {
  const int32x4_t m0 = vld1q_s32(c.multiplier), m1 = vld1q_s32(c.multiplier + 4);
  const int32x4_t s0 = vld1q_s32(c.shift), s1 = vld1q_s32(c.shift + 4);
#pragma GCC unroll 8
  for (int m = 0; m < kTile; m += 2) {
    const int8x16_t v =
        narrow(q, scale<kRight>(sum[m][0], m0, s0), scale<kRight>(sum[m][1], m1, s1),
               scale<kRight>(sum[m + 1][0], m0, s0), scale<kRight>(sum[m + 1][1], m1, s1));
    store<kWhole>(t.out[m], vget_low_s8(v), channels);
    store<kWhole>(t.out[m + 1], vget_high_s8(v), channels);
  }
}

template <bool kWhole>
void run_tile(const Tile& t, const int8_t* panel, int32_t depth, const Channels& c,
              const RequantizeNeon& q, int32_t channels) {
  int32x4_t sum[kTile][2];
  const int32x4_t b0 = vld1q_s32(c.bias), b1 = vld1q_s32(c.bias + 4);
#pragma GCC unroll 8
  for (int m = 0; m < kTile; ++m) {
    sum[m][0] = b0;
    sum[m][1] = b1;
  }
  int32_t k = 0;
  for (; k + 16 <= depth; k += 16, panel += 16 * kPanel) {
    int8x16_t x[kTile];
#pragma GCC unroll 8
    for (int m = 0; m < kTile; ++m) x[m] = vld1q_s8(t.rows[m] + k);
    dot_unit<0>(sum, x, panel);
    dot_unit<1>(sum, x, panel + 32);
    dot_unit<2>(sum, x, panel + 64);
    dot_unit<3>(sum, x, panel + 96);
  }
  for (; k < depth; k += kUnit, panel += kUnit * kPanel) {
    int8x16_t x[kTile];
#pragma GCC unroll 8
    for (int m = 0; m < kTile; ++m) {
      int32_t unit;
      std::memcpy(&unit, t.rows[m] + k, sizeof(unit));
      x[m] = vreinterpretq_s8_s32(vdupq_n_s32(unit));
    }
    dot_unit<0>(sum, x, panel);
  }
  if (q.right) {
    finish<kWhole, true>(sum, c, q, t, channels);
  } else {
    finish<kWhole, false>(sum, c, q, t, channels);
  }
}

struct Conv {
  const ConvS8& a;
  const Blocking& b;
  RequantizeNeon q;
  int8_t* gathered;
  int8_t* packed;

  void pack(int32_t panel, int8_t* to) const {
    const int32_t c = panel * kPanel;
    const int32_t left = a.size.out_c - c;
    pack_panel(a.weights + static_cast<ptrdiff_t>(c) * b.rows.depth, b.rows.depth,
               left < kPanel ? left : kPanel, to);
  }

  // Positions [m, m + kTile) of the block that starts at `from` and has `count`.
  Tile tile(int32_t from, int32_t count, int32_t m) const {
    Tile t;
    for (int32_t i = 0; i < kTile; ++i) {
      const int32_t at = m + i < count ? m + i : count - 1;
      t.rows[i] = b.rows.row(from + at, at, gathered);
      t.out[i] = b.rows.out(from + at);
    }
    return t;
  }

  void run(Tile t, const int8_t* panel, int32_t p) const {
    const int32_t c = p * kPanel;
    const int32_t left = a.size.out_c - c;
    for (int8_t*& out : t.out) out += c;
    const Requantize& r = a.requantize;
    if (left >= kPanel) {
      run_tile<true>(t, panel, b.rows.depth, {a.bias + c, r.multiplier + c, r.shift + c}, q,
                     kPanel);
      return;
    }
    int32_t bias[kPanel], multiplier[kPanel], shift[kPanel];
    for (int32_t i = 0; i < kPanel; ++i) {
      const int32_t from = c + (i < left ? i : left - 1);
      bias[i] = a.bias[from];
      multiplier[i] = r.multiplier[from];
      shift[i] = r.shift[from];
    }
    run_tile<false>(t, panel, b.rows.depth, {bias, multiplier, shift}, q, left);
  }

  void run_block(int32_t from, int32_t count) const {
    if (!b.rows.in_place) b.rows.gather(from, count, gathered);
    const int32_t bytes = panel_bytes(b.rows.depth);
    if (b.pack_all) {
      for (int32_t m = 0; m < count; m += kTile) {
        const Tile t = tile(from, count, m);
        for (int32_t p = 0; p < b.panels; ++p) {
          run(t, packed + static_cast<ptrdiff_t>(p) * bytes, p);
        }
      }
      return;
    }
    for (int32_t p = 0; p < b.panels; ++p) {
      pack(p, packed);
      for (int32_t m = 0; m < count; m += kTile) run(tile(from, count, m), packed, p);
    }
  }
};

}  // namespace

size_t conv_s8_dotprod_scratch(const ConvS8& a) {
  const Blocking b(a);
  return b.packed_bytes() + b.rows.gather_bytes();
}

void conv_s8_dotprod(const ConvS8& a) {
  const Blocking b(a);
  int8_t* packed = reinterpret_cast<int8_t*>(a.scratch);
  const Conv conv{a, b, load_requantize(a.requantize, a.size.out_c), packed + b.packed_bytes(),
                  packed};
  for (int32_t p = 0; b.pack_all && p < b.panels; ++p) {
    conv.pack(p, packed + static_cast<ptrdiff_t>(p) * panel_bytes(b.rows.depth));
  }
  for (int32_t from = 0; from < b.rows.positions; from += b.rows.block) {
    const int32_t left = b.rows.positions - from;
    conv.run_block(from, left < b.rows.block ? left : b.rows.block);
  }
}

}  // namespace pipit
