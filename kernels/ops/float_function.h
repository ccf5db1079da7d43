// SPDX-License-Identifier: Apache-2.0
// Operators that apply a function to each real number.
#pragma once

#include "kernels/ops/common.h"

namespace pipit {

// Plans output 0 = f(input 0) for the types of `accepted` among float32, float16 and bfloat16,
// of which the narrow ones are computed as float32.
Status plan_float_function(Prepare& p, float (*f)(float), TypeSet accepted);

}  // namespace pipit
