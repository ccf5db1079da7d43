// SPDX-License-Identifier: Apache-2.0
// The sums of many positions and a group of eight channels to their results, sixteen vectors at a
// time (eight in 32-bit code): an in-order core would wait for each step of fewer.
//
// Sums lie as [position][kGroup], whatever the number of channels that exist; a result of position
// m goes to Results::at + m * step.
//
//   sums                 position 0: c0 ... c7 | position 1: c0 ... c7 | ...   32 bits each
//   results of pair 0    position 0: 8 bytes | position 1: 8 bytes             one vector
//   stored               8 bytes at `at`, 8 bytes at `at + step`
#pragma once

#include <arm_neon.h>

#include <cstring>

#include "kernels/arm/in_order.h"
#include "kernels/arm/registers.h"
#include "kernels/arm/requantize_neon.h"
#include "kernels/arm/unroll.h"
#include "kernels/arm/wrapping_neon.h"

namespace pipit {
namespace {

struct Channels {
  int32x4_t bias[2];
  Scaling scaling;
};

[[gnu::noinline]] inline Channels load_some_channels(const int32_t* bias,
                                                     const Requantize& channels, int32_t first,
                                                     int32_t n, const RequantizeNeon& q) {
  int32_t some[kGroup] = {};
  std::memcpy(some, bias + first, static_cast<size_t>(n) * sizeof(int32_t));
  return {{vld1q_s32(some), vld1q_s32(some + 4)},
          load_scaling(channels.multiplier + first, channels.shift + first, n, q)};
}

// Of the channels [first, first + n), up to eight.
inline Channels load_channels(const int32_t* bias, const Requantize& channels, int32_t first,
                              int32_t n, const RequantizeNeon& q) {
  if (n < kGroup) return load_some_channels(bias, channels, first, n, q);
  return {{vld1q_s32(bias + first), vld1q_s32(bias + first + 4)},
          load_whole_scaling(channels.multiplier + first, channels.shift + first, q)};
}

// Where results go: positions `step` apart, of `channels` of the group.
struct Results {
  uint8_t* at;
  ptrdiff_t step;
  int32_t channels;
  uint8x16_t flip;  // of their top bits, or zeros
};

// Sums of n positions, with the bias and what is to be added to all channels of a position.
template <int n, bool kTerms>
[[gnu::always_inline]] inline void add_bias(const int32_t* sums, const int32_t* terms,
                                            const Channels& c, int32x4_t (&y)[n][2]) {
#if PIPIT_ARM64
  unroll<n>([&](auto m) PIPIT_INLINE {
    y[m][0] = wrapping_add(vld1q_s32(sums + m * kGroup), c.bias[0]);
    y[m][1] = wrapping_add(vld1q_s32(sums + m * kGroup + 4), c.bias[1]);
  });
  if constexpr (kTerms) {
    unroll<n>([&](auto m) PIPIT_INLINE {
      const int32x4_t term = vld1q_dup_s32(terms + m);
      y[m][0] = wrapping_add(y[m][0], term);
      y[m][1] = wrapping_add(y[m][1], term);
    });
  }
#else
  // Position by position: with all sums loaded first, sixteen registers would not do.
  int32x4_t term[n];
  if constexpr (kTerms) {
    unroll<n>([&](auto m) PIPIT_INLINE { term[m] = in_order(vld1q_dup_s32(terms + m)); });
  }
  unroll<n>([&](auto m) PIPIT_INLINE {
    int32x4_t bias[2] = {c.bias[0], c.bias[1]};
    if constexpr (kTerms) {
      bias[0] = wrapping_add(bias[0], term[m]);
      bias[1] = wrapping_add(bias[1], term[m]);
    }
    y[m][0] = in_order(wrapping_add(vld1q_s32(sums + m * kGroup), bias[0]));
    y[m][1] = in_order(wrapping_add(vld1q_s32(sums + m * kGroup + 4), bias[1]));
  });
#endif
}

// The results of n positions, an even number, two in each vector.
template <int n, Form kForm, bool kTerms>
[[gnu::always_inline]] inline void requantize(const int32_t* sums, const int32_t* terms,
                                              const Channels& c, const RequantizeNeon& q,
                                              uint8x16_t flip, uint8x16_t (&out)[n / 2]) {
  int32x4_t y[n][2];
  add_bias<n, kTerms>(sums, terms, c, y);
  int8x16_t results[n / 2];
  requantize_all<kForm>(c.scaling, q, y, results);
  unroll<n / 2>([&](auto m)
                    PIPIT_INLINE { out[m] = veorq_u8(vreinterpretq_u8_s8(results[m]), flip); });
}

// Positions [first, first + n), all channels, without a branch between the results.
template <int n, bool kTerms, Form kForm>
[[gnu::always_inline]] inline void finish_at(const int32_t* sums, const int32_t* terms,
                                             int32_t first, const Channels& c,
                                             const RequantizeNeon& q, const Results& to) {
  uint8x16_t out[n / 2];
  requantize<n, kForm, kTerms>(sums + first * kGroup, terms + (kTerms ? first : 0), c, q, to.flip,
                               out);
  uint8_t* at = to.at + first * to.step;
  unroll<n / 2>([&](auto pair) PIPIT_INLINE {
    vst1_u8(at, vget_low_u8(out[pair]));
    at += to.step;
    store_high(at, out[pair]);
    at += to.step;
  });
}

// All channels of at least kMany positions. What is left in the end overlaps what was done. Aligned
// so that the loop stays in one page of memory.
template <bool kTerms, Form kForm>
[[gnu::noinline, gnu::aligned(1024)]] void finish_many(const int32_t* sums, const int32_t* terms,
                                                       int32_t count, const Channels& channels,
                                                       const RequantizeNeon& scaling,
                                                       const Results& results) {
  const Channels c = channels;
  const RequantizeNeon q = scaling;
  const Results to = results;
  int32_t m = 0;
  for (; m + kMany <= count; m += kMany) {
    finish_at<kMany, kTerms, kForm>(sums, terms, m, c, q, to);
  }
  // As few as cover the rest, an even number; sums are read again, so results are the same.
  const int32_t left = count - m;
  if (left == 0) return;
  if (left <= 2) return finish_at<2, kTerms, kForm>(sums, terms, count - 2, c, q, to);
  if (left <= 4) return finish_at<4, kTerms, kForm>(sums, terms, count - 4, c, q, to);
  finish_at<kMany, kTerms, kForm>(sums, terms, count - kMany, c, q, to);
}

using FinishMany = void (*)(const int32_t*, const int32_t*, int32_t, const Channels&,
                            const RequantizeNeon&, const Results&);

// Which forms are worth code of their own: all, or that of nearly all layers that have a ReLU.
enum class Forms : uint8_t { kEach, kUsual };

template <bool kTerms, Forms kForms>
inline FinishMany finish_of(Form form) {
  if (form == Form::kRelu) return finish_many<kTerms, Form::kRelu>;
  if constexpr (kForms == Forms::kEach) {
    if (form == Form::kRight) return finish_many<kTerms, Form::kRight>;
    if (form == Form::kFar) return finish_many<kTerms, Form::kFar>;
  }
  return finish_many<kTerms, Form::kAny>;
}

// Up to kMany positions, of any number of channels. Reads kMany sums.
template <bool kTerms>
[[gnu::noinline]] void finish_some(const int32_t* sums, const int32_t* terms, int32_t count,
                                   const Channels& c, const RequantizeNeon& q, const Results& to) {
  // Sums have room for kMany, terms end with the last position.
  int32_t added[kMany] = {};
  if (kTerms) std::memcpy(added, terms, static_cast<size_t>(count) * sizeof(*terms));
  uint8x16_t out[kMany / 2];
  requantize<kMany, Form::kAny, kTerms>(sums, added, c, q, to.flip, out);
  uint8_t bytes[kMany * kGroup];
  unroll<kMany / 2>([&](auto pair) PIPIT_INLINE { vst1q_u8(bytes + 16 * pair, out[pair]); });
  for (int32_t m = 0; m < count; ++m) {
    store_some(to.at + m * to.step, bytes + m * kGroup, to.channels);
  }
}

// The sums of `count` positions, kGroup numbers apart, and what is to be added to those of each
// (nullptr: nothing), to results. Reads whole groups of kMany.
template <Forms kForms = Forms::kEach>
[[gnu::always_inline]] inline void finish_group(const int32_t* sums, const int32_t* terms,
                                                int32_t count, const Channels& c,
                                                const RequantizeNeon& q, const Results& to) {
  if (to.channels == kGroup && count >= kMany) {
    const auto finish = terms != nullptr ? finish_of<true, kForms>(c.scaling.form)
                                         : finish_of<false, kForms>(c.scaling.form);
    return finish(sums, terms, count, c, q, to);
  }
  for (int32_t m = 0; m < count; m += kMany) {
    const int32_t left = count - m, some = left < kMany ? left : kMany;
    const Results at = {to.at + m * to.step, to.step, to.channels, to.flip};
    if (terms != nullptr) {
      finish_some<true>(sums + m * kGroup, terms + m, some, c, q, at);
    } else {
      finish_some<false>(sums + m * kGroup, nullptr, some, c, q, at);
    }
  }
}

}  // namespace
}  // namespace pipit
