// SPDX-License-Identifier: Apache-2.0
#include "kernels/half.h"
#include "kernels/widen_f16.h"

namespace pipit {

void widen_f16_portable(const Unary& r) { each<uint16_t, float>(r, half_to_float); }

}  // namespace pipit
