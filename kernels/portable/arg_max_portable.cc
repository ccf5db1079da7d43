// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/arg_max.h"

namespace pipit {

void arg_max_u8_portable(const ArgMaxU8& a) {
  const uint8_t* row = a.in;
  for (int32_t r = 0; r < a.rows; ++r, row += a.size) {
    int32_t found = 0;
    // Below every byte, so the first one is taken; an equal one later is not.
    int best = -1;
    for (int32_t i = 0; i < a.size; ++i) {
      const int value = row[i] ^ a.flip;
      if (value <= best) continue;
      best = value;
      found = i;
    }
    a.out[r] = found;
  }
}

}  // namespace pipit
