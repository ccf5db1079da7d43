// SPDX-License-Identifier: Apache-2.0
// Call only when kCpuNeon is set (on aarch64: always).
//
// Sixteen sums at a time; what is left of a row overlaps them.
#include "kernels/arm/requantize_neon.h"
#include "kernels/arm/wrapping_neon.h"
#include "kernels/contracts/requantize_s8.h"

namespace pipit {
namespace {

constexpr int32_t kBlock = 16;

struct Constants {
  int32x4_t multiplier, shift;
  RequantizeNeon output;
};

template <bool kRight>
[[gnu::always_inline]] inline void block(const int32_t* sums, int32x4_t term, const Constants& c,
                                         int8_t* out) {
  int32x4_t y[4];
  unroll<4>([&](auto i)
                [[gnu::always_inline]] { y[i] = wrapping_add(vld1q_s32(sums + 4 * i), term); });
  unroll<4>([&](auto i)
                [[gnu::always_inline]] { y[i] = scale<kRight>(y[i], c.multiplier, c.shift); });
  vst1q_s8(out, narrow(c.output, y[0], y[1], y[2], y[3]));
}

// At least a block.
template <bool kRight>
void whole_row(const int32_t* sums, int32_t n, int32_t term, const Constants& constants,
               int8_t* out) {
  const Constants c = constants;
  const int32x4_t t = vdupq_n_s32(term);
  int32_t o = 0;
  for (; o + kBlock <= n; o += kBlock) block<kRight>(sums + o, t, c, out + o);
  if (o != n) block<kRight>(sums + n - kBlock, t, c, out + n - kBlock);
}

// By way of a block on the stack, since a block from memory would reach beyond the row.
template <bool kRight>
void short_row(const int32_t* sums, int32_t n, int32_t term, const Constants& c, int8_t* out) {
  int32_t padded[kBlock] = {};
  int8_t results[kBlock];
  std::memcpy(padded, sums, static_cast<size_t>(n) * sizeof(*sums));
  block<kRight>(padded, vdupq_n_s32(term), c, results);
  std::memcpy(out, results, static_cast<size_t>(n));
}

template <bool kRight>
void all_rows(const RequantizeS8& a, const Constants& c) {
  const auto row = a.outputs < kBlock ? short_row<kRight> : whole_row<kRight>;
  for (int32_t r = 0; r < a.rows; ++r) {
    row(a.sums + ptrdiff_t{r} * a.outputs, a.outputs, a.terms[r], c, a.out + r * a.out_stride);
  }
}

}  // namespace

void requantize_s8_neon(const RequantizeS8& a) {
  Requantize q;
  q.zero_point = a.zero_point;
  q.min = INT8_MIN;
  q.max = INT8_MAX;
  const Constants c = {vdupq_n_s32(a.multiplier), vdupq_n_s32(a.shift), load_requantize(q)};
  a.shift < 0 ? all_rows<true>(a, c) : all_rows<false>(a, c);
}

}  // namespace pipit
