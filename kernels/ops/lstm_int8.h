// SPDX-License-Identifier: Apache-2.0
// What the LSTM cells of int8 activations and weights share.
#pragma once

#include "kernels/contracts/lstm.h"
#include "kernels/ops/lstm.h"

namespace pipit::lstm {

FixedMultiplier fixed_multiplier(float real);

// bias + zero_point * sum of the row's weights; bias may be nullptr.
Status fold_bias(Prepare& p, int weights, const Tensor* bias, int32_t zero_point,
                 const int32_t** folded);

// Checks types, states and scales.
Status check_tensors(Prepare& p, const Cell& c);

// All weights and biases are known when the step is planned, or the step is deferred.
bool weights_known(const Prepare& p, const Cell& c);

// Whether none of the weights is -128.
bool no_weight_is_min(const Prepare& p, const Cell& c);

// A cell of 12 intermediate tensors; its tensors have been checked.
Status prepare_int8x8(Prepare& p, const Cell& c);

}  // namespace pipit::lstm
