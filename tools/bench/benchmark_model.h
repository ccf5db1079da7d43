// SPDX-License-Identifier: Apache-2.0
// A measurement in the lines that TensorFlow Lite's benchmark_model prints, which scripts look for.
#pragma once

#include <string>

#include "tools/bench/measure.h"

namespace pipit::tools {

// What comes before measuring: options, model, how long it took to plan.
std::string opening_lines(const BenchOptions& options, const Measurement& m);
// The runs, their times, memory.
std::string result_lines(const BenchOptions& options, const Measurement& m);
// Three tables: in running order, by time, and by kind of operator.
std::string profile_tables(const Measurement& m, bool csv);
// The tensors of a plan.
std::string state_lines(const Session& session, const std::string& when);

}  // namespace pipit::tools
