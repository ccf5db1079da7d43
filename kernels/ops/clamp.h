// SPDX-License-Identifier: Apache-2.0
// Fused activations that keep numbers within limits.
#pragma once

#include <limits>

#include "kernels/contracts/arithmetic_f32.h"
#include "kernels/ops/common.h"

namespace pipit {

template <class T>
Clamp<T> clamp_to(fb::ActivationFunctionType activation) {
  using Limits = std::numeric_limits<T>;
  switch (activation) {
    case fb::ActivationFunctionType::RELU:
      return {0, Limits::max()};
    case fb::ActivationFunctionType::RELU6:
      return {0, 6};
    case fb::ActivationFunctionType::RELU_N1_TO_1:
      return {static_cast<T>(Limits::is_signed ? -1 : 0), 1};
    default:
      return {Limits::lowest(), Limits::max()};
  }
}

}  // namespace pipit
