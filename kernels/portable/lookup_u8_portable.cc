// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/lookup_u8.h"

namespace pipit {

void lookup_u8_portable(const Unary& r) {
  const uint8_t* table = static_cast<const LookupU8*>(r.constants)->table;
  each<uint8_t, uint8_t>(r, [&](uint8_t x) { return table[x]; });
}

}  // namespace pipit
