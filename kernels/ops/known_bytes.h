// SPDX-License-Identifier: Apache-2.0
// What plans may know about the bytes of constant weights.
#pragma once

#include <cstring>

#include "pipit/op.h"

namespace pipit {

// Whether the values of an input are known now, and none of their bytes is this one.
inline bool never_holds(const Prepare& p, int input, int byte) {
  const Tensor& t = p.input(input);
  return p.values_known(input) && std::memchr(t.data, byte, t.bytes) == nullptr;
}

}  // namespace pipit
