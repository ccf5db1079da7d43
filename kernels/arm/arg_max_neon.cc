// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// The largest byte of all, then the least index of the bytes that equal it. A row of 16 to 32 bytes
// is two vectors that overlap, and takes 16 instructions; four rows go side by side.
//
// `flip` has made the order that of uint8, whichever type and end is asked for. The least index is
// the first place of the best number, as the contract wants; where vectors overlap, a byte has the
// same index in both.
#include <arm_neon.h>

#include <cstddef>

#include "kernels/arm/unroll.h"
#include "kernels/contracts/arg_max.h"

namespace pipit {
namespace {

constexpr ptrdiff_t kWidth = 16;

#if PIPIT_ARM64
[[gnu::always_inline]] inline uint8_t largest(uint8x16_t x) { return vmaxvq_u8(x); }
[[gnu::always_inline]] inline uint8_t least(uint8x16_t x) { return vminvq_u8(x); }
#else
[[gnu::always_inline]] inline uint8_t largest(uint8x16_t x) {
  uint8x8_t y = vpmax_u8(vget_low_u8(x), vget_high_u8(x));
  y = vpmax_u8(y, y);
  y = vpmax_u8(y, y);
  return vget_lane_u8(vpmax_u8(y, y), 0);
}
[[gnu::always_inline]] inline uint8_t least(uint8x16_t x) {
  uint8x8_t y = vpmin_u8(vget_low_u8(x), vget_high_u8(x));
  y = vpmin_u8(y, y);
  y = vpmin_u8(y, y);
  return vget_lane_u8(vpmin_u8(y, y), 0);
}
#endif

[[gnu::always_inline]] inline uint8x16_t load(const uint8_t* p, uint8x16_t flip) {
  return veorq_u8(vld1q_u8(p), flip);
}

[[gnu::always_inline]] inline uint8x16_t counting() {
  static constexpr uint8_t kIndex[kWidth] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return vld1q_u8(kIndex);
}

// The index where a byte is the best one, 255 elsewhere.
[[gnu::always_inline]] inline uint8x16_t index_of(uint8x16_t x, uint8x16_t best, uint8x16_t index) {
  return vornq_u8(index, vceqq_u8(x, best));
}

// kRows rows of 16 to 32 bytes.
template <int kRows>
[[gnu::always_inline]] inline void two_vectors(const ArgMaxU8& a, const uint8_t* row,
                                               uint8x16_t first_index, uint8x16_t second_index,
                                               uint8x16_t flip, int32_t* out) {
  // Indices of up to 32 bytes fit bytes themselves.
  uint8x16_t first[kRows], second[kRows], best[kRows];
  unroll<kRows>([&](auto r) [[gnu::always_inline]] {
    first[r] = load(row + r * a.size, flip);
    second[r] = load(row + (r + 1) * a.size - kWidth, flip);
  });
  unroll<kRows>([&](auto r) [[gnu::always_inline]] {
    best[r] = vdupq_n_u8(largest(vmaxq_u8(first[r], second[r])));
  });
  unroll<kRows>([&](auto r) [[gnu::always_inline]] {
    out[r] = least(vminq_u8(index_of(first[r], best[r], first_index),
                            index_of(second[r], best[r], second_index)));
  });
}

void short_rows(const ArgMaxU8& a) {
  const uint8x16_t flip = vdupq_n_u8(a.flip);
  const uint8x16_t first = counting();
  const uint8x16_t second = vaddq_u8(first, vdupq_n_u8(static_cast<uint8_t>(a.size - kWidth)));
  int32_t r = 0;
  const uint8_t* row = a.in;
  for (; r + 4 <= a.rows; r += 4, row += ptrdiff_t{4} * a.size) {
    two_vectors<4>(a, row, first, second, flip, a.out + r);
  }
  for (; r < a.rows; ++r, row += a.size) two_vectors<1>(a, row, first, second, flip, a.out + r);
}

// f(at, vector) for all bytes of a row until it returns true; the last vector overlaps.
template <class F>
[[gnu::always_inline]] inline void for_each_vector(const uint8_t* row, ptrdiff_t size,
                                                   uint8x16_t flip, const F& f) {
  const ptrdiff_t last = size - kWidth;
  for (ptrdiff_t i = 0; i < last; i += kWidth) {
    if (f(i, load(row + i, flip))) return;
  }
  f(last, load(row + last, flip));
}

// Two walks, the second only up to the first vector that has the best number.
int32_t long_row(const uint8_t* row, ptrdiff_t size, uint8x16_t flip) {
  uint8x16_t most = vdupq_n_u8(0);
  for_each_vector(row, size, flip, [&](ptrdiff_t, uint8x16_t x) {
    most = vmaxq_u8(most, x);
    return false;
  });
  const uint8x16_t best = vdupq_n_u8(largest(most)), index = counting();
  ptrdiff_t found = 0;
  for_each_vector(row, size, flip, [&](ptrdiff_t i, uint8x16_t x) {
    const uint8_t at = least(index_of(x, best, index));
    found = i + at;
    return at < kWidth;
  });
  return static_cast<int32_t>(found);
}

}  // namespace

void arg_max_u8_neon(const ArgMaxU8& a) {
  if (a.size < kWidth) return arg_max_u8_portable(a);
  if (a.size <= 2 * kWidth) return short_rows(a);
  const uint8x16_t flip = vdupq_n_u8(a.flip);
  for (int32_t r = 0; r < a.rows; ++r) {
    a.out[r] = long_row(a.in + ptrdiff_t{r} * a.size, a.size, flip);
  }
}

}  // namespace pipit
