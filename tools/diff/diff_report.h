// SPDX-License-Identifier: Apache-2.0
// What `pipit diff` has found, as text, JSON and a page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/describe.h"
#include "tools/diff/difference.h"

namespace pipit::tools {

// What an operator computes, and how far it is from what is expected.
struct Layer {
  int node = 0;
  std::string op;
  Tensor tensor;
  Difference difference;
};

struct DiffReport {
  std::string model, reference, isa;
  std::vector<Layer> layers;  // in running order
  std::optional<ErrorBound> bound;

  // The first that differs, or that is beyond the bound; nullptr: none.
  const Layer* first() const;
  const Layer* worst() const;
  bool bound_holds() const { return !bound || first() == nullptr; }
};

std::string diff_text(const DiffReport& report);
Json diff_json(const DiffReport& report);
std::string diff_page(const DiffReport& report);

}  // namespace pipit::tools
