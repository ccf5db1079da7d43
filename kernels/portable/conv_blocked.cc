// SPDX-License-Identifier: Apache-2.0
// Convolution of 8-bit numbers by dot products of rows of 16 bits: the windows of a block of
// positions are gathered once, and meet eight filters at a time.
//
//   windows of a block   [positions][pitch]      pitch: kernel_h * kernel_w * in_c, rounded up
//   filters of a group   [8][pitch]
//   each position x each filter: a dot product, and with that the sums of eight channels
#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/conv_u8.h"
#include "kernels/portable/blocked.h"
#include "kernels/portable/conv_loops.h"

namespace pipit {
namespace {

constexpr int32_t kStep = 8;   // rows are a multiple of it, with zeros at the end
constexpr int32_t kLeast = 8;  // positions in a block, or filters would be widened too often

// The products of a window with each filter of a group, whose rows are `depth` apart.
inline void dots(const int16_t* x, const int16_t* w, ptrdiff_t depth, uint32_t* to) {
  static_assert(kGroup == 8);
  uint32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
  const auto product = [](int32_t p, int32_t q) { return static_cast<uint32_t>(p * q); };
  for (ptrdiff_t i = 0, n = depth / kStep * kStep; i < n; ++i) {
    s0 += product(x[i], w[i]);
    s1 += product(x[i], w[i + depth]);
    s2 += product(x[i], w[i + 2 * depth]);
    s3 += product(x[i], w[i + 3 * depth]);
    s4 += product(x[i], w[i + 4 * depth]);
    s5 += product(x[i], w[i + 5 * depth]);
    s6 += product(x[i], w[i + 6 * depth]);
    s7 += product(x[i], w[i + 7 * depth]);
  }
  const uint32_t sums[] = {s0, s1, s2, s3, s4, s5, s6, s7};
  std::memcpy(to, sums, sizeof(sums));
}

// Scratch memory: the windows of a block, then the filters of a group.
template <class Args>
struct Conv {
  using T = Activation<Args>;
  const Args& a;
  const ConvGeometry& g;
  ptrdiff_t depth, pitch;
  int32_t positions, block;

  explicit Conv(const Args& args) : a(args), g(args.size) {
    depth = ptrdiff_t{g.kernel_h} * g.kernel_w * g.in_c;
    pitch = (depth + kStep - 1) / kStep * kStep;
    positions = g.batch * g.out_h * g.out_w;
    const ptrdiff_t fit = pitch == 0 ? kLeast : kBlockBytes / kWide / pitch;
    block = static_cast<int32_t>(fit > kLeast ? fit : kLeast);
    if (block > positions) block = positions;
  }

  ByteCount row() const { return ByteCount(pitch) * kWide; }
  // Enough for shorter rows, too, of which a block has more.
  ByteCount window_bytes() const {
    const ByteCount all = row() * positions, least = row() * kLeast;
    const ByteCount most = least > kBlockBytes ? least : kBlockBytes;
    return all < most ? all : most;
  }
  static ByteCount scratch(const Args& a) {
    if (!countable(a.size)) return ByteCount::unbounded();
    const Conv conv(a);
    return conv.window_bytes() + conv.row() * kGroup;
  }

  // Whether all windows are one row of numbers.
  bool in_line() const {
    return g.kernel_h == 1 && g.kernel_w == 1 && g.stride_h == 1 && g.stride_w == 1 &&
           g.pad_top == 0 && g.pad_left == 0 && g.in_h == g.out_h && g.in_w == g.out_w &&
           a.stride.in_pixel == g.in_c && pitch == depth;
  }

  // Position m is at (y, x) of an image.
  struct Position {
    int32_t image, y, x;
  };
  Position position(int32_t m) const {
    const int32_t row = m / g.out_w;
    return {row / g.out_h, row % g.out_h, m % g.out_w};
  }
  void step(Position* p) const {
    if (++p->x < g.out_w) return;
    p->x = 0;
    if (++p->y < g.out_h) return;
    p->y = 0;
    ++p->image;
  }

  void gather(int32_t first, int32_t count, int16_t* to) const {
    const int32_t offset = activation_offset(a);
    if (in_line()) return widen(a.in + first * depth, offset, count * depth, to);
    Position p = position(first);
    for (int32_t i = 0; i < count; ++i, to += pitch, step(&p)) {
      const T* image = a.in + ptrdiff_t{p.image} * g.in_h * g.in_w * a.stride.in_pixel;
      for_each_run(
          g, a.stride, window_at(g, p.y, p.x),
          [&](ptrdiff_t from, int32_t k, int32_t n) { widen(image + from, offset, n, to + k); },
          [&](int32_t k, int32_t n) { fill(border(a), n, to + k); });
      fill(0, pitch - depth, to + depth);
    }
  }

  // Those that do not exist hold what is there: their sums are not used.
  void load_filters(int32_t first, int32_t n, int16_t* to) const {
    const auto* w = a.weights + first * depth;
    for (int32_t i = 0; i < n; ++i, w += depth, to += pitch) {
      widen(w, weight_offset(a), depth, to);
      fill(0, pitch - depth, to + depth);
    }
  }

  // The channels from c on of the positions from `first` on.
  void run_group(const int16_t* windows, const int16_t* filters, int32_t first, int32_t count,
                 int32_t c, GroupResults<T>* results) const {
    Position p = position(first);
    for (int32_t i = 0; i < count; ++i, windows += pitch, step(&p)) {
      T* line = a.out + (ptrdiff_t{p.image} * g.out_h + p.y) * a.stride.out_row;
      T* out = line + ptrdiff_t{p.x} * a.stride.out_pixel + c;
      dots(windows, filters, pitch, results->next(out));
    }
    results->finish();
  }

  void run() const {
    auto* windows = reinterpret_cast<int16_t*>(a.scratch);
    auto* filters = reinterpret_cast<int16_t*>(a.scratch + window_bytes().size());
    for (int32_t first = 0; first < positions; first += block) {
      const int32_t left = positions - first, count = left < block ? left : block;
      gather(first, count, windows);
      for (int32_t c = 0; c < g.out_c; c += kGroup) {
        const int32_t n = g.out_c - c < kGroup ? g.out_c - c : kGroup;
        load_filters(c, n, filters);
        GroupResults<T> results(a.bias, a.requantize, c, n);
        run_group(windows, filters, first, count, c, &results);
      }
    }
  }
};

}  // namespace

ByteCount conv_s8_blocked_scratch(const ConvS8& a) { return Conv<ConvS8>::scratch(a); }
void conv_s8_blocked(const ConvS8& a) { Conv<ConvS8>(a).run(); }
ByteCount conv_u8_blocked_scratch(const ConvU8& a) { return Conv<ConvU8>::scratch(a); }
void conv_u8_blocked(const ConvU8& a) { Conv<ConvU8>(a).run(); }

}  // namespace pipit
