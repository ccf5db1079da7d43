// SPDX-License-Identifier: Apache-2.0
// What the blocked convolutions of 8-bit numbers share. They are written for compilers that turn
// loops into vector code: operands are widened to 16 bits once and multiplied many times, sums of
// eight channels grow side by side, and some positions of them become results at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "kernels/contracts/conv.h"
#include "kernels/math/fixed_point.h"

namespace pipit {
namespace {

constexpr int32_t kGroup = 8;             // channels side by side
constexpr int32_t kBlockBytes = 8 << 10;  // of widened activations: arenas are small
constexpr int32_t kWide = sizeof(int16_t);

template <class Args>
using Activation = std::remove_const_t<std::remove_pointer_t<decltype(Args::in)>>;

// What is taken off operands of 8 bits. All of it is in the range of 9 bits then, so that a sum of
// two products fits into 32.
template <class Args>
int32_t activation_offset(const Args&) {
  return std::is_same_v<Activation<Args>, uint8_t> ? 128 : 0;
}

template <class Args>
int32_t weight_offset(const Args& a) {
  if constexpr (requires { a.weights_zero_point; }) return a.weights_zero_point;
  return 0;
}

// What taps outside of the image read.
template <class Args>
int16_t border(const Args& a) {
  return static_cast<int16_t>(a.in_zero_point - activation_offset(a));
}

template <class T>
void widen(const T* from, int32_t offset, ptrdiff_t n, int16_t* to) {
  for (ptrdiff_t i = 0; i < n; ++i) to[i] = static_cast<int16_t>(from[i] - offset);
}

inline void fill(int16_t value, ptrdiff_t n, int16_t* to) {
  for (ptrdiff_t i = 0; i < n; ++i) to[i] = value;
}

// How the sums of a group of channels become results: those of kRun positions at a time, whose
// constants are repeated, so that all numbers meet their own in plain arrays.
//
// The usual multipliers are positive and do not shift to the left. Then what requantize() computes
// is symmetric around zero, but for halves of the first rounding, and can be done with unsigned
// numbers; the second rounding is a product with a power of two, since that is what there are
// vector instructions for everywhere.
template <class Out>
class GroupResults {
 public:
  GroupResults(const int32_t* bias, const Requantize& q, int32_t first, int32_t channels)
      : q_(q),
        first_(first),
        channels_(channels),
        low_(q.min - q.zero_point),
        high_(q.max - q.zero_point) {
    for (int32_t c = 0; c < channels; ++c) set_channel(bias[first + c], first + c, c);
    for (int32_t i = kGroup; i < kAll; ++i) {
      bias_[i] = bias_[i - kGroup];
      multiplier_[i] = multiplier_[i - kGroup];
      power_[i] = power_[i - kGroup];
    }
  }

  // Where to put the sums of the next position, whose results go to `out`.
  uint32_t* next(Out* out) {
    if (count_ == kRun) finish();
    out_[count_] = out;
    return sums_ + kGroup * count_++;
  }

  void finish() {
    if (!usual_) {
      any();
    } else if (low_ >= 0) {
      usual<false>();
    } else {
      usual<true>();
    }
    count_ = 0;
  }

 private:
  static constexpr int32_t kRun = 8, kAll = kRun * kGroup;
  static constexpr uint32_t kHalf = 1u << 30;

  void set_channel(int32_t bias, int32_t c, int32_t at) {
    const int32_t multiplier = q_.multiplier[c], right = -q_.shift[c];
    usual_ = usual_ && multiplier >= 0 && right >= 0;
    bias_[at] = static_cast<uint32_t>(bias);
    multiplier_[at] = static_cast<uint32_t>(multiplier);
    power_[at] = usual_ ? 1u << (31 - right) : 0;
  }

  // Where no result is below the zero point, negative sums may be zeros.
  template <bool kSigned>
  void usual() {
    // Sums of positions that do not exist are old ones: computed, but not written.
    const int32_t n = (count_ + 1) / 2 * 2 * kGroup;  // a multiple of the lanes of vectors
    uint32_t sizes[kAll], signs[kAll];
    Out results[kAll];
    multiply<kSigned>(n, sizes, signs);
    shift<kSigned>(n, sizes, signs, results);
    write(results);
  }

  template <bool kSigned>
  void multiply(int32_t n, uint32_t* sizes, uint32_t* signs) const {
    for (int32_t i = 0; i < n; ++i) {
      const uint32_t x = sums_[i] + bias_[i];
      const auto sign = static_cast<uint32_t>(static_cast<int32_t>(x) >> 31);
      const uint32_t size = kSigned ? (x ^ sign) - sign : x & ~sign;
      // rounding_doubling_high_mul() takes halves up: of a negative number's size, down. There
      // `sign` is all ones, so that one unit less than a half is added.
      const uint64_t half = kSigned ? uint64_t{kHalf + sign} : kHalf;
      sizes[i] = static_cast<uint32_t>((uint64_t{size} * multiplier_[i] + half) >> 31);
      if (kSigned) signs[i] = sign;
    }
  }

  template <bool kSigned>
  void shift(int32_t n, const uint32_t* sizes, const uint32_t* signs, Out* results) const {
    const int32_t low = low_, high = high_, zero_point = q_.zero_point;
    for (int32_t i = 0; i < n; ++i) {
      // size * 2^(31 - right) / 2^31, halves away from zero.
      const uint64_t product = uint64_t{sizes[i]} * power_[i] + kHalf;
      const auto size = static_cast<uint32_t>(product >> 31);
      const auto x = static_cast<int32_t>(kSigned ? (size ^ signs[i]) - signs[i] : size);
      const int32_t above = x < low ? low : x;
      results[i] = static_cast<Out>((above > high ? high : above) + zero_point);
    }
  }

  void any() {
    Out results[kAll];
    for (int32_t i = 0; i < count_ * kGroup; ++i) {
      if (i % kGroup >= channels_) continue;
      const int32_t c = first_ + i % kGroup;
      const auto sum = static_cast<int32_t>(sums_[i] + bias_[i]);
      results[i] = static_cast<Out>(
          requantize(sum, q_.multiplier[c], q_.shift[c], q_.zero_point, q_.min, q_.max));
    }
    write(results);
  }

  void write(const Out* results) const {
    for (int32_t m = 0; m < count_; ++m, results += kGroup) {
      if (channels_ == kGroup) {
        std::memcpy(out_[m], results, kGroup);
      } else {
        for (int32_t c = 0; c < channels_; ++c) out_[m][c] = results[c];
      }
    }
  }

  const Requantize& q_;
  int32_t first_, channels_;
  int32_t low_, high_;  // of what is added to the zero point
  bool usual_ = true;
  int32_t count_ = 0;  // positions that wait
  Out* out_[kRun];
  // [kRun][kGroup] each; of the constants every row is the same.
  uint32_t sums_[kAll] = {};
  uint32_t bias_[kAll] = {}, multiplier_[kAll] = {}, power_[kAll] = {};
};

}  // namespace
}  // namespace pipit
