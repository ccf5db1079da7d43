// SPDX-License-Identifier: Apache-2.0
// What operators cost (pipit/costs.h), as text and as JSON.
#pragma once

#include <string>

#include "pipit/costs.h"
#include "tools/describe.h"

namespace pipit::tools {

// With three digits and a prefix of the thousands, as in "12.3 M"; numbers below 1000 as they are.
std::string scaled(double value);

// "multiply_adds", "read_bytes", "written_bytes", "weight_bytes".
Json cost_json(const Cost& cost);

}  // namespace pipit::tools
