// SPDX-License-Identifier: Apache-2.0
// Tiles of four positions by eight channels where windows are 8, 16, 24 or 32 bytes in one piece:
// from the first product to the last result there is no branch, and no sum goes through memory.
// Short windows have so few products that these would take as long. No weight is -128, so that two
// products of 8 bits fit into 16 bits. Needs the 32 registers of 64-bit ARM.
#pragma once

#include <arm_neon.h>

#include "kernels/arm/conv_rows.h"
#include "kernels/arm/group_results.h"
#include "kernels/arm/in_order.h"
#include "kernels/arm/unroll.h"

namespace pipit {
namespace {

constexpr int kShortTile = 4;

// Filters of eight channels, `pitch` apart, and what their tiles read again each time: registers
// are for products.
struct ShortPanel {
  const int8_t* filters;
  ptrdiff_t pitch;
  const Channels& channels;
  const RequantizeNeon& q;
};

using RunShort = void (*)(const ShortPanel&, const int8_t* const*, const int32_t*, int32_t,
                          const Results&);

#if PIPIT_ARM64

static_assert(kShortTile <= FilterCut::kTile);  // there are windows for whole tiles

template <class V>
using OfTile = V[kShortTile];

PIPIT_INLINE inline int8x16_t load_step(const int8_t* from, int8x16_t) { return vld1q_s8(from); }
PIPIT_INLINE inline int8x8_t load_step(const int8_t* from, int8x8_t) { return vld1_s8(from); }

PIPIT_INLINE inline int16x8_t low_product(int8x16_t x, int8x16_t w) {
  return vmull_s8(vget_low_s8(x), vget_low_s8(w));
}
PIPIT_INLINE inline int16x8_t low_product(int8x8_t x, int8x8_t w) { return vmull_s8(x, w); }

template <class V>
PIPIT_INLINE inline void multiply(OfTile<int16x8_t>& p, const OfTile<V>& x, V w) {
  unroll<kShortTile>([&](auto m) PIPIT_INLINE { p[m] = in_order(low_product(x[m], w)); });
}
PIPIT_INLINE inline void add_high(OfTile<int16x8_t>& p, const OfTile<int8x16_t>& x, int8x16_t w) {
  unroll<kShortTile>([&](auto m) PIPIT_INLINE { p[m] = in_order(vmlal_high_s8(p[m], x[m], w)); });
}
PIPIT_INLINE inline void add_high(OfTile<int16x8_t>&, const OfTile<int8x8_t>&, int8x8_t) {}

PIPIT_INLINE inline void add_pairs(const OfTile<int32x4_t>& a, const OfTile<int32x4_t>& b,
                                   OfTile<int32x4_t>& sum) {
  unroll<kShortTile>([&](auto m) PIPIT_INLINE { sum[m] = in_order(vpaddq_s32(a[m], b[m])); });
}

// The windows of a tile, of one step, and all filters. For each window, products become sums so:
//
//   16 bytes   channel n       4 sums of 4 products          | n n n n |
//              with n + 1      neighbours are added          | n n n+1 n+1 |
//              with n + 2 ..   and once more                 | n n+1 n+2 n+3 |
//
// Of 8 bytes there are half as many products: neighbours are added in 16 bits, where two fit.
template <class V>
struct OneStep {
  static constexpr int32_t kBytes = sizeof(V);
  OfTile<V> x;
  V w[kGroup];

  PIPIT_INLINE void load_filters(const ShortPanel& p, int8_t*) {
    unroll<kGroup>([&](auto n) PIPIT_INLINE { w[n] = load_step(p.filters + n * p.pitch, V()); });
  }
  // Filters stay where they are: the compiler would keep their halves apart.
  PIPIT_INLINE void load(const OfTile<const int8_t*>& windows) {
    unroll<kShortTile>([&](auto m) PIPIT_INLINE { x[m] = in_order(load_step(windows[m], V())); });
    unroll<kGroup>([&](auto n) PIPIT_INLINE { w[n] = in_order(w[n]); });
  }

  // Two sums of lanes of each of the channels n and n + 1.
  template <int n>
  PIPIT_INLINE void sum_two(OfTile<int32x4_t>& sum) {
    OfTile<int16x8_t> p, q;
    multiply(p, x, w[n]);
    multiply(q, x, w[n + 1]);
    if constexpr (kBytes == 8) {
      unroll<kShortTile>([&](auto m) PIPIT_INLINE { p[m] = in_order(vpaddq_s16(p[m], q[m])); });
      unroll<kShortTile>([&](auto m) PIPIT_INLINE { sum[m] = in_order(vpaddlq_s16(p[m])); });
      return;
    }
    add_high(p, x, w[n]);
    add_high(q, x, w[n + 1]);
    OfTile<int32x4_t> a, b;
    unroll<kShortTile>([&](auto m) PIPIT_INLINE { a[m] = in_order(vpaddlq_s16(p[m])); });
    unroll<kShortTile>([&](auto m) PIPIT_INLINE { b[m] = in_order(vpaddlq_s16(q[m])); });
    add_pairs(a, b, sum);
  }
};

// The windows of a tile, of two steps, of which V has the second, and a filter: registers do not
// suffice for more.
template <class V>
struct TwoSteps {
  static constexpr int32_t kBytes = 16 + sizeof(V);
  OfTile<int8x16_t> x;
  OfTile<V> y;
  const int8_t* filters;
  int8x16_t w;
  V v;

  PIPIT_INLINE void load_filters(const ShortPanel& p, int8_t* copy) {
    unroll<kGroup>([&](auto n) PIPIT_INLINE {
      std::memcpy(copy + n * kLongestShort, p.filters + n * p.pitch, kBytes);
    });
    filters = copy;
  }
  PIPIT_INLINE void load_filter(int n) {
    w = vld1q_s8(filters + n * kLongestShort);
    v = load_step(filters + n * kLongestShort + 16, V());
    asm volatile("" : "+w"(w), "+w"(v));
  }
  PIPIT_INLINE void load(const OfTile<const int8_t*>& windows) {
    unroll<kShortTile>([&](auto m) PIPIT_INLINE {
      x[m] = vld1q_s8(windows[m]);
      y[m] = load_step(windows[m] + 16, V());
      asm volatile("" : "+w"(x[m]), "+w"(y[m]));
    });
    asm("" : "+r"(filters));
    load_filter(0);
  }

  template <int n>
  PIPIT_INLINE void sum_one(OfTile<int32x4_t>& sum) {
    OfTile<int16x8_t> p, q;
    multiply(p, x, w);
    multiply(q, y, v);
    add_high(p, x, w);
    add_high(q, y, v);
    // The registers of this filter are free now: the next one comes while products are added.
    if (n + 1 < kGroup) load_filter(n + 1);
    unroll<kShortTile>([&](auto m) PIPIT_INLINE { sum[m] = in_order(vpaddlq_s16(p[m])); });
    unroll<kShortTile>([&](auto m) PIPIT_INLINE { sum[m] = in_order(vpadalq_s16(sum[m], q[m])); });
  }
  template <int n>
  PIPIT_INLINE void sum_two(OfTile<int32x4_t>& sum) {
    OfTile<int32x4_t> a, b;
    sum_one<n>(a);
    sum_one<n + 1>(b);
    add_pairs(a, b, sum);
  }
};

// What requantize_all() needs, read again by each tile. (The compiler does not know that it stays
// the same.)
PIPIT_INLINE inline Channels read_again(const Channels& channels) {
  const Channels* from = &channels;
  asm("" : "+r"(from));
  Channels c;
  unroll<2>([&](auto half) PIPIT_INLINE {
    c.bias[half] = from->bias[half];
    c.scaling.multiplier[half] = from->scaling.multiplier[half];
    c.scaling.addend[half] = from->scaling.addend[half];
    c.scaling.left[half] = from->scaling.left[half];
  });
  asm volatile(""
               : "+w"(c.bias[0]), "+w"(c.bias[1]), "+w"(c.scaling.multiplier[0]),
                 "+w"(c.scaling.multiplier[1]), "+w"(c.scaling.addend[0]),
                 "+w"(c.scaling.addend[1]), "+w"(c.scaling.left[0]), "+w"(c.scaling.left[1]));
  return c;
}

// The sums of four positions and eight channels, with the bias and what is to be added to each
// position, to results.
template <bool kFlips, Form kForm>
PIPIT_INLINE inline void finish_short(const OfTile<int32x4_t> (&sum)[2], const Channels& c,
                                      const RequantizeNeon& q, const int32_t* terms, uint8_t* at,
                                      ptrdiff_t step) {
  int32x4_t y[kShortTile][2];
  unroll<kShortTile>([&](auto m) PIPIT_INLINE {
    unroll<2>([&](auto half)
                  PIPIT_INLINE { y[m][half] = wrapping_add(sum[half][m], c.bias[half]); });
  });
  if constexpr (kFlips) {
    unroll<kShortTile>([&](auto m) PIPIT_INLINE {
      const int32x4_t term = vld1q_dup_s32(terms + m);
      unroll<2>([&](auto half) PIPIT_INLINE { y[m][half] = wrapping_add(y[m][half], term); });
    });
  }
  int8x16_t v[kShortTile / 2];
  requantize_all<kForm>(c.scaling, q, y, v);
  unroll<kShortTile / 2>([&](auto pair) PIPIT_INLINE {
    uint8x16_t r = vreinterpretq_u8_s8(v[pair]);
    if constexpr (kFlips) r = veorq_u8(r, vdupq_n_u8(0x80));
    vst1_u8(at, vget_low_u8(r));
    at += step;
    store_high(at, r);
    at += step;
  });
}

// Tiles of `count` positions, at least kShortTile. The last one overlaps.
template <class Steps, bool kFlips, Form kForm>
[[gnu::noinline]] void run_short(const ShortPanel& panel, const int8_t* const* windows,
                                 const int32_t* terms, int32_t count, const Results& results) {
  constexpr int kM = kShortTile;
  const Channels channels = panel.channels;
  const RequantizeNeon q = panel.q;
  const ptrdiff_t step = results.step;
  uint8_t* out = results.at;
  alignas(16) int8_t copy[kGroup * kLongestShort];
  Steps s;
  s.load_filters(panel, copy);
  for (int32_t left = count;;) {
    OfTile<const int8_t*> at;
    unroll<kM>([&](auto m) PIPIT_INLINE { at[m] = windows[m]; });
    asm("" : "+r"(at[0]), "+r"(at[1]), "+r"(at[2]), "+r"(at[3]));
    s.load(at);
    OfTile<int32x4_t> sum[2], next;
    s.template sum_two<0>(sum[0]);
    s.template sum_two<2>(next);
    add_pairs(sum[0], next, sum[0]);
    s.template sum_two<4>(sum[1]);
    s.template sum_two<6>(next);
    const Channels c = read_again(channels);
    add_pairs(sum[1], next, sum[1]);
    finish_short<kFlips, kForm>(sum, c, q, terms, out, step);
    // Of two positions that are left the last tile has four, two of which it computes again.
    left -= kM;
    if (left == 0) return;
    const int32_t on = left < kM ? left : kM;
    windows += on;
    terms += kFlips ? on : 0;
    out += on * step;
    left += kM - on;
  }
}

template <bool kFlips, Form kForm>
RunShort short_with(int32_t bytes) {
  static constexpr RunShort kRuns[] = {nullptr, run_short<OneStep<int8x8_t>, kFlips, kForm>,
                                       run_short<OneStep<int8x16_t>, kFlips, kForm>,
                                       run_short<TwoSteps<int8x8_t>, kFlips, kForm>,
                                       run_short<TwoSteps<int8x16_t>, kFlips, kForm>};
  return kRuns[bytes / 8];
}

template <bool kFlips>
RunShort short_with(int32_t bytes, Form form) {
  return form == Form::kRelu    ? short_with<kFlips, Form::kRelu>(bytes)
         : form == Form::kRight ? short_with<kFlips, Form::kRight>(bytes)
                                : nullptr;
}

// Tiles of windows of so many bytes, or nullptr. `flips`: their numbers have been uint8, and there
// are terms.
inline RunShort short_of(bool flips, int32_t bytes, Form form) {
  return flips ? short_with<true>(bytes, form) : short_with<false>(bytes, form);
}

#else

inline RunShort short_of(bool, int32_t, Form) { return nullptr; }

#endif

// Any number of positions. There are windows for whole tiles.
inline void run_short_line(RunShort run, const ShortPanel& panel, const int8_t* const* windows,
                           const int32_t* terms, int32_t count, const Results& to) {
  if (count >= kShortTile) return run(panel, windows, terms, count, to);
  int32_t some[kShortTile] = {};
  if (terms != nullptr) std::memcpy(some, terms, static_cast<size_t>(count) * sizeof(*terms));
  // A whole tile goes here first, as its last positions have no place of their own.
  uint8_t results[kShortTile * kGroup];
  run(panel, windows, some, kShortTile, {results, kGroup, kGroup, to.flip});
  for (int32_t m = 0; m < count; ++m) {
    store_some(to.at + m * to.step, results + m * kGroup, kGroup);
  }
}

}  // namespace
}  // namespace pipit
