// SPDX-License-Identifier: Apache-2.0
// Float convolutions, plain and depthwise, whose arrays lie between unmapped pages: what the tests
// of their variants share.
//
// Terms may be added in any order and products may be fused with additions, so a variant may stray
// from the portable one by a rounding error for each term, of the sum of all terms' magnitudes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/contracts/conv_f32.h"
#include "kernels/contracts/depthwise_f32.h"
#include "tests/kernels/conv_variants.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/random.h"

namespace pipit::test {

inline bool is_close(float want, float got, float magnitude, int32_t terms) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) == std::isnan(got);
  if (std::isinf(want) || std::isinf(got)) return want == got;
  const float rounding = static_cast<float>(2 * terms + 4) * FLT_EPSILON / 2;
  return want == got || std::fabs(want - got) <= rounding * magnitude;
}

inline void fill(Span<float> values, Random* random) {
  for (float& v : values) v = static_cast<float>(random->unit() * 4 - 2);
}

struct Case {
  ConvGeometry size;
  bool bias = true;
  bool clamp = true;
  bool special = false;  // an infinity and a NaN among the inputs
  int32_t gap = 0;       // elements between pixels that belong to somebody else
};

inline std::string describe(const Case& c) {
  return describe(c.size) + ", gap " + std::to_string(c.gap);
}

template <class Args>
class FloatConv {
  static constexpr bool kDepthwise = requires(Args a) { a.weights_tap; };

 public:
  FloatConv(const Case& c, Against side, uint64_t seed)
      : case_(c),
        in_(pixels(c.size.batch * c.size.in_h * c.size.in_w, c.size.in_c), side),
        weights_(static_cast<size_t>(c.size.out_c * terms()), side),
        bias_(static_cast<size_t>(c.size.out_c), side),
        side_(side) {
    Random random(seed);
    for (const auto* b : {&in_, &weights_, &bias_}) fill(b->span(), &random);
    if (c.special) {
      in_.span()[in_.size() / 2] = std::numeric_limits<float>::infinity();
      in_.span()[0] = std::numeric_limits<float>::quiet_NaN();
    }
    for (const auto* b : {&in_, &weights_, &bias_}) b->make_read_only();
  }

  // Of an output.
  int32_t terms() const {
    const ConvGeometry& g = case_.size;
    return g.kernel_h * g.kernel_w * (kDepthwise ? 1 : g.in_c);
  }

  size_t outputs() const {
    const ConvGeometry& g = case_.size;
    return pixels(g.batch * g.out_h * g.out_w, g.out_c);
  }

  void run(const KernelVariant<Args>& variant, Span<float> out) const {
    Args a = args();
    a.out = out.data();
    const size_t bytes = variant.scratch != nullptr ? variant.scratch(a).size() : 0;
    const GuardedBuffer<uint8_t> scratch(bytes, side_, 16);
    a.scratch = scratch.data();
    variant.run(a);
  }

  // The sums of all terms' magnitudes.
  void magnitudes(const KernelVariant<Args>& portable, Span<float> out) const {
    const auto absolute = [](const GuardedBuffer<float>& b) {
      std::vector<float> v(b.span().begin(), b.span().end());
      for (float& x : v) x = std::isnan(x) ? 0 : std::fabs(x);
      return v;
    };
    const std::vector<float> in = absolute(in_), weights = absolute(weights_);
    const std::vector<float> bias = absolute(bias_);
    Args a = args();
    a.in = in.data();
    a.weights = weights.data();
    if (case_.bias) a.bias = bias.data();
    a.min = 0;
    a.max = std::numeric_limits<float>::infinity();
    a.out = out.data();
    portable.run(a);
  }

  Args args() const {
    const ConvGeometry& g = case_.size;
    Args a;
    a.size = g;
    a.stride = dense_strides(g);
    a.stride.in_pixel += case_.gap;
    a.stride.out_pixel += case_.gap;
    a.stride.out_row = g.out_w * a.stride.out_pixel;
    a.in = in_.data();
    a.weights = weights_.data();
    a.bias = case_.bias ? bias_.data() : nullptr;
    a.min = case_.clamp ? 0 : -std::numeric_limits<float>::infinity();
    a.max = case_.clamp ? 1.5f : std::numeric_limits<float>::infinity();
    if constexpr (kDepthwise) {
      a.multiplier = g.out_c / g.in_c;
      a.weights_tap = g.out_c;
    }
    return a;
  }

 private:
  size_t pixels(int32_t n, int32_t channels) const {
    return static_cast<size_t>((n - 1) * (channels + case_.gap) + channels);
  }

  Case case_;
  GuardedBuffer<float> in_, weights_, bias_;
  Against side_;
};

template <class Args>
bool agrees(const KernelVariant<Args>& variant, const KernelVariant<Args>& portable, const Case& c,
            Against side, uint64_t seed) {
  const FloatConv<Args> conv(c, side, seed);
  const GuardedBuffer<float> want(conv.outputs(), side), got(conv.outputs(), other(side));
  const GuardedBuffer<float> magnitude(conv.outputs(), side);
  conv.run(portable, want.span());
  conv.run(variant, got.span());
  conv.magnitudes(portable, magnitude.span());
  for (size_t i = 0; i < conv.outputs(); ++i) {
    if (!is_close(want.span()[i], got.span()[i], std::fabs(magnitude.span()[i]), conv.terms())) {
      return false;
    }
  }
  return true;
}

// Each size with and without a bias, a clamp, special values and neighbours.
template <class Visit>
void with_options(const ConvGeometry& size, const Visit& visit) {
  visit(Case{size});
  visit(Case{.size = size, .bias = false, .clamp = false});
  visit(Case{.size = size, .clamp = false, .special = true});
  visit(Case{.size = size, .gap = 3});
}

// What a part of the work may have less of.
constexpr int32_t ConvGeometry::*kParts[] = {&ConvGeometry::out_h, &ConvGeometry::out_w,
                                             &ConvGeometry::kernel_h, &ConvGeometry::kernel_w,
                                             &ConvGeometry::out_c};

}  // namespace pipit::test
