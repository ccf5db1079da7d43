// SPDX-License-Identifier: Apache-2.0
// SUM and REDUCE_PROD of quantized numbers, after check_reduction().
#pragma once

#include "kernels/ops/reduction.h"

namespace pipit {

// int8, uint8 or int16.
Status prepare_quantized_sum(Prepare& p);

// int8 or int16, else fails.
Status prepare_quantized_product(Prepare& p);

}  // namespace pipit
