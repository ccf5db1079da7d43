// SPDX-License-Identifier: Apache-2.0
// Sums of bytes over many pixels, sixteen channels side by side.
//
// All pixels are walked for one block of channels before the next: the sums stay in two registers
// of 16-bit lanes, and every so often go to four of 32.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "kernels/arm/pixels.h"

namespace pipit {
namespace {

// ---- vectors of either sign

[[gnu::always_inline]] inline int8x8_t load_eight(const int8_t* p) { return vld1_s8(p); }
[[gnu::always_inline]] inline uint8x8_t load_eight(const uint8_t* p) { return vld1_u8(p); }
[[gnu::always_inline]] inline int8x16_t load_sixteen(const int8_t* p) { return vld1q_s8(p); }
[[gnu::always_inline]] inline uint8x16_t load_sixteen(const uint8_t* p) { return vld1q_u8(p); }
[[gnu::always_inline]] inline int8x16_t join(int8x8_t a, int8x8_t b) { return vcombine_s8(a, b); }
[[gnu::always_inline]] inline uint8x16_t join(uint8x8_t a, uint8x8_t b) {
  return vcombine_u8(a, b);
}

// Sixteen sums of up to 256 bytes each: 256 * -128 and 256 * 255 just fit.
struct SumsOfInt8 {
  int16x8_t low = vdupq_n_s16(0), high = vdupq_n_s16(0);

  [[gnu::always_inline]] void add(int8x16_t x) {
    low = vaddw_s8(low, vget_low_s8(x));
    high = vaddw_s8(high, vget_high_s8(x));
  }
  void spill(int32x4_t (&sums)[4]) {
    sums[0] = vaddw_s16(sums[0], vget_low_s16(low));
    sums[1] = vaddw_s16(sums[1], vget_high_s16(low));
    sums[2] = vaddw_s16(sums[2], vget_low_s16(high));
    sums[3] = vaddw_s16(sums[3], vget_high_s16(high));
    *this = {};
  }
};

struct SumsOfUInt8 {
  uint16x8_t low = vdupq_n_u16(0), high = vdupq_n_u16(0);

  [[gnu::always_inline]] void add(uint8x16_t x) {
    low = vaddw_u8(low, vget_low_u8(x));
    high = vaddw_u8(high, vget_high_u8(x));
  }
  void spill(int32x4_t (&sums)[4]) {
    const auto add = [](int32x4_t sum, uint16x4_t x) {
      return vreinterpretq_s32_u32(vaddw_u16(vreinterpretq_u32_s32(sum), x));
    };
    sums[0] = add(sums[0], vget_low_u16(low));
    sums[1] = add(sums[1], vget_high_u16(low));
    sums[2] = add(sums[2], vget_low_u16(high));
    sums[3] = add(sums[3], vget_high_u16(high));
    *this = {};
  }
};

template <class T>
struct SumsOf {
  using Type = SumsOfInt8;
};
template <>
struct SumsOf<uint8_t> {
  using Type = SumsOfUInt8;
};

// ---- pixels

constexpr int32_t kFewestChannels = 8;

// Sixteen channels: in one run, or where a pixel has only 8 to 15, two runs of eight that overlap.
struct ChannelBlock {
  ptrdiff_t first = 0;
  ptrdiff_t second = 8;  // behind the first
  bool whole = true;
};

template <bool kWhole, class T>
[[gnu::always_inline]] inline auto load_block(const T* p, const ChannelBlock& b) {
  if constexpr (kWhole) {
    return load_sixteen(p);
  } else {
    return join(load_eight(p), load_eight(p + b.second));
  }
}

template <class T>
[[gnu::always_inline]] inline void store_block(T* p, const ChannelBlock& b, uint8x16_t v) {
  auto* out = reinterpret_cast<uint8_t*>(p) + b.first;
  vst1_u8(out, vget_low_u8(v));
  vst1_u8(out + b.second, vget_high_u8(v));
}

// Calls f(block) for all of at least kFewestChannels; the last blocks may overlap.
template <class F>
inline void for_each_block(int32_t channels, const F& f) {
  if (channels < 16) return f(ChannelBlock{0, channels - 8, false});
  for (int32_t c = 0; c + 16 <= channels; c += 16) f(ChannelBlock{c});
  if (channels % 16 != 0) f(ChannelBlock{channels - 16});
}

// The sums of all pixels. A load and two additions for sixteen bytes.
template <bool kWhole, class T>
inline void sum_pixels(const Pixels<T>& w, const ChannelBlock& block, int32_t (&totals)[16]) {
  constexpr int32_t kMost = 256;
  int32x4_t wide[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
  typename SumsOf<T>::Type sums;
  int32_t room = kMost;
  const T* line = w.first + block.first;
  for (int32_t y = 0; y < w.rows; ++y, line += w.row) {
    const T* p = line;
    for (int32_t left = w.columns; left > 0;) {
      const int32_t n = left < room ? left : room;
      for (int32_t i = 0; i < n; ++i, p += w.pixel) sums.add(load_block<kWhole>(p, block));
      left -= n;
      room -= n;
      if (room > 0) continue;
      sums.spill(wide);
      room = kMost;
    }
  }
  sums.spill(wide);
  for (int i = 0; i < 4; ++i) vst1q_s32(totals + 4 * i, wide[i]);
}

template <class T>
inline void sum_pixels(const Pixels<T>& w, const ChannelBlock& block, int32_t (&totals)[16]) {
  block.whole ? sum_pixels<true>(w, block, totals) : sum_pixels<false>(w, block, totals);
}

}  // namespace
}  // namespace pipit
