// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/softmax_s16.h"

#include <cmath>
#include <cstddef>

#include "kernels/math/fixed_point.h"
#include "kernels/math/real.h"

namespace pipit {
namespace {

int16_t exp_of(const SoftmaxS16& a, int32_t below_max) {
  const auto x = static_cast<int64_t>(multiply(below_max, a.multiplier, a.shift)) + INT16_MAX;
  return lookup_s16(*a.exp, static_cast<int16_t>(x < INT16_MIN ? INT16_MIN : x));
}

// 1 / sum as a number in [1/2, 1] (units of 2^-15), the sum taken as one in [1, 2].
int32_t reciprocal_of(const SoftmaxS16& a, int32_t sum, int headroom) {
  // In [2^16, 2^17]: the top bit is the 1 of 1 + x, and the table begins at INT16_MIN.
  const int64_t shifted = ((int64_t{sum} << (headroom - 1)) + (1 << 13)) >> 14;
  const auto x = static_cast<int32_t>(shifted - (1 << 15) - (1 << 16));
  return lookup_s16(*a.reciprocal, static_cast<int16_t>(clamp(x, INT16_MIN, INT16_MAX)));
}

void softmax_row(const SoftmaxS16& a, const int16_t* in, int16_t* out) {
  int16_t max = INT16_MIN;
  for (int32_t c = 0; c < a.depth; ++c) max = in[c] > max ? in[c] : max;
  int64_t exact_sum = 0;
  for (int32_t c = 0; c < a.depth; ++c) {
    out[c] = exp_of(a, in[c] - max);
    exact_sum += out[c];
  }
  // At least one exponential is close to 1.
  const auto sum = static_cast<int32_t>(exact_sum < INT32_MAX ? exact_sum : INT32_MAX);
  const int headroom = __builtin_clz(static_cast<uint32_t>(sum));
  const int64_t scale = reciprocal_of(a, sum, headroom);
  // With sum = s * 2^shift, s in [1, 2), a quotient e / sum is e * (1 / s) / 2^shift.
  const int shift = 31 - headroom;
  for (int32_t c = 0; c < a.depth; ++c) {
    const int64_t y = (out[c] * scale + (int64_t{1} << (shift - 1))) >> shift;
    out[c] = static_cast<int16_t>(y < 0 ? 0 : (y > INT16_MAX ? INT16_MAX : y));
  }
}

}  // namespace

void softmax_s16(const SoftmaxS16& a) {
  if (a.depth == 0) return;
  for (int32_t r = 0; r < a.rows; ++r) {
    const ptrdiff_t at = static_cast<ptrdiff_t>(r) * a.depth;
    softmax_row(a, a.in + at, a.out + at);
  }
}

void fill_softmax_tables(LookupS16* exp, LookupS16* reciprocal) {
  const RealQuantization<double> fractions = {2.0 / 65535, 0};
  fill_table_s16<double>(
      {10.0 / 65535, INT16_MAX}, fractions, [](double x) { return real::exp(x); }, exp);
  fill_table_s16<double>(
      {1.0 / 65535, INT16_MIN}, fractions, [](double x) { return 1 / (1 + x); }, reciprocal);
}

}  // namespace pipit
