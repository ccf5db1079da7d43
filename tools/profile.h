// SPDX-License-Identifier: Apache-2.0
// Where an inference spends its time, step by step.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pipit/interpreter.h"
#include "tools/bench/statistics.h"
#include "tools/describe.h"

namespace pipit::tools {

// A step's times in microseconds, those of one inference on average, without those of the steps
// that it calls.
struct ProfileRow {
  StepInfo step;
  double runs = 0;      // in one inference
  double us = 0;        // of all of them
  double first_us = 0;  // in the first inference
  double start_us = 0;  // from the beginning of an inference
  Times times{2};       // of each inference in which it ran
};

class Profile {
 public:
  // To be planned with; it points to this object.
  Profiler profiler() { return {step, this}; }
  // An inference begins.
  void begin();

  int64_t inferences() const { return inferences_; }
  // One row for each step in the order in which they first ran.
  std::vector<ProfileRow> rows() const;
  std::string text() const;
  Json json() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Row {
    StepInfo step;
    int64_t runs = 0;
    Clock::duration time{}, first{}, start{};
    int64_t last_inference = 0;
    Clock::duration in_last{};  // time in that one
    Times before{2};            // those in the others
  };

  static void step(void* self, const StepInfo& step, bool begins);
  size_t row_of(const StepInfo& step);
  void add_time(Row* row, Clock::duration time) const;
  static Times times_of(const Row& row);
  double microseconds(Clock::duration time) const;
  double total() const;

  std::vector<Row> rows_;
  std::vector<size_t> open_;  // rows of the steps that are running, each called by the one before
  std::map<std::pair<int, int>, size_t> row_of_step_;  // by subgraph and node
  int64_t inferences_ = 0;
  Clock::time_point begun_, last_;
};

}  // namespace pipit::tools
