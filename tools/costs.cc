// SPDX-License-Identifier: Apache-2.0
#include "tools/costs.h"

#include <cmath>
#include <string>

namespace pipit::tools {

std::string scaled(double value) {
  const char* prefix = " kMGTPE";
  // What rounds to a thousand takes the next prefix.
  constexpr double kRoundsUp = 999.5;
  while (std::fabs(value) >= kRoundsUp && prefix[1] != '\0') {
    value /= 1000;
    ++prefix;
  }
  return number(value, 3) + (*prefix == ' ' ? "" : std::string(" ") + *prefix);
}

Json cost_json(const Cost& cost) {
  return {{"multiply_adds", cost.multiply_adds},
          {"read_bytes", cost.read_bytes},
          {"written_bytes", cost.written_bytes},
          {"weight_bytes", cost.weight_bytes}};
}

}  // namespace pipit::tools
