// SPDX-License-Identifier: Apache-2.0
// What a convolution of int8 or uint8 numbers is to the kernels of both.
#pragma once

#include <cstdint>

#include "kernels/contracts/conv.h"

namespace pipit {
namespace {

// A convolution of int8 numbers, or of uint8 ones with the top bit flipped.
struct ConvBytes {
  ConvGeometry size;
  ConvStrides stride;
  const int8_t* in;
  const int8_t* weights;
  const int32_t* bias;
  int8_t* out;
  int32_t in_zero_point;
  int32_t weights_zero_point = 0;
  uint8_t flip = 0;  // of the top bit, in inputs, weights and results: int8(x ^ 128) is x - 128
  bool no_weight_is_min = false;
  Requantize requantize;
  uint8_t* scratch;
  const uint8_t* arranged;

  template <class Args>
  explicit ConvBytes(const Args& a)
      : size(a.size),
        stride(a.stride),
        in(reinterpret_cast<const int8_t*>(a.in)),
        weights(reinterpret_cast<const int8_t*>(a.weights)),
        bias(a.bias),
        out(reinterpret_cast<int8_t*>(a.out)),
        in_zero_point(a.in_zero_point),
        no_weight_is_min(a.no_weight_is_min),
        requantize(a.requantize),
        scratch(a.scratch),
        arranged(a.arranged) {
    if constexpr (requires { a.weights_zero_point; }) {
      weights_zero_point = a.weights_zero_point;
      flip = 0x80;
    }
  }
};

}  // namespace
}  // namespace pipit
