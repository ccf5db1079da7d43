// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Activations are read where they lie, save at the image's sides. Where enough positions share
// them, the weights of eight channels are turned into a panel [depth][8] in scratch: a tile of
// eight positions then takes 16 loads for 64 FMLA per four elements of depth, and its sums need no
// additions at the end. Modelled: 2.7 multiply-adds a cycle on A53, 4.0 on A72 and 7.9 on A76,
// whose multipliers can do 4, 4 and 8. Turning sixteen weights costs about ten cycles, as much as
// the additions for three outputs. With few positions, weights are read where they lie: four by
// four dot products along depth take 8 loads for 16 FMLA (A53 1.9, A72 3.9, A76 7.9), and 30 to 60
// cycles at their end.
#include <arm_neon.h>

#include "kernels/arm/conv_segments.h"
#include "kernels/arm/dot_f32_neon.h"

namespace pipit {
namespace {

constexpr int kTile = ConvF32Cut::kTile;  // positions
#if PIPIT_ARM64
constexpr int kLoads = 4;    // elements of depth whose weights are loaded together
constexpr int kDotTile = 4;  // positions, when weights are read where they lie
#else
constexpr int kLoads = 1;  // sixteen registers only
constexpr int kDotTile = 2;
#endif
constexpr int kPanel = ConvF32Cut::kPanel;  // output channels
constexpr int kDotPanel = 4;                // when weights are read where they lie
constexpr int32_t kDepthPerPosition = 5;    // up to which a panel pays

using Segments = ConvF32Cut::Segments;
using Row = Segments::Row;

int32_t panels(const Segments& s) { return ConvF32Cut::panels(s); }

bool packs_all(const Segments& s) { return ConvF32Cut::packs_all(s); }

// The position's share of the channels [first, first + channels).
struct Outputs {
  float32x4_t bias[2];
  float32x4_t min, max;
  int32_t first, channels;
};

Outputs outputs_of(const ConvF32& a, int32_t first, int32_t most) {
  const int32_t left = a.size.out_c - first;
  Outputs o = {};
  o.first = first;
  o.channels = left < most ? left : most;
  if (a.bias != nullptr) {
    o.bias[0] = load_first(a.bias + first, o.channels);
    if (o.channels > 4) o.bias[1] = load_first(a.bias + first + 4, o.channels - 4);
  }
  o.min = vdupq_n_f32(a.min);
  o.max = vdupq_n_f32(a.max);
  return o;
}

[[gnu::always_inline]] inline float32x4_t clamp(float32x4_t x, const Outputs& o) {
  return vminq_f32(vmaxq_f32(x, o.min), o.max);
}

// ---- weights in panels

// Weights of four channels times one lane of a position's activations, which needs no copy in all
// lanes of a vector.
template <int kLane>
[[gnu::always_inline]] inline float32x4_t multiply_add(float32x4_t sum, float32x4_t w,
                                                       float32x4_t x) {
#if PIPIT_ARM64
  return vfmaq_laneq_f32(sum, w, x, kLane);
#else
  return vmlaq_lane_f32(sum, w, kLane < 2 ? vget_low_f32(x) : vget_high_f32(x), kLane % 2);
#endif
}

// Results of kRows positions.
template <int kRows>
[[gnu::always_inline]] inline void run_packed(const Segments& s, const Row* tile, int row,
                                              const float* panel, const Outputs& o) {
  float32x4_t sum[kRows][2];
  unroll<kRows>([&](auto r) [[gnu::always_inline]] {
    sum[r][0] = o.bias[0];
    sum[r][1] = o.bias[1];
  });
  // Row 0 of a tile has its outputs, the others its segments.
  for (int32_t i = 1; i <= s.count; ++i) {
    const float* x[kRows];
    unroll<kRows>([&](auto r) [[gnu::always_inline]] { x[r] = tile[i][row + r]; });
    const ptrdiff_t whole = ptrdiff_t{s.length & ~3} * ptrdiff_t{sizeof(float)};
    for (ptrdiff_t at = 0; at != whole; at += 16, panel += 4 * kPanel) {
      float32x4_t v[kRows];
      unroll<kRows>([&](auto r) [[gnu::always_inline]] { v[r] = load_bytes(x[r], at); });
      unroll<4 / kLoads>([&](auto step) [[gnu::always_inline]] {
        constexpr int first = step * kLoads;
        float32x4_t w[kLoads][2];
        unroll<kLoads>([&](auto k) [[gnu::always_inline]] {
          w[k][0] = vld1q_f32(panel + (first + k) * kPanel);
          w[k][1] = vld1q_f32(panel + (first + k) * kPanel + 4);
        });
        unroll<kLoads>([&](auto k) [[gnu::always_inline]] {
          unroll<kRows>([&](auto r) [[gnu::always_inline]] {
            sum[r][0] = multiply_add<first + k>(sum[r][0], w[k][0], v[r]);
            sum[r][1] = multiply_add<first + k>(sum[r][1], w[k][1], v[r]);
          });
        });
      });
    }
    for (ptrdiff_t k = s.length & ~3; k < s.length; ++k, panel += kPanel) {
      const float32x4_t w0 = vld1q_f32(panel), w1 = vld1q_f32(panel + 4);
      unroll<kRows>([&](auto r) [[gnu::always_inline]] {
        const float32x4_t v = vld1q_dup_f32(x[r] + k);
        sum[r][0] = vfmaq_f32(sum[r][0], w0, v);
        sum[r][1] = vfmaq_f32(sum[r][1], w1, v);
      });
    }
  }
  unroll<kRows>([&](auto r) [[gnu::always_inline]] {
    sum[r][0] = clamp(sum[r][0], o);
    sum[r][1] = clamp(sum[r][1], o);
  });
  if (o.channels == kPanel) {
    unroll<kRows>([&](auto r) [[gnu::always_inline]] {
      vst1q_f32((*tile)[row + r] + o.first, sum[r][0]);
      vst1q_f32((*tile)[row + r] + o.first + 4, sum[r][1]);
    });
    return;
  }
  unroll<kRows>([&](auto r) [[gnu::always_inline]] {
    float* out = (*tile)[row + r] + o.first;
    store_first(out, sum[r][0], o.channels);
    if (o.channels > 4) store_first(out + 4, sum[r][1], o.channels - 4);
  });
}

[[gnu::noinline]] void run_panel(const Segments& s, const Row* tile, int32_t n, const float* panel,
                                 const Outputs& o) {
  // Of three positions that are left, two go together.
  for (; n >= kTile; n -= kTile, tile += s.count + 1) run_packed<kTile>(s, tile, 0, panel, o);
  if (n >= 2) run_packed<2>(s, tile, 0, panel, o);
  if (n % 2 != 0) run_packed<1>(s, tile, n - 1, panel, o);
}

// Four rows by four columns. vcombine_f32() would be two instructions instead of one.
#if PIPIT_ARM64
[[gnu::always_inline]] inline void transpose(float32x4_t (&v)[4]) {
  const auto pairs = [](float32x4_t x) { return vreinterpretq_f64_f32(x); };
  const auto low = [&](float32x4_t x, float32x4_t y) {
    return vreinterpretq_f32_f64(vzip1q_f64(pairs(x), pairs(y)));
  };
  const auto high = [&](float32x4_t x, float32x4_t y) {
    return vreinterpretq_f32_f64(vzip2q_f64(pairs(x), pairs(y)));
  };
  const float32x4_t a = vtrn1q_f32(v[0], v[1]), b = vtrn2q_f32(v[0], v[1]);
  const float32x4_t c = vtrn1q_f32(v[2], v[3]), d = vtrn2q_f32(v[2], v[3]);
  v[0] = low(a, c);
  v[1] = low(b, d);
  v[2] = high(a, c);
  v[3] = high(b, d);
}
#else
[[gnu::always_inline]] inline void transpose(float32x4_t (&v)[4]) {
  const float32x4x2_t a = vtrnq_f32(v[0], v[1]), b = vtrnq_f32(v[2], v[3]);
  v[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
  v[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
  v[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
  v[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}
#endif

// Channels that do not exist repeat the last one; their sums are not stored.
void pack(const Segments& s, int32_t first, float* to) {
  const int32_t last = s.a.size.out_c - 1;
  const float* w[kPanel];
  for (int32_t c = 0; c < kPanel; ++c) {
    w[c] = s.a.weights + static_cast<ptrdiff_t>(first + c < last ? first + c : last) * s.depth;
  }
  int32_t k = 0;
  for (; k + 4 <= s.depth; k += 4, to += 4 * kPanel) {
    for (int half = 0; half < kPanel; half += 4) {
      float32x4_t v[4];
      unroll<4>([&](auto c) [[gnu::always_inline]] { v[c] = vld1q_f32(w[half + c] + k); });
      transpose(v);
      unroll<4>([&](auto i) [[gnu::always_inline]] { vst1q_f32(to + i * kPanel + half, v[i]); });
    }
  }
  for (; k < s.depth; ++k, to += kPanel) {
    for (int32_t c = 0; c < kPanel; ++c) to[c] = w[c][k];
  }
}

void run_packed_block(const Segments& s, const Row* tiles, int32_t n, float* packed,
                      bool packed_all) {
  for (int32_t p = 0; p < panels(s); ++p) {
    float* panel = packed + (packed_all ? ptrdiff_t{p} * kPanel * s.depth : 0);
    if (!packed_all) pack(s, p * kPanel, panel);
    run_panel(s, tiles, n, panel, outputs_of(s.a, p * kPanel, kPanel));
  }
}

// ---- weights where they lie

// Results of kRows positions. Where segments are no multiple of four elements, kLast tells.
template <int kRows, bool kLast>
[[gnu::noinline]] void run_dots(const Segments& s, const Row* tile, int row, const Outputs& o) {
  float32x4_t sum[kRows][kDotPanel];
  unroll<kRows>([&](auto r) [[gnu::always_inline]] {
    unroll<kDotPanel>([&](auto c) [[gnu::always_inline]] { sum[r][c] = vdupq_n_f32(0); });
  });
  const float* w[kDotPanel];
  unroll<kDotPanel>([&](auto c) [[gnu::always_inline]] {
    w[c] = s.a.weights +
           static_cast<ptrdiff_t>(o.first + (c < o.channels ? c : o.channels - 1)) * s.depth;
  });
  const ptrdiff_t length = s.length;
  for (int32_t i = 1; i <= s.count; ++i) {
    const float* x[kRows];
    unroll<kRows>([&](auto r) [[gnu::always_inline]] { x[r] = tile[i][row + r]; });
    add_products<kLast>(sum, x, w, length);
    unroll<kDotPanel>([&](auto c) [[gnu::always_inline]] { w[c] += length; });
  }
  float32x4_t y[kRows];
  unroll<kRows>(
      [&](auto r) [[gnu::always_inline]] { y[r] = clamp(vaddq_f32(total(sum[r]), o.bias[0]), o); });
  unroll<kRows>([&](auto r) [[gnu::always_inline]] {
    store_first((*tile)[row + r] + o.first, y[r], o.channels);
  });
}

template <bool kLast>
void run_dots_block(const Segments& s, const Row* tiles, int32_t n) {
  for (int32_t c = 0; c < s.a.size.out_c; c += kDotPanel) {
    const Outputs o = outputs_of(s.a, c, kDotPanel);
    int32_t m = 0;
    for (; m + kDotTile <= n; m += kDotTile) {
      run_dots<kDotTile, kLast>(s, tiles + m / kTile * (s.count + 1), m % kTile, o);
    }
    for (; m < n; ++m) run_dots<1, kLast>(s, tiles + m / kTile * (s.count + 1), m % kTile, o);
  }
}

// Otherwise weights are read where they lie. The answer is that for the whole convolution, as the
// two ways add in different orders: results must not depend on how work is shared.
bool packs_any(const Segments& s) {
  const int32_t whole = s.a.whole_positions != 0 ? s.a.whole_positions : s.positions;
  const int32_t sharing = whole < Segments::kMostPositions ? whole : Segments::kMostPositions;
  return int64_t{sharing} * kDepthPerPosition >= s.depth;
}

}  // namespace

void conv_f32_neon(const ConvF32& a) {
  const Segments s(a);
  s.set_zeros();
  float* packed = reinterpret_cast<float*>(a.scratch + s.bytes().size());
  const bool packs = packs_any(s), all = packs_all(s);
  for (int32_t c = 0; packs && all && c < a.size.out_c; c += kPanel) {
    pack(s, c, packed + ptrdiff_t{c} * s.depth);
  }
  for (int32_t from = 0; from < s.positions; from += s.block) {
    const int32_t left = s.positions - from;
    const int32_t n = left < s.block ? left : s.block;
    const Row* tiles = s.find(from, n);
    if (packs) {
      run_packed_block(s, tiles, n, packed, all);
    } else if (s.length % 4 == 0) {
      run_dots_block<false>(s, tiles, n);
    } else {
      run_dots_block<true>(s, tiles, n);
    }
  }
}

}  // namespace pipit
