// SPDX-License-Identifier: Apache-2.0
// What operators cost by the shapes of their tensors: for profiles, and to compare boards.
#pragma once

#include <cstdint>

#include "pipit/interpreter.h"
#include "pipit/model.h"

namespace pipit {

// Numbers too large for their type are its largest.
struct Cost {
  // Products of an input and a weight that are summed up, those with padding included, and those
  // with the zeros of sparse weights. Operators that sum up no products have none.
  int64_t multiply_adds = 0;
  // Each input once, and each output once, as if no cache kept anything between operators. Of what
  // an operator takes pieces from, only the pieces.
  int64_t read_bytes = 0;
  int64_t written_bytes = 0;
  int64_t weight_bytes = 0;  // of the bytes that are read, those of constants

  int64_t bytes() const;
  Cost& operator+=(const Cost& other);
};

// What node `node` of the subgraph costs when it runs once, without the subgraphs that it calls.
// With the shapes of `net`, an interpreter of this model; of the file where there is none.
Cost cost_of(const Model& model, const Interpreter* net, int node, int subgraph = 0);

// What step `i` of an interpreter of the model costs: of all operators that run together in it, or
// that a delegate computes.
Cost cost_of_step(const Model& model, const Interpreter& net, int i, int subgraph = 0);

// Of all nodes of a subgraph, each once.
Cost cost_of_all(const Model& model, const Interpreter* net, int subgraph = 0);

}  // namespace pipit
