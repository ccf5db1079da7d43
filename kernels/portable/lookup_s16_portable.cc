// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/lookup_s16.h"

namespace pipit {

void lookup_s16_portable(const Unary& r) {
  const auto& t = *static_cast<const LookupS16*>(r.constants);
  each<int16_t, int16_t>(r, [&](int16_t x) { return lookup_s16(t, x); });
}

}  // namespace pipit
