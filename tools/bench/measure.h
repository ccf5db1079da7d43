// SPDX-License-Identifier: Apache-2.0
// Measures a model: times of inferences, of operators, memory, and the board meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipit/costs.h"
#include "pipit/interpreter.h"
#include "pipit/team.h"
#include "tools/bench/bench_options.h"
#include "tools/bench/board.h"
#include "tools/bench/counters.h"
#include "tools/bench/peak.h"
#include "tools/bench/statistics.h"
#include "tools/process.h"
#include "tools/profile.h"
#include "tools/progress.h"
#include "tools/session.h"

namespace pipit::tools {

// An operator of several that run together.
struct MeasuredLink {
  std::string op;
  int node = 0;
  Cost cost;  // of one inference
};

// A step of the plan: an operator, or several that run together.
struct MeasuredStep {
  std::string op, variant, name;  // named after what it writes
  int subgraph = 0, node = 0;
  double runs = 0, us = 0, first_us = 0, start_us = 0;  // of one inference, see ProfileRow
  Cost cost;                                            // of one inference
  // Cycles of one core that the multiply-adds take at least; 0 where that is not known.
  double least_cycles = 0;
  Times times{2};                   // see ProfileRow
  std::vector<MeasuredLink> links;  // none when it is one operator
};

// At a moment of the measurement.
struct Moment {
  double seconds = 0;  // since it began
  int64_t resident_bytes = 0;
  BoardState board;
};

struct MeasuredOutput {
  std::string name, type;
  std::string shape;
  size_t bytes = 0;
  uint32_t crc = 0;
};

struct Measurement {
  int threads = 1;
  double load_us = 0, plan_us = 0;
  Times warmup, times;
  double seconds = 0;         // of the measured runs, with what is between them
  Usage usage;                // likewise
  std::vector<Count> counts;  // of one inference
  std::string no_counts;      // why there are none

  size_t file_bytes = 0, arena_bytes = 0;
  MemoryPlan plan;
  int64_t start_bytes = 0, planned_bytes = 0, end_bytes = 0, peak_bytes = 0;  // resident

  std::optional<int64_t> clock_hz;  // while it ran
  BoardState before, after;
  std::vector<Moment> moments;

  std::vector<MeasuredOutput> outputs;
  std::vector<MeasuredStep> steps;
  int64_t profiled_runs = 0;
  Times profiled;
  Cost cost;
  double least_cycles = 0;  // see MeasuredStep; 0 when it is not known of some step
};

// Plans and runs the model on so many threads. `root` is the board that is looked at.
class Measurer {
 public:
  Measurer(const BenchOptions& options, int threads, Board* board, Progress* progress);
  ~Measurer();

  void plan();
  Measurement run();

  // After plan().
  const Session& session() const { return *session_; }

 private:
  struct Phase;

  void feed();
  std::vector<uint8_t> input_bytes(int i) const;
  double invoke();
  void repeat(const Phase& phase, Times* times);
  void pause(double begun_seconds, int64_t run) const;
  void look(double seconds);
  void measure();
  void profile();
  void add_step(const ProfileRow& row);
  void add_outputs();
  void summarize();

  const BenchOptions& options_;
  Board* board_;
  Progress* progress_;
  std::vector<InputLayer> layers_;
  std::vector<InputShape> shapes_;
  std::unique_ptr<Counters> counters_;
  Team team_;
  std::unique_ptr<Session> session_;
  Measurement m_;
  Profile profile_;
  bool fed_ = false;
  double next_look_ = 0;
};

}  // namespace pipit::tools
