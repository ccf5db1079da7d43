// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/rescale.h"
#include "kernels/math/fixed_point.h"

namespace pipit {
namespace {

template <class Sum, class Out>
void rescale_rows(const Rescale<Sum, Out>& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    const Sum* sums = a.sums + r * a.sums_stride;
    Out* out = a.out + r * a.out_stride;
    for (int32_t o = 0; o < a.outputs; ++o) {
      // A sum of 32 bits is exact as a double, one of 64 bits rounds there first.
      const int32_t scaled = round_away(static_cast<double>(sums[o]) * a.scale[o * a.scale_step]);
      out[o] = static_cast<Out>(clamp(a.zero_point + scaled, a.min, a.max));
    }
  }
}

}  // namespace

void rescale_s8_portable(const RescaleS8& a) { rescale_rows(a); }
void rescale_u8_portable(const RescaleU8& a) { rescale_rows(a); }
void rescale_s16_portable(const Rescale<int32_t, int16_t>& a) { rescale_rows(a); }
void rescale_s64_s16_portable(const Rescale<int64_t, int16_t>& a) { rescale_rows(a); }

}  // namespace pipit
