// SPDX-License-Identifier: Apache-2.0
// A series of measured times, as text and as JSON.
#pragma once

#include <string>

#include "tools/bench/statistics.h"
#include "tools/describe.h"

namespace pipit::tools {

// Four digits, in the unit that suits: "12.34 ms".
std::string duration(double us);
// In microseconds whatever it is, never with an exponent: "12,345", "1.234".
std::string micros(double us);
// "median 12.3 ms (95 %: 12.2 ms to 12.4 ms), p90 12.9 ms, p99 14 ms; 50 runs"
std::string times_text(const Times& times);
Json times_json(const Times& times);

}  // namespace pipit::tools
