// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/widen_f16.h"
#include "kernels/math/half.h"

namespace pipit {

void widen_f16_portable(const Unary& r) { each<uint16_t, float>(r, half_to_float); }

}  // namespace pipit
