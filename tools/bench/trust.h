// SPDX-License-Identifier: Apache-2.0
// What the board did while a model was measured, and whether the times are to be trusted.
#pragma once

#include <string>
#include <vector>

#include "tools/bench/measure.h"

namespace pipit::tools {

struct Range {
  double low = 0, high = 0;
  bool any = false;
  void add(double x) {
    low = any ? std::min(low, x) : x;
    high = any ? std::max(high, x) : x;
    any = true;
  }
};

// Over all looks at the board.
struct Meanwhile {
  Range clock, celsius;
  std::vector<std::string> throttled;
  bool throttling_known = false;
};

Meanwhile meanwhile(const Measurement& m);
std::string meanwhile_text(const Meanwhile& all);

// Why the times may not be those of this board at its best, a line for each reason.
std::vector<std::string> warnings(const Measurement& m, const Board& board);

// "1800 MHz"
std::string megahertz(double hertz);
std::string joined(const std::vector<std::string>& list);

}  // namespace pipit::tools
