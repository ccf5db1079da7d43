// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// The output first holds how far each number is below its row's largest. The exponentials are
// fetched one by one (three instructions each); their sum and the results are computed in vectors,
// in long rows once for each of the 256 distances.
#include <cstddef>

#include "kernels/arm/each_vector.h"
#include "kernels/arm/unroll.h"
#include "kernels/contracts/lookup_u8.h"
#include "kernels/contracts/softmax.h"
#include "kernels/math/fixed_point_functions.h"

namespace pipit {
namespace {

constexpr int kSumBits = 12;  // of the sum, before the point
constexpr int32_t kNumbers = 256;

#if PIPIT_ARM64
constexpr UnaryFn kLookup = lookup_u8_neon;
#else
constexpr UnaryFn kLookup = lookup_u8_portable;
#endif

uint8_t largest(const uint8_t* row, int32_t n, uint8_t flip) {
  const uint8x16_t flips = vdupq_n_u8(flip);
  uint8x16_t best = vdupq_n_u8(0);
  int32_t c = 0;
  for (; c + 16 <= n; c += 16) best = vmaxq_u8(best, veorq_u8(vld1q_u8(row + c), flips));
  for (; c < n; ++c) best = vmaxq_u8(best, veorq_u8(vld1q_dup_u8(row + c), flips));
  uint8x8_t most = vmax_u8(vget_low_u8(best), vget_high_u8(best));
  for (int i = 0; i < 3; ++i) most = vpmax_u8(most, most);
  return vget_lane_u8(most, 0);
}

void find_distances(const uint8_t* row, int32_t n, uint8_t flip, uint8_t* out) {
  const uint8x16_t flips = vdupq_n_u8(flip), max = vdupq_n_u8(largest(row, n, flip));
  each_vector<uint8_t>(Unary{.in = row, .out = out, .n = n}, [&](auto x) [[gnu::always_inline]] {
    return vsubq_u8(max, veorq_u8(x, flips));
  });
}

// From exponentials to results, given their sum.
class Result {
 public:
  Result(uint64_t sum, uint8_t flip) : flip_(vdupq_n_u8(flip)) {
    int bits_over_unit = 0;
    scale_ = reciprocal(sum > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(sum), kSumBits,
                        &bits_over_unit);
    shift_ = vdupq_n_s32(-(bits_over_unit + 31 - 8));
  }
  // No number is negative, so that halves rounded up are rounded away from zero.
  [[gnu::always_inline]] uint8x16_t sixteen(const int32_t* exp) const {
    uint16x4_t y[4];
    unroll<4>([&](auto i) [[gnu::always_inline]] {
      const int32x4_t product = vqrdmulhq_n_s32(vld1q_s32(exp + 4 * i), scale_);
      y[i] = vqmovn_u32(vreinterpretq_u32_s32(vrshlq_s32(product, shift_)));
    });
    const uint8x8_t low = vqmovn_u16(vcombine_u16(y[0], y[1]));
    const uint8x8_t high = vqmovn_u16(vcombine_u16(y[2], y[3]));
    return veorq_u8(vcombine_u8(low, high), flip_);
  }

 private:
  uint8x16_t flip_;
  int32_t scale_ = 0;
  int32x4_t shift_;
};

// The distances of a row to exponentials, filled up to a multiple of 16 with zeros.
void fetch(const int32_t* table, const uint8_t* distances, int32_t n, int32_t* exp) {
  int32_t c = 0;
  for (; c + 4 <= n; c += 4) {
    int32_t e[4];
    unroll<4>([&](auto i) [[gnu::always_inline]] { e[i] = table[distances[c + i]]; });
    unroll<4>([&](auto i) [[gnu::always_inline]] { exp[c + i] = e[i]; });
  }
  for (; c < n; ++c) exp[c] = table[distances[c]];
  for (; c % 16 != 0; ++c) exp[c] = 0;
}

// A row of at most kNumbers.
void short_row(const SoftmaxS8& a, uint8_t* row) {
  int32_t exp[kNumbers];
  fetch(a.exp, row, a.depth, exp);
  uint32x4_t sums = vdupq_n_u32(0);
  for (int32_t c = 0; c < a.depth; c += 4) {
    sums = vrsraq_n_u32(sums, vreinterpretq_u32_s32(vld1q_s32(exp + c)), kSumBits);
  }
  const uint32x2_t two = vadd_u32(vget_low_u32(sums), vget_high_u32(sums));
  const Result result(vget_lane_u32(vpadd_u32(two, two), 0), a.flip);
  int32_t c = 0;
  for (; c + 16 <= a.depth; c += 16) vst1q_u8(row + c, result.sixteen(exp + c));
  if (c < a.depth) store_last(row + c, result.sixteen(exp + c), static_cast<size_t>(a.depth - c));
}

uint64_t sum_of_shares(const uint32_t* shares, const uint8_t* distances, int32_t n) {
  // Of at most 2^19 each.
  constexpr int32_t kMost = 4096;
  uint64_t total = 0;
  while (n > 0) {
    const int32_t some = n < kMost ? n : kMost;
    uint32_t sums[4] = {};
    int32_t c = 0;
    for (; c + 4 <= some; c += 4) {
      unroll<4>([&](auto i) [[gnu::always_inline]] { sums[i] += shares[distances[c + i]]; });
    }
    for (; c < some; ++c) sums[0] += shares[distances[c]];
    total += sums[0] + sums[1] + sums[2] + sums[3];
    distances += some;
    n -= some;
  }
  return total;
}

void long_row(const SoftmaxS8& a, uint8_t* row) {
  uint32_t shares[kNumbers];
  for (int32_t d = 0; d < kNumbers; d += 4) {
    vst1q_u32(shares + d, vreinterpretq_u32_s32(vrshrq_n_s32(vld1q_s32(a.exp + d), kSumBits)));
  }
  const Result result(sum_of_shares(shares, row, a.depth), a.flip);
  LookupU8 results;
  for (int32_t d = 0; d < kNumbers; d += 16) vst1q_u8(results.table + d, result.sixteen(a.exp + d));
  kLookup({.in = row, .out = row, .n = a.depth, .constants = &results});
}

}  // namespace

void softmax_s8_neon(const SoftmaxS8& a) {
  if (a.depth == 0) return;
  for (int32_t r = 0; r < a.rows; ++r) {
    const ptrdiff_t at = ptrdiff_t{r} * a.depth;
    uint8_t* out = static_cast<uint8_t*>(a.out) + at;
    find_distances(a.in + at, a.depth, a.flip, out);
    a.depth <= kNumbers ? short_row(a, out) : long_row(a, out);
  }
}

}  // namespace pipit
