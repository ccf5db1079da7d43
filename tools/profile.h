// SPDX-License-Identifier: Apache-2.0
// Where an inference spends its time, step by step.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pipit/interpreter.h"
#include "tools/describe.h"

namespace pipit::tools {

class Profile {
 public:
  // To be planned with; it points to this object.
  Profiler profiler() { return {step, this}; }
  // An inference begins.
  void begin();

  // One row for each step in the order in which they first ran. Times are those of one inference,
  // without those of the steps that a step calls.
  std::string text() const;
  Json json() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Row {
    StepInfo step;
    int64_t runs = 0;
    Clock::duration time{};
  };

  static void step(void* self, const StepInfo& step, bool begins);
  size_t row_of(const StepInfo& step);
  double microseconds(const Row& row) const;
  double total() const;

  std::vector<Row> rows_;
  std::vector<size_t> open_;  // rows of the steps that are running, each called by the one before
  std::map<std::pair<int, int>, size_t> row_of_step_;  // by subgraph and node
  int64_t inferences_ = 0;
  Clock::time_point last_;
};

}  // namespace pipit::tools
