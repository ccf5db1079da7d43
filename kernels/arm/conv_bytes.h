// SPDX-License-Identifier: Apache-2.0
// What a convolution, or a depthwise one, of int8 or uint8 numbers is to the kernels of both.
#pragma once

#include <cstdint>

#include "kernels/contracts/conv.h"

namespace pipit {
namespace {

// Of int8 numbers, or of uint8 ones with the top bit flipped, read as the type that suits the
// kernel.
template <class Byte>
struct BytesOf {
  ConvGeometry size;
  ConvStrides stride;
  const Byte* in;
  const Byte* weights;
  const int32_t* bias;
  Byte* out;
  int32_t in_zero_point;
  int32_t weights_zero_point = 0;
  uint8_t flip = 0;  // of the top bit, in inputs, weights and results: int8(x ^ 128) is x - 128
  Requantize requantize;
  uint8_t* scratch;
  const uint8_t* arranged;

  template <class Args>
  explicit BytesOf(const Args& a)
      : size(a.size),
        stride(a.stride),
        in(reinterpret_cast<const Byte*>(a.in)),
        weights(reinterpret_cast<const Byte*>(a.weights)),
        bias(a.bias),
        out(reinterpret_cast<Byte*>(a.out)),
        in_zero_point(a.in_zero_point),
        requantize(a.requantize),
        scratch(a.scratch),
        arranged(a.arranged) {
    if constexpr (requires { a.weights_zero_point; }) {
      weights_zero_point = a.weights_zero_point;
      flip = 0x80;
    }
  }
};

struct ConvBytes : BytesOf<int8_t> {
  bool no_weight_is_min;

  template <class Args>
  explicit ConvBytes(const Args& a) : BytesOf(a), no_weight_is_min(a.no_weight_is_min) {}
};

struct DepthwiseBytes : BytesOf<uint8_t> {
  int32_t multiplier, weights_tap;

  template <class Args>
  explicit DepthwiseBytes(const Args& a)
      : BytesOf(a), multiplier(a.multiplier), weights_tap(a.weights_tap) {}
};

}  // namespace
}  // namespace pipit
