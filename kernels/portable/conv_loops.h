// SPDX-License-Identifier: Apache-2.0
// The loops that the portable convolutions share. The border is tested once for each position, and
// channels are contiguous in the innermost loops, which the compiler turns into vector code.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/contracts/conv.h"
#include "kernels/math/fixed_point.h"

namespace pipit {

static inline uint32_t dot(const int8_t* x, const int8_t* w, int32_t n) {
  uint32_t sum = 0;
  for (int32_t i = 0; i < n; ++i) sum += static_cast<uint32_t>(x[i] * w[i]);
  return sum;
}

static inline uint32_t sum(const int8_t* w, int32_t n) {
  uint32_t sum = 0;
  for (int32_t i = 0; i < n; ++i) sum += static_cast<uint32_t>(w[i]);
  return sum;
}

// A sum of float products in parts side by side: in the order of one sum, the additions could not
// share an instruction.
struct SumF32 {
  static constexpr int kLanes = 8;
  float lanes[kLanes] = {};
  float rest = 0;

  void add_products(const float* x, const float* w, int32_t n) {
    int32_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
      for (int lane = 0; lane < kLanes; ++lane) lanes[lane] += x[i + lane] * w[i + lane];
    }
    for (; i < n; ++i) rest += x[i] * w[i];
  }

  float total() const {
    float t = rest;
    for (float lane : lanes) t += lane;
    return t;
  }
};

static inline float clamp(float x, float low, float high) {
  // In this order, as TensorFlow Lite's minimum of a maximum: both pass a NaN on.
  x = x < low ? low : x;
  return x > high ? high : x;
}

// From the sum of products to the output of a convolution of int16 activations.
static inline int16_t finish_s16(int64_t sum, const BiasS16& bias, const Requantize& q, int32_t c) {
  const uint64_t total = static_cast<uint64_t>(sum) + static_cast<uint64_t>(bias[c]);
  const int32_t scaled = bias.wide_sums
                             ? multiply(static_cast<int64_t>(total), q.multiplier[c], q.shift[c])
                             : multiply(static_cast<int32_t>(static_cast<uint32_t>(total)),
                                        q.multiplier[c], q.shift[c]);
  return static_cast<int16_t>(clamp(scaled, q.min, q.max));
}

// The same where activations were quantized for the purpose.
template <class Args>
float finish_hybrid(const Args& a, int32_t sum, int32_t c) {
  float real = static_cast<float>(sum);
  if (a.scales != nullptr) real *= a.scales[c];
  real *= a.in_scale;
  if (a.bias != nullptr) real += a.bias[c];
  return clamp(real, a.min, a.max);
}

// Where an output position's window lies.
struct Window {
  int32_t y = 0, x = 0;  // input position of its first tap
  TapRange rows, columns;
};

static inline Window window_at(const ConvGeometry& g, int32_t out_y, int32_t out_x) {
  Window w;
  w.y = out_y * g.stride_h - g.pad_top;
  w.x = out_x * g.stride_w - g.pad_left;
  w.rows = taps_inside(w.y, g.dilation_h, g.kernel_h, g.in_h);
  w.columns = taps_inside(w.x, g.dilation_w, g.kernel_w, g.in_w);
  return w;
}

// Calls position(window, input image, output pixel) for every output position.
template <class In, class Out, class Position>
void for_each_position(const ConvGeometry& g, const ConvStrides& s, const In* in, Out* out,
                       Position position) {
  for (int32_t b = 0; b < g.batch; ++b) {
    const In* image = in + ptrdiff_t{b} * g.in_h * g.in_w * s.in_pixel;
    for (int32_t y = 0; y < g.out_h; ++y) {
      Out* row = out + (ptrdiff_t{b} * g.out_h + y) * s.out_row;
      for (int32_t x = 0; x < g.out_w; ++x) {
        position(window_at(g, y, x), image, row + ptrdiff_t{x} * s.out_pixel);
      }
    }
  }
}

// The window's taps over weights [kernel_h][kernel_w][in_c], in runs that are contiguous:
// inside(offset in the image, offset in the weights, n) and outside(offset in the weights, n).
//
// Of 3 x 3 taps at the image's top left corner, with a border of 1:
//
//    o o o     outside: the first row, in one run
//    o x x     outside: one tap; inside: two taps, in one run if neighbours lie side by side
//    o x x
//
// Runs may be empty.
template <class Inside, class Outside>
void for_each_run(const ConvGeometry& g, const ConvStrides& s, const Window& at, Inside inside,
                  Outside outside) {
  const int32_t row = g.kernel_w * g.in_c;
  const TapRange taps = at.columns;
  const bool dense = g.dilation_w == 1 && s.in_pixel == g.in_c;
  const int32_t step = dense ? taps.end - taps.begin : 1;
  outside(0, at.rows.begin * row);
  for (int32_t ky = at.rows.begin; ky < at.rows.end; ++ky) {
    const int32_t w = ky * row;
    const ptrdiff_t line = (at.y + ptrdiff_t{ky} * g.dilation_h) * g.in_w;
    outside(w, taps.begin * g.in_c);
    for (int32_t kx = taps.begin; kx < taps.end; kx += step) {
      inside((line + at.x + kx * g.dilation_w) * s.in_pixel, w + kx * g.in_c, step * g.in_c);
    }
    outside(w + taps.end * g.in_c, row - taps.end * g.in_c);
  }
  outside(at.rows.end * row, (g.kernel_h - at.rows.end) * row);
}

// For kernels whose taps outside of the image add nothing.
static inline void ignore(int32_t, int32_t) {}

}  // namespace pipit
