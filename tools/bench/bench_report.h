// SPDX-License-Identifier: Apache-2.0
// Measurements as a report: text for a person, JSON for a program and for --compare.
#pragma once

#include <string>
#include <vector>

#include "tools/bench/measure.h"

namespace pipit::tools {

// What is the same for all measurements of a report.
struct BenchSubject {
  std::string model, sha256, isa;
  size_t model_bytes = 0;
};

constexpr char kBenchFormat[] = "pipit-bench";

// Multiply-adds in a second, by the median time; 0 where there is none.
double rate(double count, double us);
// How much of all multiply-adds that its cores could do in that time; 0 where that is not known.
double share_of_peak(const Measurement& m, const Board& board, double least_cycles, double us);
double median_us(const Measurement& m);

Json bench_json(const BenchSubject& subject, const Board& board,
                const std::vector<Measurement>& measurements);
std::string bench_text(const BenchSubject& subject, const Board& board, const Measurement& m,
                       bool each_step);

}  // namespace pipit::tools
