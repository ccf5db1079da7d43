// SPDX-License-Identifier: Apache-2.0
// What the reducing operators share: inputs (tensor, axes) and ReducerOptions.
#pragma once

#include "kernels/contracts/reduce.h"
#include "kernels/ops/common.h"

namespace pipit {

// Checks the inputs. Fails unless the output has the input's type.
Status check_reduction(const Prepare& p);

// Sets the shape of output 0; the values of input 1 are known. `count` is how many elements are
// folded into each output.
Status plan_reduction(Prepare& p, Reduce* reduce, int64_t* count);

}  // namespace pipit
