// SPDX-License-Identifier: Apache-2.0
// Which tensors of a graph a plan keeps.
//
// Kept are those that a step or the application reads or writes. A constant lies in the file, and
// of most of them operators want no more than the address: such a tensor is made when a node that
// reads it is planned, in temporary memory, and kept only if the node's step goes on using it.
#pragma once

#include "pipit/tensor.h"

namespace pipit {

struct Tensors {
  Tensor* kept = nullptr;  // in the order of the file
  int32_t kept_count = 0;
  Tensor** now = nullptr;  // while the graph is planned: for each tensor of the file, or nullptr

  // nullptr where there is none.
  Tensor* find(int32_t i) const;
  // The same, but where there is none, one without bytes that nobody uses.
  const Tensor& operator[](int32_t i) const {
    static constexpr Tensor kNobodys;
    const Tensor* t = find(i);
    return t == nullptr ? kNobodys : *t;
  }
  Tensor* begin() const { return kept; }
  Tensor* end() const { return kept + kept_count; }
};

}  // namespace pipit
