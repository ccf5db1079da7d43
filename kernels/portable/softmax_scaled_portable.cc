// SPDX-License-Identifier: Apache-2.0
// Softmax of bytes whose results have another scale than the kernels in fixed point know.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "kernels/contracts/softmax.h"

namespace pipit {
namespace {

// How far a number is from the one whose exponential is the largest of its row.
class Distance {
 public:
  Distance(const SoftmaxScaled& a, const uint8_t* row) : a_(a) {
    edge_ = number(row[0]);
    for (int32_t c = 1; c < a.depth; ++c) {
      const int x = number(row[c]);
      edge_ = a.from_smallest ? std::min(edge_, x) : std::max(edge_, x);
    }
  }
  int operator()(uint8_t x) const {
    return a_.from_smallest ? number(x) - edge_ : edge_ - number(x);
  }

 private:
  int number(uint8_t x) const { return x ^ a_.flip; }

  const SoftmaxScaled& a_;
  int edge_ = 0;
};

template <class Out>
Out quantize(float steps, int32_t zero_point) {
  constexpr auto kMin = static_cast<float>(std::numeric_limits<Out>::min());
  constexpr auto kMax = static_cast<float>(std::numeric_limits<Out>::max());
  const float q = std::round(steps) + static_cast<float>(zero_point);
  return static_cast<Out>(std::min(std::max(q, kMin), kMax));
}

template <class Out>
void softmax_scaled(const SoftmaxScaled& a) {
  if (a.depth == 0) return;
  const uint8_t* in = a.in;
  Out* out = static_cast<Out*>(a.out);
  for (int32_t r = 0; r < a.rows; ++r, in += a.depth, out += a.depth) {
    const Distance distance(a, in);
    float sum = 0;
    for (int32_t c = 0; c < a.depth; ++c) sum += a.exp[distance(in[c])];
    // May be infinite; zero stays zero then.
    const float inverse = 1.0f / (sum * a.scale);
    for (int32_t c = 0; c < a.depth; ++c) {
      const float e = a.exp[distance(in[c])];
      out[c] = quantize<Out>(e == 0 ? 0 : e * inverse, a.zero_point);
    }
  }
}

}  // namespace

void softmax_scaled_s8(const SoftmaxScaled& a) { softmax_scaled<int8_t>(a); }
void softmax_scaled_u8(const SoftmaxScaled& a) { softmax_scaled<uint8_t>(a); }
void softmax_scaled_s16(const SoftmaxScaled& a) { softmax_scaled<int16_t>(a); }

}  // namespace pipit
