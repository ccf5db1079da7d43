// SPDX-License-Identifier: Apache-2.0
// What `pipit bench` is told: the options of TensorFlow Lite's benchmark_model that apply here,
// under their names, and some of its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipit/interpreter.h"

namespace CLI {
class App;
}

namespace pipit::tools {

struct BenchOptions {
  std::string model;
  std::vector<int> threads = {1};
  int num_runs = 50, warmup_runs = 1;
  double min_secs = 1, max_secs = 150, warmup_min_secs = 0.5;
  double run_delay = -1, run_frequency = -1;
  std::string input_layer, input_layer_shape, input_layer_value_range, input_layer_value_files;
  std::string signature;
  bool list_signatures = false, dry_run = false, profile = false, print_before = false,
       print_after = false, peak_memory = false, verbose = false;
  std::string profile_mode = "stdout", profile_file, profile_csv_file, output_file;

  std::string isa;
  uint64_t seed = 0;
  std::vector<std::string> compare;
  std::string html, board_root;
  bool json = false;
  // Options that choose what there is none of here, and were given.
  std::vector<std::string> elsewhere;
};

// What is said of one input.
struct InputLayer {
  std::string name;
  Shape shape;
  std::string file;
  std::optional<std::pair<int64_t, int64_t>> range;
};

void add_bench_options(CLI::App* app, BenchOptions* options);

// One for each input, or none at all. Throws Failure(kUsage) when the lists do not fit together.
std::vector<InputLayer> input_layers(const BenchOptions& options);

}  // namespace pipit::tools
