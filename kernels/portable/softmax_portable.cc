// SPDX-License-Identifier: Apache-2.0
#include <cfloat>
#include <cmath>
#include <cstddef>

#include "kernels/fixed_point_functions.h"
#include "kernels/softmax.h"

namespace pipit {
namespace {

constexpr int kSumBits = 12;  // of the sum, before the point

uint8_t largest(const uint8_t* row, int32_t n, uint8_t flip) {
  uint8_t max = 0;
  for (int32_t c = 0; c < n; ++c) {
    const auto x = static_cast<uint8_t>(row[c] ^ flip);
    max = x > max ? x : max;
  }
  return max;
}

// Results have `bits` bits; store(c, result) keeps them.
template <int bits, class Store>
void softmax_row(const SoftmaxS8& a, const uint8_t* row, Store store) {
  const uint8_t max = largest(row, a.depth, a.flip);
  const auto e = [&](int32_t c) { return a.exp[max - static_cast<uint8_t>(row[c] ^ a.flip)]; };
  uint64_t sum = 0;
  for (int32_t c = 0; c < a.depth; ++c) {
    sum += static_cast<uint32_t>(rounding_shift_right(e(c), kSumBits));
  }
  int bits_over_unit = 0;
  const int32_t scale = reciprocal(sum > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(sum),
                                   kSumBits, &bits_over_unit);
  const int shift = bits_over_unit + 31 - bits;
  for (int32_t c = 0; c < a.depth; ++c) {
    // Beyond 31 bits nothing is left of any result.
    const int32_t y =
        shift > 31 ? 0 : rounding_shift_right(rounding_doubling_high_mul(scale, e(c)), shift);
    store(c, clamp(y, 0, (1 << bits) - 1));
  }
}

}  // namespace

void softmax_s8_portable(const SoftmaxS8& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    const ptrdiff_t at = static_cast<ptrdiff_t>(r) * a.depth;
    uint8_t* out = static_cast<uint8_t*>(a.out) + at;
    softmax_row<8>(a, a.in + at,
                   [&](int32_t c, int32_t y) { out[c] = static_cast<uint8_t>(y ^ a.flip); });
  }
}

void softmax_s8_s16_portable(const SoftmaxS8& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    const ptrdiff_t at = static_cast<ptrdiff_t>(r) * a.depth;
    int16_t* out = static_cast<int16_t*>(a.out) + at;
    softmax_row<16>(a, a.in + at,
                    [&](int32_t c, int32_t y) { out[c] = static_cast<int16_t>(y + INT16_MIN); });
  }
}

void softmax_f32_portable(const SoftmaxF32& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    const float* in = a.in + static_cast<ptrdiff_t>(r) * a.depth;
    float* out = a.out + static_cast<ptrdiff_t>(r) * a.depth;
    float max = -FLT_MAX;
    for (int32_t c = 0; c < a.depth; ++c) max = max < in[c] ? in[c] : max;
    float sum = 0;
    for (int32_t c = 0; c < a.depth; ++c) {
      out[c] = std::exp((in[c] - max) * a.beta);
      sum += out[c];
    }
    for (int32_t c = 0; c < a.depth; ++c) out[c] /= sum;
  }
}

}  // namespace pipit
