// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "core/to_integer.h"
#include "kernels/contracts/quantize_f32.h"

namespace pipit {
namespace {

template <class Out>
void quantize(const QuantizeF32& a) {
  Out* out = static_cast<Out*>(a.out);
  for (int32_t i = 0; i < a.n; ++i) {
    // A quotient, not a product with the inverse, as in TensorFlow Lite; in 64 bits, for the zero
    // point is added to numbers at the end of 32.
    const int64_t sum = int64_t{to_integer<int32_t>(std::round(a.in[i] / a.scale))} + a.zero_point;
    out[i] = static_cast<Out>(sum < a.min ? a.min : (sum > a.max ? a.max : sum));
  }
}

}  // namespace

void quantize_f32_s8_portable(const QuantizeF32& a) { quantize<int8_t>(a); }
void quantize_f32_s16_portable(const QuantizeF32& a) { quantize<int16_t>(a); }

void dequantize_s8_portable(const DequantizeS8& a) {
  for (int32_t i = 0; i < a.n; ++i) {
    const auto x = static_cast<int8_t>(static_cast<uint8_t>(a.in[i]) ^ a.flip);
    a.out[i] = static_cast<float>(x - a.zero_point) * a.scale;
  }
}

}  // namespace pipit
