// SPDX-License-Identifier: Apache-2.0
// Convolutions of float activations with int8 weights, plain and depthwise, whose arrays lie
// between unmapped pages: what the tests of their variants share.
//
// Sums are exact, so results may differ by no more than the roundings of scaling them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "kernels/contracts/conv_hybrid.h"
#include "kernels/contracts/depthwise_hybrid.h"
#include "tests/kernels/conv_variants.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace pipit::test {

struct Case {
  ConvGeometry size;
  Fill input = Fill::kRandom, weights = Fill::kRandom;
  bool scales = true, bias = true;
  int32_t gap = 0;  // elements between pixels that belong to somebody else
};

inline std::string describe(const Case& c) {
  return describe(c.size) + ", fills " + std::to_string(static_cast<int>(c.input)) + " " +
         std::to_string(static_cast<int>(c.weights)) + ", gap " + std::to_string(c.gap);
}

template <class Args>
class HybridConv {
  static constexpr bool kDepthwise = requires(Args a) { a.weights_tap; };

 public:
  HybridConv(const Case& c, Against side, uint64_t seed)
      : case_(c),
        terms_(c.size.kernel_h * c.size.kernel_w * (kDepthwise ? 1 : c.size.in_c)),
        in_(pixels(c.size.batch * c.size.in_h * c.size.in_w, c.size.in_c), side),
        weights_(elements(c.size.out_c * terms_), side),
        sums_(elements(c.size.out_c), side),
        scales_(elements(c.size.out_c), side),
        bias_(elements(c.size.out_c), side),
        side_(side) {
    Random random(seed);
    fill(in_.span(), c.input, &random);
    fill(weights_.span(), c.weights, &random);
    for (int32_t o = 0; o < c.size.out_c; ++o) {
      int32_t& sum = sums_.span()[elements(o)];
      sum = 0;
      for (int32_t k = 0; k < terms_; ++k) sum += weights_.span()[weight(o, k)];
    }
    for (float& v : scales_.span()) v = static_cast<float>(random.unit() / 64);
    for (float& v : bias_.span()) v = static_cast<float>(random.unit() * 4 - 2);
    zero_point_ = random.one_in(3) ? 0 : random.between(-128, 127);
    no_weight_is_min_ = true;
    for (const int8_t w : weights_.span()) no_weight_is_min_ &= w != -128;
    for (const auto* b : {&in_, &weights_}) b->make_read_only();
  }

  void run(const KernelVariant<Args>& variant, Span<float> out) const {
    Args a = args();
    a.out = out.data();
    const size_t bytes = variant.scratch != nullptr ? variant.scratch(a).size() : 0;
    const GuardedBuffer<uint8_t> scratch(bytes, side_, 16);
    a.scratch = scratch.data();
    variant.run(a);
  }

  size_t outputs() const {
    return pixels(case_.size.batch * case_.size.out_h * case_.size.out_w, case_.size.out_c);
  }

  Args args() const {
    Args a;
    a.size = case_.size;
    a.stride = dense_strides(case_.size);
    a.stride.in_pixel += case_.gap;
    a.stride.out_pixel += case_.gap;
    a.stride.out_row = case_.size.out_w * a.stride.out_pixel;
    a.in = in_.data();
    a.weights = weights_.data();
    a.weight_sums = sums_.data();
    if (case_.scales) a.scales = scales_.data();
    if (case_.bias) a.bias = bias_.data();
    a.in_scale = 0.01f;
    a.in_zero_point = zero_point_;
    a.min = 0;
    a.max = 1e6f;
    if constexpr (kDepthwise) {
      a.multiplier = case_.size.out_c / case_.size.in_c;
      a.weights_tap = case_.size.out_c;
    } else {
      a.no_weight_is_min = no_weight_is_min_;
    }
    return a;
  }

 private:
  static size_t elements(int32_t n) { return static_cast<size_t>(n); }
  size_t pixels(int32_t n, int32_t channels) const {
    return elements((n - 1) * (channels + case_.gap) + channels);
  }
  // Of output o.
  size_t weight(int32_t o, int32_t k) const {
    return elements(kDepthwise ? k * case_.size.out_c + o : o * terms_ + k);
  }

  Case case_;
  int32_t terms_;  // of an output
  GuardedBuffer<int8_t> in_, weights_;
  GuardedBuffer<int32_t> sums_;
  GuardedBuffer<float> scales_, bias_;
  Against side_;
  int32_t zero_point_ = 0;
  bool no_weight_is_min_ = false;
};

template <class Args>
bool agrees(const KernelVariant<Args>& variant, const KernelVariant<Args>& portable, const Case& c,
            Against side, uint64_t seed) {
  const HybridConv<Args> conv(c, side, seed);
  const GuardedBuffer<float> want(conv.outputs(), side), got(conv.outputs(), other(side));
  conv.run(portable, want.span());
  conv.run(variant, got.span());
  for (size_t i = 0; i < conv.outputs(); ++i) {
    const float w = want.span()[i];
    if (!(std::fabs(w - got.span()[i]) <= 1e-6f * (std::fabs(w) + 2))) return false;
  }
  return true;
}

// What a part of the work may have less of.
constexpr int32_t ConvGeometry::*kParts[] = {&ConvGeometry::batch, &ConvGeometry::out_h,
                                             &ConvGeometry::kernel_h, &ConvGeometry::out_c};

// ---- variants broken on purpose

// Forgets what the zero point adds.
template <class Args, void (*portable)(const Args&)>
void forgets_zero_point(const Args& a) {
  Args b = a;
  b.in_zero_point = 0;
  portable(b);
}

// Forgets the last channel.
template <class Args, void (*portable)(const Args&)>
void one_channel_short(const Args& a) {
  const float before = a.out[a.size.out_c - 1];
  portable(a);
  a.out[a.size.out_c - 1] = before;
}

}  // namespace pipit::test
