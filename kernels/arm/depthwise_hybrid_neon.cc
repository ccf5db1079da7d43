// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Four positions by eight channels. A table has the addresses of the positions' taps, which may be
// those of zero points, so that the inner loop knows neither borders nor strides. Tiles whose taps
// are all inside of the image share one table, and move it.
//
// Two products of int8 fit into 16 bits unless all four factors are -128, so weights without that
// number take SMULL, SMLAL, SADDW and SADDW2 for sixteen multiply-adds. (Of activations, the least
// is nearly always -128.)
#include <arm_neon.h>

#include <cstring>

#include "kernels/arm/depthwise_cut.h"
#include "kernels/arm/unroll.h"
#include "kernels/arm/wrapping_neon.h"
#include "kernels/contracts/depthwise_hybrid.h"

namespace pipit {
namespace {

constexpr int kLanes = 8;
constexpr int kTile = DepthwiseHybridCut::kTile;  // positions

// Where a tile's taps and results lie.
struct Table {
  const int8_t** taps;  // [kernel_h][kernel_w][kTile]
  float* out[kTile];
};

// Positions of an image that follow each other, also from one row to the next.
struct Tile {
  int32_t image, y, x;  // the first
  int32_t count;        // at most kTile; those behind repeat the last
};

constexpr auto border_bytes = DepthwiseHybridCut::border_bytes;
constexpr auto table_bytes = DepthwiseHybridCut::table_bytes;

// ---- tables

// How far to move a table's addresses.
struct Offsets {
  ptrdiff_t in = 0, out = 0;
};

class Tables {
 public:
  explicit Tables(const DepthwiseHybrid& args)
      : a(args), border_(reinterpret_cast<const int8_t*>(args.scratch)) {
    auto* const from = args.scratch + border_bytes(args.size).size();
    inside_.taps = reinterpret_cast<const int8_t**>(from);
    other_.taps = reinterpret_cast<const int8_t**>(from + table_bytes(args.size).size());
  }

  // A table that is moved has addresses of the image alone, which all move by the same distance.
  // One with the border's is filled for its tile, and stays where it is.
  const Table& find(const Tile& t, Offsets* move) {
    *move = {};
    if (!is_inside(t)) {
      fill(t, &other_);
      return other_;
    }
    const Offsets at = offsets(t);
    if (!known_) {
      fill(t, &inside_);
      first_ = at;
      known_ = true;
    }
    *move = {at.in - first_.in, at.out - first_.out};
    return inside_;
  }

 private:
  // Whether all taps of a whole tile in one row lie inside of the image.
  bool is_inside(const Tile& t) const {
    const ConvGeometry& g = a.size;
    if (t.count < kTile || t.x + kTile > g.out_w) return false;
    const int64_t top = int64_t{t.y} * g.stride_h - g.pad_top;
    const int64_t left = int64_t{t.x} * g.stride_w - g.pad_left;
    const int64_t right = left + int64_t{kTile - 1} * g.stride_w;
    return top >= 0 && top + int64_t{g.kernel_h - 1} * g.dilation_h < g.in_h && left >= 0 &&
           right + int64_t{g.kernel_w - 1} * g.dilation_w < g.in_w;
  }

  // Of the first position, without the pads.
  Offsets offsets(const Tile& t) const {
    const ConvGeometry& g = a.size;
    const ptrdiff_t in = ptrdiff_t{t.image} * g.in_h + ptrdiff_t{t.y} * g.stride_h;
    const ptrdiff_t out = ptrdiff_t{t.image} * g.out_h + t.y;
    return {(in * g.in_w + ptrdiff_t{t.x} * g.stride_w) * a.stride.in_pixel,
            out * a.stride.out_row + ptrdiff_t{t.x} * a.stride.out_pixel};
  }

  void fill(Tile t, Table* table) const {
    for (int i = 0; i < kTile; ++i) {
      table->out[i] = a.out + offsets(t).out;
      fill_taps(t, table->taps + i);
      if (i + 1 >= t.count || ++t.x < a.size.out_w) continue;
      t.x = 0;
      ++t.y;
    }
  }

  // Of the first position.
  void fill_taps(const Tile& t, const int8_t** to) const {
    const ConvGeometry& g = a.size;
    const int32_t y = t.y * g.stride_h - g.pad_top, x = t.x * g.stride_w - g.pad_left;
    const TapRange rows = taps_inside(y, g.dilation_h, g.kernel_h, g.in_h);
    const TapRange columns = taps_inside(x, g.dilation_w, g.kernel_w, g.in_w);
    for (int32_t ky = 0; ky < g.kernel_h; ++ky) {
      const bool row_inside = ky >= rows.begin && ky < rows.end;
      const ptrdiff_t line = ptrdiff_t{t.image} * g.in_h + y + ptrdiff_t{ky} * g.dilation_h;
      for (int32_t kx = 0; kx < g.kernel_w; ++kx, to += kTile) {
        const bool inside = row_inside && kx >= columns.begin && kx < columns.end;
        const ptrdiff_t pixel = line * g.in_w + x + ptrdiff_t{kx} * g.dilation_w;
        *to = inside ? a.in + pixel * a.stride.in_pixel : border_;
      }
    }
  }

  const DepthwiseHybrid& a;
  const int8_t* border_;
  Table inside_ = {}, other_ = {};
  Offsets first_;  // of inside_
  bool known_ = false;
};

// ---- tiles

struct Sums {
  int32x4_t low, high;

  [[gnu::always_inline]] void add(int16x8_t products) {
    low = vaddw_s16(low, vget_low_s16(products));
#if PIPIT_ARM64
    high = vaddw_high_s16(high, products);
#else
    high = vaddw_s16(high, vget_high_s16(products));
#endif
  }
};

// kSame: the channels of a vector have one input channel.
template <bool kSame>
[[gnu::always_inline]] inline int8x8_t load(const int8_t* p) {
  return kSame ? vld1_dup_s8(p) : vld1_s8(p);
}

// The products of kTaps taps.
template <bool kSame, bool kPairs, int kTaps>
[[gnu::always_inline]] inline void add_taps(const int8_t* const* taps, ptrdiff_t from,
                                            const int8_t* weights, ptrdiff_t weights_tap,
                                            Sums (&sums)[kTile]) {
  int8x8_t x[kTaps][kTile], w[kTaps];
  int16x8_t p[kTile];
  unroll<kTaps>([&](auto k) [[gnu::always_inline]] {
    w[k] = vld1_s8(weights + k * weights_tap);
    unroll<kTile>(
        [&](auto i) [[gnu::always_inline]] { x[k][i] = load<kSame>(taps[k * kTile + i] + from); });
  });
  unroll<kTaps>([&](auto k) [[gnu::always_inline]] {
    unroll<kTile>([&](auto i) [[gnu::always_inline]] {
      p[i] = kPairs && k % 2 == 1 ? vmlal_s8(p[i], x[k][i], w[k]) : vmull_s8(x[k][i], w[k]);
    });
    if (kPairs && k % 2 == 0 && k + 1 < kTaps) return;
    unroll<kTile>([&](auto i) [[gnu::always_inline]] { sums[i].add(p[i]); });
  });
}

// What four channels make of their sums.
struct Finish {
  int32x4_t start;  // what the zero point takes from the sums
  float32x4_t scale, bias;

  [[gnu::always_inline]] Finish(const DepthwiseHybrid& a, int32_t c)
      : start(wrapping_multiply(vld1q_s32(a.weight_sums + c), vdupq_n_s32(-a.in_zero_point))),
        scale(vdupq_n_f32(a.in_scale)),
        bias(a.bias != nullptr ? vld1q_f32(a.bias + c) : vdupq_n_f32(0)) {
    if (a.scales != nullptr) scale = vmulq_f32(scale, vld1q_f32(a.scales + c));
  }
  [[gnu::always_inline]] float32x4_t operator()(int32x4_t sum, float32x4_t min,
                                                float32x4_t max) const {
    const float32x4_t v = vmulq_f32(vcvtq_f32_s32(wrapping_add(sum, start)), scale);
    return vminq_f32(vmaxq_f32(vaddq_f32(v, bias), min), max);
  }
};

[[gnu::always_inline]] inline void store(const DepthwiseHybrid& a, int32_t c,
                                         const Sums (&sums)[kTile], float* const (&out)[kTile],
                                         ptrdiff_t offset) {
  const float32x4_t min = vdupq_n_f32(a.min), max = vdupq_n_f32(a.max);
  const Finish low(a, c), high(a, c + 4);
  unroll<kTile>([&](auto i) [[gnu::always_inline]] {
    vst1q_f32(out[i] + offset, low(sums[i].low, min, max));
    vst1q_f32(out[i] + offset + 4, high(sums[i].high, min, max));
  });
}

template <bool kSame, bool kPairs>
[[gnu::noinline]] void run_tile(const DepthwiseHybrid& a, const Table& table, Offsets move) {
  const int32_t last = a.size.out_c - kLanes;
  const int32_t count = a.size.kernel_h * a.size.kernel_w;
  const ptrdiff_t weights_tap = a.weights_tap;
  for (int32_t c = 0;;) {
    // At the border, too, channel c is read: zero points of all input channels lie there.
    const ptrdiff_t from = move.in + (kSame ? c / a.multiplier : c);
    const int8_t* const* taps = table.taps;
    const int8_t* w = a.weights + c;
    Sums sums[kTile] = {};
    int32_t left = count;
    for (; left >= 2; left -= 2, taps += 2 * kTile, w += 2 * weights_tap) {
      add_taps<kSame, kPairs, 2>(taps, from, w, weights_tap, sums);
    }
    if (left != 0) add_taps<kSame, kPairs, 1>(taps, from, w, weights_tap, sums);
    store(a, c, sums, table.out, move.out + c);
    if (c == last) return;
    c = c + kLanes < last ? c + kLanes : last;  // the last eight may overlap those before
  }
}

template <bool kSame, bool kPairs>
void run_all(const DepthwiseHybrid& a) {
  const ConvGeometry& g = a.size;
  Tables tables(a);
  for (int32_t image = 0; image < g.batch; ++image) {
    Tile tile = {image, 0, 0, kTile};
    for (int32_t left = g.out_h * g.out_w; left > 0; left -= kTile) {
      if (left < kTile) tile.count = left;
      Offsets move;
      const Table& table = tables.find(tile, &move);
      run_tile<kSame, kPairs>(a, table, move);
      for (tile.x += kTile; tile.x >= g.out_w; tile.x -= g.out_w) ++tile.y;
    }
  }
}

bool has_min(const DepthwiseHybrid& a) {
  int8x8_t least = vdup_n_s8(0);
  const int32_t taps = a.size.kernel_h * a.size.kernel_w, last = a.size.out_c - kLanes;
  for (int32_t t = 0; t < taps; ++t) {
    const int8_t* w = a.weights + ptrdiff_t{t} * a.weights_tap;
    for (int32_t c = 0; c < last; c += kLanes) least = vmin_s8(least, vld1_s8(w + c));
    least = vmin_s8(least, vld1_s8(w + last));
  }
  const uint8x8_t found = vceq_s8(least, vdup_n_s8(-128));
  return vget_lane_u64(vreinterpret_u64_u8(found), 0) != 0;
}

template <bool kSame>
void run_all(const DepthwiseHybrid& a) {
  has_min(a) ? run_all<kSame, false>(a) : run_all<kSame, true>(a);
}

}  // namespace

void depthwise_hybrid_neon(const DepthwiseHybrid& a) {
  const bool same = a.size.in_c == 1 || a.multiplier % kLanes == 0;
  if (a.size.out_c < kLanes || (a.multiplier != 1 && !same)) return depthwise_hybrid_portable(a);
  std::memset(a.scratch, a.in_zero_point, static_cast<size_t>(a.size.in_c));
  same ? run_all<true>(a) : run_all<false>(a);
}

}  // namespace pipit
