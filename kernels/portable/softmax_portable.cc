// SPDX-License-Identifier: Apache-2.0
#include <cfloat>
#include <cmath>
#include <cstddef>

#include "kernels/contracts/softmax.h"
#include "kernels/math/fixed_point_functions.h"
#include "kernels/math/real.h"

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

float largest(const float* row, int32_t n) {
  float max = -FLT_MAX;
  for (int32_t c = 0; c < n; ++c) max = max < row[c] ? row[c] : max;
  return max;
}

// The results of one row, by how far a number is below the row's largest.
template <int bits>
class Row {
 public:
  Row(const int32_t* exp, uint64_t sum) : exp_(exp) {
    int bits_over_unit = 0;
    // The sum has 12 bits before the point, and a 13th where signed numbers have their sign. Where
    // more of a row's numbers are its largest, it saturates.
    scale_ = reciprocal(sum > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(sum), kSumBits,
                        &bits_over_unit);
    shift_ = bits_over_unit + 31 - bits;
  }
  int32_t operator()(int distance) const {
    // Beyond 31 bits nothing is left of any result.
    if (shift_ > 31) return 0;
    const int32_t product = rounding_doubling_high_mul(scale_, exp_[distance]);
    return clamp(rounding_shift_right(product, shift_), 0, (1 << bits) - 1);
  }

 private:
  const int32_t* exp_;
  int32_t scale_ = 0;
  int shift_ = 0;
};

// store(c, result) keeps them. Long rows have few different numbers: each is computed once.
template <int bits, class Store>
void softmax_row(const SoftmaxS8& a, const uint8_t* row, Store store) {
  constexpr int32_t kNumbers = 256;
  const uint8_t max = largest(row, a.depth, a.flip);
  const auto distance = [&](int32_t c) { return max - static_cast<uint8_t>(row[c] ^ a.flip); };
  const auto share = [&](int d) {
    return static_cast<uint32_t>(rounding_shift_right(a.exp[d], kSumBits));
  };
  uint64_t sum = 0;
  if (a.depth <= kNumbers) {
    for (int32_t c = 0; c < a.depth; ++c) sum += share(distance(c));
    const Row<bits> result(a.exp, sum);
    for (int32_t c = 0; c < a.depth; ++c) store(c, result(distance(c)));
    return;
  }
  int32_t table[kNumbers];
  for (int d = 0; d <= max; ++d) table[d] = static_cast<int32_t>(share(d));
  for (int32_t c = 0; c < a.depth; ++c) sum += static_cast<uint32_t>(table[distance(c)]);
  const Row<bits> result(a.exp, sum);
  for (int d = 0; d <= max; ++d) table[d] = result(d);
  for (int32_t c = 0; c < a.depth; ++c) store(c, table[distance(c)]);
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
    const float max = largest(in, a.depth);
    float sum = 0;
    for (int32_t c = 0; c < a.depth; ++c) {
      out[c] = real::exp((in[c] - max) * a.beta);
      sum += out[c];
    }
    for (int32_t c = 0; c < a.depth; ++c) out[c] /= sum;
  }
}

void log_softmax_f32_portable(const SoftmaxF32& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    const float* in = a.in + static_cast<ptrdiff_t>(r) * a.depth;
    float* out = a.out + static_cast<ptrdiff_t>(r) * a.depth;
    const float max = largest(in, a.depth);
    float sum = 0;
    for (int32_t c = 0; c < a.depth; ++c) sum += real::exp(in[c] - max);
    const float log_sum = real::log(sum);
    for (int32_t c = 0; c < a.depth; ++c) out[c] = in[c] - max - log_sum;
  }
}

}  // namespace pipit
