// SPDX-License-Identifier: Apache-2.0
// Measurements as a page with pictures: how times are spread, where they go, memory and the board.
#pragma once

#include <string>
#include <vector>

#include "tools/bench/bench_report.h"

namespace pipit::tools {

std::string bench_page(const BenchSubject& subject, const Board& board,
                       const std::vector<Measurement>& measurements);

}  // namespace pipit::tools
