// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/mul_s8.h"

namespace pipit {

void mul_s8_portable(const Binary& r) {
  const auto q = *static_cast<const MulQuantized*>(r.constants);
  each_pair<uint8_t, uint8_t>(r, [&](uint8_t a, uint8_t b) {
    const auto x = static_cast<int8_t>(a ^ q.flip);
    const auto y = static_cast<int8_t>(b ^ q.flip);
    return static_cast<uint8_t>(mul_quantized(q, x, y) ^ q.flip);
  });
}

void mul_s16_portable(const Binary& r) {
  const auto q = *static_cast<const MulQuantized*>(r.constants);
  each_pair<int16_t, int16_t>(
      r, [&](int16_t a, int16_t b) { return static_cast<int16_t>(mul_quantized(q, a, b)); });
}

}  // namespace pipit
