// SPDX-License-Identifier: Apache-2.0
// The most multiply-adds that a core can do in a cycle, to say what share of that a model uses.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipit/interpreter.h"
#include "pipit/model.h"

namespace pipit::tools {

// What an operator multiplies: that decides which instructions there are for it.
enum class Products { kNone, kBytes, kFloats, kOther };
Products products_of(const Model& model, int node, int subgraph);

// A cycle's multiply-adds of one core that does nothing else, the addition to wide sums included.
struct CyclePeak {
  double bytes = 0, floats = 0;
  // 0 where it is not known.
  double of(Products products) const;
};

// Of cores of this kind, or none: where there are several kinds, or one that is not known here.
std::optional<CyclePeak> cycle_peak(const std::vector<std::string>& cores);

}  // namespace pipit::tools
