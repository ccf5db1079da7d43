// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>

#include "kernels/contracts/mean_s8.h"
#include "kernels/math/fixed_point.h"

namespace pipit {
namespace {

// Channels that are summed at a time: their sums stay in registers or the innermost cache.
constexpr int32_t kBlock = 64;

// sums[c] += the rows' values of n neighbouring channels.
void add_rows(const MeanS8& a, const int8_t* in, int32_t n, uint32_t* sums) {
  // Rows of one channel lie side by side: a loop that the compiler turns into vector code.
  if (a.channels == 1) {
    uint32_t sum = 0;
    for (int32_t r = 0; r < a.rows; ++r) sum += static_cast<uint32_t>(in[r]);
    sums[0] += sum;
    return;
  }
  for (int32_t r = 0; r < a.rows; ++r, in += a.channels) {
    for (int32_t c = 0; c < n; ++c) sums[c] += static_cast<uint32_t>(in[c]);
  }
}

}  // namespace

void mean_s8_portable(const MeanS8& a) {
  const ptrdiff_t image = ptrdiff_t{a.rows} * a.channels;
  for (int32_t b = 0; b < a.batch; ++b) {
    const int8_t* in = a.in + b * image;
    int8_t* out = a.out + ptrdiff_t{b} * a.channels;
    for (int32_t c = 0; c < a.channels; c += kBlock) {
      const int32_t n = std::min(kBlock, a.channels - c);
      uint32_t sums[kBlock];
      std::fill(sums, sums + n, static_cast<uint32_t>(a.bias));
      add_rows(a, in + c, n, sums);
      for (int32_t i = 0; i < n; ++i) {
        out[c + i] = static_cast<int8_t>(requantize(static_cast<int32_t>(sums[i]), a.multiplier,
                                                    a.shift, a.zero_point, -128, 127));
      }
    }
  }
}

}  // namespace pipit
