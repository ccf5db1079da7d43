// SPDX-License-Identifier: Apache-2.0
// Convolutions of 8-bit numbers, plain and depthwise, whose arrays lie between unmapped pages: what
// the tests of their variants share.
#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>

#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/conv_u8.h"
#include "kernels/contracts/depthwise_s8.h"
#include "kernels/contracts/depthwise_u8.h"
#include "tests/kernels/conv_variants.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/random.h"

namespace pipit::test {

// Weights that are never the least number let kernels add two products in 16 bits.
constexpr Fill kConvFills[] = {Fill::kRandom, Fill::kNeverMin, Fill::kAllMin, Fill::kAllMax,
                               Fill::kAlternating};

// The shifts that a case draws from: usual ones, all that the format allows, only left or
// right ones, as far to the right as kernels find easy, and hardly any.
struct Shifts {
  int32_t low, high;
};
constexpr Shifts kShifts[] = {{-12, -1}, {-31, 30}, {0, 8}, {-31, -1}, {-24, -1}, {-1, 0}};

struct Case {
  ConvGeometry size;
  Fill input, weights;
  Shifts shifts;
  int32_t gap = 0;  // elements between rows of the output
};

inline std::string describe(const Case& c) {
  return describe(c.size) + ", fills " + std::to_string(static_cast<int>(c.input)) + " " +
         std::to_string(static_cast<int>(c.weights)) + ", shifts from " +
         std::to_string(c.shifts.low) + ", rows " + std::to_string(c.gap) + " apart";
}

// A convolution of one kind of arguments.
template <class Args>
class GuardedConv {
  static constexpr bool kDepthwise = requires(Args a) { a.weights_tap; };

 public:
  using T = std::remove_pointer_t<decltype(Args::out)>;
  static constexpr int kMin = std::numeric_limits<T>::min(), kMax = std::numeric_limits<T>::max();

  GuardedConv(const Case& c, Against side, uint64_t seed)
      : size_(c.size),
        gap_(c.gap),
        in_(elements(c.size.in_h * c.size.in_w * c.size.in_c * c.size.batch), side),
        weights_(elements(c.size.out_c * c.size.kernel_h * c.size.kernel_w *
                          (kDepthwise ? 1 : c.size.in_c)),
                 side),
        bias_(elements(c.size.out_c), side),
        multiplier_(elements(c.size.out_c), side),
        shift_(elements(c.size.out_c), side),
        side_(side) {
    Random random(seed);
    fill(in_.span(), c.input, &random);
    fill(weights_.span(), c.weights, &random);
    for (int32_t& b : bias_.span()) {
      b = random.one_in(8) ? random.between(INT32_MIN, INT32_MAX) : random.between(-9999, 9999);
    }
    for (int32_t& m : multiplier_.span()) {
      const int32_t ends[] = {1 << 30, INT32_MAX};  // a half of each odd sum, and nearly all of it
      m = random.one_in(4) ? ends[random.between(0, 1)] : random.between(1 << 30, INT32_MAX);
    }
    for (int8_t& s : shift_.span()) {
      s = static_cast<int8_t>(random.between(c.shifts.low, c.shifts.high));
    }
    zero_point_ = random.between(kMin, kMax);
    const int32_t usual[] = {0, 128, 255};
    weights_zero_point_ = random.one_in(2) ? usual[random.between(0, 2)] : random.between(0, 255);
    if constexpr (std::is_same_v<T, uint8_t>) fit_some_weights(&random);
    // What models have behind a ReLU, half of the time.
    out_zero_point_ = random.one_in(2) ? kMin : random.between(kMin, kMax);
    min_ = random.one_in(2) ? kMin : out_zero_point_;
    max_ = random.one_in(2) ? kMax : random.between(out_zero_point_, kMax);
    for (const auto* b : {&in_, &weights_}) b->make_read_only();
  }

  Args args() const {
    Args a;
    a.size = size_;
    a.stride = dense_strides(size_);
    a.stride.out_row += gap_;
    a.in = in_.data();
    a.weights = weights_.data();
    a.bias = bias_.data();
    a.in_zero_point = zero_point_;
    a.requantize = {multiplier_.data(), shift_.data(), out_zero_point_, min_, max_};
    if constexpr (kDepthwise) {
      a.multiplier = size_.out_c / size_.in_c;
      a.weights_tap = size_.out_c;
    }
    if constexpr (requires { a.weights_zero_point; }) a.weights_zero_point = weights_zero_point_;
    if constexpr (requires { a.no_weight_is_min; }) {
      a.no_weight_is_min = std::count(weights_.span().begin(), weights_.span().end(), kMin) == 0;
    }
    return a;
  }

  void run(const KernelVariant<Args>& variant, Span<T> out) const {
    Args a = args();
    a.out = out.data();
    run(variant, a);
  }

  // Row by row, with weights that are arranged once. Returns whether the variant can.
  bool run_arranged(const KernelVariant<Args>& variant, Span<T> out) const {
    if constexpr (requires(Args a) { a.arranged; }) {
      const Args whole = args();
      if (variant.arranged_bytes == nullptr || size_.batch != 1) return false;
      const size_t bytes = variant.arranged_bytes(whole).size();
      if (bytes == 0) return false;
      const GuardedBuffer<uint8_t> arranged(bytes, side_, 16);
      variant.arrange(whole, arranged.data());
      for (int32_t y = 0; y < size_.out_h; ++y) {
        Args a = whole;
        a.size.out_h = 1;
        a.size.pad_top -= y * size_.stride_h;
        a.out = out.data() + ptrdiff_t{y} * a.stride.out_row;
        a.arranged = arranged.data();
        run(variant, a);
      }
      return true;
    }
    return false;
  }

 private:
  void run(const KernelVariant<Args>& variant, Args a) const {
    const size_t bytes = variant.scratch != nullptr ? variant.scratch(a).size() : 0;
    const GuardedBuffer<uint8_t> scratch(bytes, side_, 16);
    a.scratch = scratch.data();
    variant.run(a);
  }

 public:
  size_t outputs() const {
    return elements(size_.batch * size_.out_h * (size_.out_w * size_.out_c + gap_));
  }

 private:
  static size_t elements(int32_t n) { return static_cast<size_t>(n); }

  // Weights of a half of the eighths of the channels, less their zero point, become int8.
  void fit_some_weights(Random* random) {
    const size_t eighth = std::max<size_t>(weights_.span().size() / 8, 1);
    bool fit = false;
    for (size_t i = 0; i < weights_.span().size(); ++i) {
      if (i % eighth == 0) fit = random->one_in(2);
      if (!fit) continue;
      T& w = weights_.span()[i];
      w = static_cast<T>(
          std::clamp<int32_t>(w, weights_zero_point_ - 128, weights_zero_point_ + 127));
    }
  }

  ConvGeometry size_;
  int32_t gap_;
  GuardedBuffer<T> in_, weights_;
  GuardedBuffer<int32_t> bias_, multiplier_;
  GuardedBuffer<int8_t> shift_;
  Against side_;
  int32_t zero_point_ = 0, weights_zero_point_ = 0, out_zero_point_ = 0, min_ = 0, max_ = 0;
};

template <class Args>
bool agrees(const KernelVariant<Args>& variant, const KernelVariant<Args>& portable, const Case& c,
            Against side, uint64_t seed) {
  using T = typename GuardedConv<Args>::T;
  const GuardedConv<Args> conv(c, side, seed);
  const GuardedBuffer<T> want(conv.outputs(), side), got(conv.outputs(), other(side));
  conv.run(portable, want.span());
  conv.run(variant, got.span());
  const auto equal = [&](const GuardedBuffer<T>& out) {
    return std::equal(want.span().begin(), want.span().end(), out.span().begin());
  };
  const GuardedBuffer<T> by_rows(conv.outputs(), side);
  return equal(got) && (!conv.run_arranged(variant, by_rows.span()) || equal(by_rows));
}

// What a part of the work may have less of.
constexpr int32_t ConvGeometry::*kParts[] = {&ConvGeometry::batch, &ConvGeometry::out_h,
                                             &ConvGeometry::out_c};

}  // namespace pipit::test
