// SPDX-License-Identifier: Apache-2.0
// What element-wise operators share while they are prepared: shapes, the walk, the step.
#pragma once

#include "kernels/binary.h"
#include "kernels/ops/common.h"
#include "kernels/variant.h"

namespace pipit {

// The shape that the first `inputs` inputs have after broadcasting.
Status broadcast_shape(const Prepare& p, int inputs, Shape* shape);

// Plans output 0 = kernel(input 0, input 1) with broadcasting. `constants` live as long as the
// plan.
Status plan_binary(Prepare& p, const BinaryVariant& kernel, const void* constants);

// The run function of such a step, for operators that look at values first.
Status run_binary(const Step& s, Run& run);

// A copy of `value` that lives as long as the plan; nullptr when the arena is too small.
template <class T>
const T* keep(Prepare& p, const T& value) {
  T* kept = p.allocate<T>();
  if (kept != nullptr) *kept = value;
  return kept;
}

}  // namespace pipit
