// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Dot products along depth, weights read where they lie. Two products of 8 bits fit into 16 bits
// unless all four factors are -128, so where no weight is -128 a step of 16 bytes takes three
// instructions (SMULL, SMLAL2, SADALP); otherwise four. A tile of kTile positions by four channels
// keeps all sums in registers.
#include <arm_neon.h>

#include "kernels/arm/conv_rows.h"
#include "kernels/arm/requantize_neon.h"
#include "kernels/arm/unroll.h"

namespace pipit {
namespace {

constexpr int32_t kUnit = 8;   // bytes of depth in the shorter step
constexpr int32_t kPanel = 4;  // output channels
#if defined(__aarch64__)
constexpr int32_t kTile = 4;  // positions
#else
constexpr int32_t kTile = 2;  // sixteen registers only
#endif
constexpr int32_t kBlockBytes = 16 << 10;  // of rows, to stay in the cache while panels pass

using Sums = int32x4_t[kTile][kPanel];

using Products = int16x8_t[kTile];

[[gnu::always_inline]] inline int8x16_t load(const int8_t* p) { return vld1q_s8(p); }

[[gnu::always_inline]] inline void multiply_low(Products& p, const int8x16_t (&x)[kTile],
                                                int8x16_t w) {
  unroll<kTile>([&](auto m)
                    [[gnu::always_inline]] { p[m] = vmull_s8(vget_low_s8(x[m]), vget_low_s8(w)); });
}

// Adds the products of the high halves to those of the low ones, or replaces them.
template <bool kAdd>
[[gnu::always_inline]] inline int16x8_t high_product(int16x8_t p, int8x16_t x, int8x16_t w) {
#if defined(__aarch64__)
  return kAdd ? vmlal_high_s8(p, x, w) : vmull_high_s8(x, w);
#else
  return kAdd ? vmlal_s8(p, vget_high_s8(x), vget_high_s8(w))
              : vmull_s8(vget_high_s8(x), vget_high_s8(w));
#endif
}

template <bool kPairs>
[[gnu::always_inline]] inline void multiply_high(Sums& sum, int n, Products& p,
                                                 const int8x16_t (&x)[kTile], int8x16_t w) {
  if (!kPairs) {
    unroll<kTile>([&](auto m) [[gnu::always_inline]] { sum[m][n] = vpadalq_s16(sum[m][n], p[m]); });
  }
  unroll<kTile>([&](auto m) [[gnu::always_inline]] { p[m] = high_product<kPairs>(p[m], x[m], w); });
}

[[gnu::always_inline]] inline void add(Sums& sum, int n, const Products& p) {
  unroll<kTile>([&](auto m) [[gnu::always_inline]] { sum[m][n] = vpadalq_s16(sum[m][n], p[m]); });
}

// Each kind of instruction four times in a row, two channels in flight, and loads well ahead of
// their use: an in-order core then rarely waits. This file is compiled without gcc's scheduling,
// which would undo the order.
template <bool kPairs>
[[gnu::always_inline]] inline void dot_tile(Sums& sum, const int8_t* const* rows,
                                            const int8_t* const* w, int32_t depth) {
  const ptrdiff_t whole = depth & ~15;
  if (whole != 0) {
    int8x16_t x[kTile];
    unroll<kTile>([&](auto m) [[gnu::always_inline]] { x[m] = load(rows[m]); });
    int8x16_t w0 = load(w[0]), w1 = load(w[1]);
    ptrdiff_t at = 0;
    do {
      Products p, q;
      multiply_low(p, x, w0);
      multiply_low(q, x, w1);
      multiply_high<kPairs>(sum, 0, p, x, w0);
      w0 = load(w[2] + at);
      multiply_high<kPairs>(sum, 1, q, x, w1);
      w1 = load(w[3] + at);
      add(sum, 0, p);
      multiply_low(p, x, w0);
      add(sum, 1, q);
      multiply_low(q, x, w1);
      multiply_high<kPairs>(sum, 2, p, x, w0);
      multiply_high<kPairs>(sum, 3, q, x, w1);
      at += 16;
      // The last turn loads what it already has.
      const ptrdiff_t next = at - (at == whole ? 16 : 0);
      unroll<kTile>([&](auto m) [[gnu::always_inline]] { x[m] = load(rows[m] + next); });
      w0 = load(w[0] + next);
      w1 = load(w[1] + next);
      add(sum, 2, p);
      add(sum, 3, q);
    } while (at != whole);
  }
  const ptrdiff_t k = whole;
  if (k == depth) return;
  int8x8_t x[kTile];
  unroll<kTile>([&](auto m) [[gnu::always_inline]] { x[m] = vld1_s8(rows[m] + k); });
  unroll<kPanel>([&](auto n) [[gnu::always_inline]] {
    const int8x8_t wn = vld1_s8(w[n] + k);
    Products p;
    unroll<kTile>([&](auto m) [[gnu::always_inline]] { p[m] = vmull_s8(x[m], wn); });
    add(sum, n, p);
  });
}

// Four sums of lanes in one register.
[[gnu::always_inline]] inline int32x4_t reduce(const int32x4_t (&s)[kPanel]) {
#if defined(__aarch64__)
  return vpaddq_s32(vpaddq_s32(s[0], s[1]), vpaddq_s32(s[2], s[3]));
#else
  const int32x2_t a = vadd_s32(vget_low_s32(s[0]), vget_high_s32(s[0]));
  const int32x2_t b = vadd_s32(vget_low_s32(s[1]), vget_high_s32(s[1]));
  const int32x2_t c = vadd_s32(vget_low_s32(s[2]), vget_high_s32(s[2]));
  const int32x2_t d = vadd_s32(vget_low_s32(s[3]), vget_high_s32(s[3]));
  return vcombine_s32(vpadd_s32(a, b), vpadd_s32(c, d));
#endif
}

struct Channels {
  const int32_t* bias;
  const int32_t* multiplier;
  const int32_t* shift;
};

struct Tile {
  const int8_t* rows[kTile];
  int8_t* out[kTile];
};

[[gnu::always_inline]] inline void store(int8_t* to, int8x16_t v, int lane_pair, int32_t channels) {
  int8_t four[16];
  vst1q_s8(four, v);
  std::memcpy(to, four + 4 * lane_pair, static_cast<size_t>(channels));
}

template <bool kWhole, bool kRight>
[[gnu::always_inline]] inline void finish(const Sums& sum, const Channels& c,
                                          const RequantizeNeon& q, const Tile& t,
                                          int32_t channels) {
  const int32x4_t bias = vld1q_s32(c.bias), multiplier = vld1q_s32(c.multiplier);
  const int32x4_t shift = vld1q_s32(c.shift);
  int32x4_t y[kTile];
  unroll<kTile>([&](auto m) [[gnu::always_inline]] {
    y[m] = scale<kRight>(vaddq_s32(reduce(sum[m]), bias), multiplier, shift);
  });
  const int8x16_t v = narrow(q, y[0], y[1], y[kTile - 2], y[kTile - 1]);
  if (!kWhole) {
    unroll<kTile>([&](auto m) [[gnu::always_inline]] { store(t.out[m], v, m, channels); });
    return;
  }
  const int32x4_t words = vreinterpretq_s32_s8(v);
  const auto put = [&](int m, int32_t word) { std::memcpy(t.out[m], &word, sizeof(word)); };
  put(0, vgetq_lane_s32(words, 0));
  put(1, vgetq_lane_s32(words, 1));
  if (kTile == 4) {
    put(kTile - 2, vgetq_lane_s32(words, 2));
    put(kTile - 1, vgetq_lane_s32(words, 3));
  }
}

template <bool kWhole>
[[gnu::noinline]] void run_tile(const Tile& t, const int8_t* const* w, int32_t depth, bool pairs,
                                const Channels& c, const RequantizeNeon& q, int32_t channels) {
  Sums sum;
  unroll<kTile>([&](auto m) [[gnu::always_inline]] {
    unroll<kPanel>([&](auto n) [[gnu::always_inline]] { sum[m][n] = vdupq_n_s32(0); });
  });
  if (pairs) {
    dot_tile<true>(sum, t.rows, w, depth);
  } else {
    dot_tile<false>(sum, t.rows, w, depth);
  }
  if (q.right) {
    finish<kWhole, true>(sum, c, q, t, channels);
  } else {
    finish<kWhole, false>(sum, c, q, t, channels);
  }
}

struct Conv {
  const ConvS8& a;
  ConvRows rows;
  RequantizeNeon q;
  int8_t* gathered;
  int8_t* padded;  // four rows of weights, where depth is no multiple of kUnit

  explicit Conv(const ConvS8& conv)
      : a(conv),
        rows(conv, kUnit),
        q(load_requantize(conv.requantize, conv.size.out_c)),
        gathered(reinterpret_cast<int8_t*>(conv.scratch)),
        padded(gathered + rows.gather_bytes()) {}

  Tile tile(int32_t from, int32_t count, int32_t m) const {
    Tile t;
    for (int32_t i = 0; i < kTile; ++i) {
      const int32_t at = m + i < count ? m + i : count - 1;
      t.rows[i] = rows.row(from + at, at, gathered);
      t.out[i] = rows.out(from + at);
    }
    return t;
  }

  // The weights of channel c and the next ones, for whole steps of kUnit.
  int32_t weight_rows(int32_t c, int32_t channels, const int8_t* (&w)[kPanel]) const {
    for (int32_t n = 0; n < kPanel; ++n) {
      w[n] = a.weights + static_cast<ptrdiff_t>(c + (n < channels ? n : channels - 1)) * rows.depth;
    }
    if (rows.depth % kUnit == 0) return rows.depth;
    for (int32_t n = 0; n < kPanel; ++n) {
      int8_t* to = padded + static_cast<ptrdiff_t>(n) * rows.pitch;
      std::memcpy(to, w[n], static_cast<size_t>(rows.depth));
      std::memset(to + rows.depth, 0, static_cast<size_t>(rows.pitch - rows.depth));
      w[n] = to;
    }
    return rows.pitch;
  }

  void run_panel(int32_t c, int32_t from, int32_t count) const {
    const int32_t left = a.size.out_c - c;
    const int8_t* w[kPanel];
    const int32_t depth = weight_rows(c, left < kPanel ? left : kPanel, w);
    Channels ch = {a.bias + c, a.requantize.multiplier + c, a.requantize.shift + c};
    int32_t last[3][kPanel] = {};
    if (left < kPanel) {
      for (int32_t n = 0; n < left; ++n) {
        last[0][n] = ch.bias[n];
        last[1][n] = ch.multiplier[n];
        last[2][n] = ch.shift[n];
      }
      ch = {last[0], last[1], last[2]};
    }
    for (int32_t m = 0; m < count; m += kTile) {
      Tile t = tile(from, count, m);
      for (int8_t*& out : t.out) out += c;
      if (left >= kPanel) {
        run_tile<true>(t, w, depth, a.no_weight_is_min, ch, q, kPanel);
      } else {
        run_tile<false>(t, w, depth, a.no_weight_is_min, ch, q, left);
      }
    }
  }

  void run() const {
    int32_t block = kBlockBytes / rows.pitch / kTile * kTile;
    if (block < kTile) block = kTile;
    if (block > rows.block) block = rows.block;
    for (int32_t from = 0; from < rows.positions; from += block) {
      const int32_t left = rows.positions - from;
      const int32_t count = left < block ? left : block;
      if (!rows.in_place) rows.gather(from, count, gathered);
      for (int32_t c = 0; c < a.size.out_c; c += kPanel) run_panel(c, from, count);
    }
  }
};

}  // namespace

size_t conv_s8_neon_scratch(const ConvS8& a) {
  const ConvRows rows(a, kUnit);
  return rows.gather_bytes() + static_cast<size_t>(kPanel) * static_cast<size_t>(rows.pitch);
}

void conv_s8_neon(const ConvS8& a) { Conv(a).run(); }

}  // namespace pipit
