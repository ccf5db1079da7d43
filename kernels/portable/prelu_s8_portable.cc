// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/prelu_s8.h"

namespace pipit {

void prelu_s8_portable(const Binary& r) {
  const auto q = *static_cast<const PreluQuantized*>(r.constants);
  each_pair<uint8_t, uint8_t>(r, [&](uint8_t a, uint8_t b) {
    const auto x = static_cast<int8_t>(a ^ q.flip);
    const auto alpha = static_cast<int8_t>(b ^ q.flip);
    return static_cast<uint8_t>(prelu_quantized(q, x, alpha) ^ q.flip);
  });
}

}  // namespace pipit
