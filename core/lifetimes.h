// SPDX-License-Identifier: Apache-2.0
// When each tensor of a graph is alive.
#pragma once

#include "core/plan.h"

namespace pipit {

// Of each tensor, in steps; `first` > `last` where no step reads or writes it. What the caller
// reads lives until after the last step.
struct Lifetimes {
  int32_t* first = nullptr;
  int32_t* last = nullptr;
};

// Takes its arrays from the temporary memory of the plan.
Status find_lifetimes(State& state, const Graph& graph, Lifetimes* life);

// For each tensor the step that computes it, or -1.
void find_producers(const Graph& graph, int32_t* producer);

// Lets tensors share bytes: root[i] becomes another tensor in whose block tensor i lies, up to one
// that has itself as root, and `life` of that covers both. Aliases share whenever both are
// activations; an output is written over its input when no one needs the input's block from there
// on.
void share_blocks(const State& state, const Graph& graph, const Planning& planning,
                  const Lifetimes& life, int32_t* root);

inline int32_t root_of(const int32_t* root, int32_t i) {
  while (root[i] != i) i = root[i];
  return i;
}

}  // namespace pipit
