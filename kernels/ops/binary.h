// SPDX-License-Identifier: Apache-2.0
// What element-wise operators share while they are prepared: shapes, the walk, the step.
#pragma once

#include "kernels/contracts/add_s8.h"
#include "kernels/contracts/binary.h"
#include "kernels/contracts/broadcast.h"
#include "kernels/contracts/variant.h"
#include "kernels/ops/common.h"

namespace pipit {

// The shape that the first `inputs` inputs have after broadcasting. Dimensions are matched from the
// last one backwards; of two that differ one has to be 1 or missing, and is repeated.
Status broadcast_shape(const Prepare& p, int inputs, Shape* shape);

// Fails unless two inputs and the output are of one type, and the inputs of one shape.
Status check_alike(const Prepare& p);

// The walk over the first `inputs` inputs to a result of that shape.
Broadcast walk_inputs(const Prepare& p, const Shape& shape, int inputs);

// Brings two operands to one scale, twice the larger of theirs, which is returned. So both
// multipliers are at most a half, and the sum of two operands that were shifted left as far as 32
// bits allow stays within them.
double align_scales(const Tensor& a, const Tensor& b, AddQuantized* q);

// The run function of the steps planned here, for operators that look at values first.
Status run_binary(const Step& s, Run& run);

// Plans output 0 = kernel(input 0, input 1) with broadcasting. `constants` live as long as the
// plan; `b_bytes` is the size of an element of input 1 if the kernel reads another than its type's.
Status plan_binary(Prepare& p, const BinaryVariant& kernel, const void* constants,
                   RunFn run = run_binary, int32_t b_bytes = 0);

// The same for a kernel that has but a portable definition.
Status plan_binary(Prepare& p, BinaryFn kernel, const void* constants = nullptr,
                   RunFn run = run_binary);

}  // namespace pipit
