// SPDX-License-Identifier: Apache-2.0
// From the quantization of input 0 to that of output 0.
#pragma once

#include "kernels/math/scaling.h"
#include "kernels/ops/common.h"

namespace pipit {

// Slopes input.scale / output.scale above zero and `slope` times as much below. Checks both
// quantizations; int16 may have no zero point.
Status find_scaling(const Prepare& p, float slope, Scaling* s);

}  // namespace pipit
