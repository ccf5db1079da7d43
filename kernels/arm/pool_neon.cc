// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Sums in 16 bits, widened after 256 pixels: a load and two additions for sixteen bytes. Maxima
// take a load and one instruction.
#include "kernels/arm/pixel_bytes.h"
#include "kernels/arm/pool_windows.h"
#include "kernels/arm/wrapping_neon.h"
#include "kernels/contracts/pool.h"

namespace pipit {
namespace {

// ---- average

// Sums of `count` bytes divided by their number, halves away from zero. Up to 256 bytes the
// reciprocal in units of 2^-24 gives the exact quotient: n * (reciprocal * count - 2^24) < 2^24 and
// n * reciprocal < 2^32 for every n up to 255.5 * count.
class Divider {
 public:
  explicit Divider(int32_t count)
      : count_(count),
        half_(vdupq_n_s32(count / 2)),
        reciprocal_(vdupq_n_u32(((1u << 24) + static_cast<uint32_t>(count) - 1) /
                                static_cast<uint32_t>(count))) {}

  void divide(int32_t (&sums)[16]) const {
    for (int i = 0; i < 16; i += 4) {
      const int32x4_t sum = vld1q_s32(sums + i);
      const int32x4_t sign = vshrq_n_s32(sum, 31);
      const int32x4_t n = wrapping_add(vabsq_s32(sum), half_);
      const uint32x4_t q = vshrq_n_u32(vmulq_u32(vreinterpretq_u32_s32(n), reciprocal_), 24);
      vst1q_s32(sums + i, wrapping_subtract(veorq_s32(vreinterpretq_s32_u32(q), sign), sign));
    }
  }

  // For any count. Wraps as the sums do.
  void divide_slowly(int32_t (&sums)[16]) const {
    const auto half = static_cast<uint32_t>(count_ / 2);
    for (int32_t& sum : sums) {
      const auto total = static_cast<uint32_t>(sum);
      sum = static_cast<int32_t>(sum > 0 ? total + half : total - half) / count_;
    }
  }

  bool exact() const { return count_ <= 256; }

 private:
  int32_t count_;
  int32x4_t half_;
  uint32x4_t reciprocal_;
};

inline uint8x16_t clamp_to(const Pool<int8_t>& a, int16x8_t low, int16x8_t high) {
  const int8x16_t x = vcombine_s8(vqmovn_s16(low), vqmovn_s16(high));
  const int8x16_t min = vdupq_n_s8(static_cast<int8_t>(a.clamp.min));
  const int8x16_t max = vdupq_n_s8(static_cast<int8_t>(a.clamp.max));
  return vreinterpretq_u8_s8(vminq_s8(vmaxq_s8(x, min), max));
}
inline uint8x16_t clamp_to(const Pool<uint8_t>& a, int16x8_t low, int16x8_t high) {
  const uint8x16_t x = vcombine_u8(vqmovun_s16(low), vqmovun_s16(high));
  const uint8x16_t min = vdupq_n_u8(static_cast<uint8_t>(a.clamp.min));
  const uint8x16_t max = vdupq_n_u8(static_cast<uint8_t>(a.clamp.max));
  return vminq_u8(vmaxq_u8(x, min), max);
}

template <class T>
void average(const Pool<T>& a) {
  if (a.size.out_c < kFewestChannels) return average_pool_portable(a);
  for_each_window(a, [&](const Pixels<T>& window, T* out) {
    const Divider divider(window.count());
    for_each_block(a.size.out_c, [&](const ChannelBlock& block) {
      int32_t sums[16];
      sum_pixels(window, block, sums);
      divider.exact() ? divider.divide(sums) : divider.divide_slowly(sums);
      const auto narrow = [&](int i) {
        return vcombine_s16(vqmovn_s32(vld1q_s32(sums + i)), vqmovn_s32(vld1q_s32(sums + i + 4)));
      };
      store_block(out, block, clamp_to(a, narrow(0), narrow(8)));
    });
  });
}

// ---- maximum

[[gnu::always_inline]] inline int8x16_t max(int8x16_t a, int8x16_t b) { return vmaxq_s8(a, b); }
[[gnu::always_inline]] inline uint8x16_t max(uint8x16_t a, uint8x16_t b) { return vmaxq_u8(a, b); }
inline uint8x16_t clamp_to(const Pool<int8_t>& a, int8x16_t x) {
  return clamp_to(a, vmovl_s8(vget_low_s8(x)), vmovl_s8(vget_high_s8(x)));
}
inline uint8x16_t clamp_to(const Pool<uint8_t>& a, uint8x16_t x) {
  return clamp_to(a, vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(x))),
                  vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(x))));
}

template <bool kWhole, class T>
auto max_pixel(const Pixels<T>& w, const ChannelBlock& block) {
  const T* line = w.first + block.first;
  auto best = load_block<kWhole>(line, block);
  for (int32_t y = 0; y < w.rows; ++y, line += w.row) {
    const T* p = line;
    for (int32_t x = 0; x < w.columns; ++x, p += w.pixel) {
      best = max(best, load_block<kWhole>(p, block));
    }
  }
  return best;
}

template <class T>
void maximum(const Pool<T>& a) {
  if (a.size.out_c < kFewestChannels) return max_pool_portable(a);
  for_each_window(a, [&](const Pixels<T>& window, T* out) {
    for_each_block(a.size.out_c, [&](const ChannelBlock& block) {
      const auto best =
          block.whole ? max_pixel<true>(window, block) : max_pixel<false>(window, block);
      store_block(out, block, clamp_to(a, best));
    });
  });
}

}  // namespace

void average_pool_neon(const Pool<int8_t>& a) { average(a); }
void average_pool_neon(const Pool<uint8_t>& a) { average(a); }
void max_pool_neon(const Pool<int8_t>& a) { maximum(a); }
void max_pool_neon(const Pool<uint8_t>& a) { maximum(a); }

}  // namespace pipit
