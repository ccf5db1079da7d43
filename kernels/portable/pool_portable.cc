// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/contracts/pool.h"
#include "kernels/portable/conv_loops.h"

namespace pipit {
namespace {

// Channels that are folded at a time: their totals stay in registers or the innermost cache.
constexpr int32_t kBlock = 64;

// total = step(total, value) for each of the window's values, from `start`; then
// out = clamp(finish(total, number of values)).
template <class T, class Total, class Step, class Finish>
void pool(const Pool<T>& a, Total start, Step step, Finish finish) {
  const auto clamp = a.clamp;
  const ptrdiff_t row = ptrdiff_t{a.size.in_w} * a.stride.in_pixel;
  const auto block = [&](const Window& w, const T* in, T* out, int32_t n) {
    Total totals[kBlock];
    std::fill(totals, totals + n, start);
    for (int32_t ky = w.rows.begin; ky < w.rows.end; ++ky) {
      const T* line = in + (w.y + ky) * row;
      for (int32_t kx = w.columns.begin; kx < w.columns.end; ++kx) {
        const T* pixel = line + ptrdiff_t{w.x + kx} * a.stride.in_pixel;
        for (int32_t c = 0; c < n; ++c) totals[c] = step(totals[c], pixel[c]);
      }
    }
    // Only what lies inside of the image.
    const int32_t count = (w.rows.end - w.rows.begin) * (w.columns.end - w.columns.begin);
    for (int32_t c = 0; c < n; ++c) out[c] = static_cast<T>(clamp(finish(totals[c], count)));
  };
  for_each_position(a.size, a.stride, a.in, a.out, [&](const Window& w, const T* in, T* out) {
    for (int32_t c = 0; c < a.size.out_c; c += kBlock) {
      block(w, in + c, out + c, std::min(kBlock, a.size.out_c - c));
    }
  });
}

template <class T>
void average_integers(const Pool<T>& a) {
  pool(
      a, uint32_t{0}, [](uint32_t total, T x) { return total + static_cast<uint32_t>(x); },
      [](uint32_t total, int32_t count) {
        const auto sum = static_cast<int32_t>(total);
        // Half of the divisor, away from zero: what the reference adds before it divides.
        const auto half = static_cast<uint32_t>(count / 2);
        return static_cast<int32_t>(sum > 0 ? total + half : total - half) / count;
      });
}

template <class T>
void maximum(const Pool<T>& a) {
  pool(
      a, std::numeric_limits<T>::lowest(), [](T best, T x) { return best < x ? x : best; },
      [](T best, int32_t) { return static_cast<decltype(a.clamp.min)>(best); });
}

}  // namespace

void average_pool_portable(const Pool<float>& a) {
  pool(
      a, 0.0f, [](float total, float x) { return total + x; },
      [](float total, int32_t count) { return total / static_cast<float>(count); });
}
void average_pool_portable(const Pool<int8_t>& a) { average_integers(a); }
void average_pool_portable(const Pool<uint8_t>& a) { average_integers(a); }
void average_pool_portable(const Pool<int16_t>& a) { average_integers(a); }

void max_pool_portable(const Pool<float>& a) { maximum(a); }
void max_pool_portable(const Pool<int8_t>& a) { maximum(a); }
void max_pool_portable(const Pool<uint8_t>& a) { maximum(a); }
void max_pool_portable(const Pool<int16_t>& a) { maximum(a); }

void l2_pool_portable(const Pool<float>& a) {
  pool(
      a, 0.0f, [](float total, float x) { return total + x * x; },
      [](float total, int32_t count) { return std::sqrt(total / static_cast<float>(count)); });
}

}  // namespace pipit
