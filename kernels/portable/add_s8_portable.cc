// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/add_s8.h"

namespace pipit {

// Bytes of either type: `flip` makes uint8 the int8 that lies 128 below.
void add_s8_portable(const Binary& r) {
  const auto q = *static_cast<const AddQuantized*>(r.constants);
  each_pair<uint8_t, uint8_t>(r, [&](uint8_t a, uint8_t b) {
    const auto x = static_cast<int8_t>(a ^ q.flip);
    const auto y = static_cast<int8_t>(b ^ q.flip);
    return static_cast<uint8_t>(add_quantized(q, x, y) ^ q.flip);
  });
}

void add_s16_portable(const Binary& r) {
  const auto q = *static_cast<const AddQuantized*>(r.constants);
  each_pair<int16_t, int16_t>(
      r, [&](int16_t a, int16_t b) { return static_cast<int16_t>(add_quantized(q, a, b)); });
}

}  // namespace pipit
