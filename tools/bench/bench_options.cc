// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/bench_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "tools/failure.h"

namespace pipit::tools {
namespace {

// Options of benchmark_model that change nothing here; the first ones ask for another processor.
constexpr const char* kElsewhere[] = {"use_gpu", "use_nnapi", "use_hexagon", "use_coreml"};
constexpr const char* kNothing[] = {"use_xnnpack",
                                    "xnnpack_force_fp16",
                                    "use_caching",
                                    "allow_fp16",
                                    "require_full_delegation",
                                    "allow_dynamic_profiling_buffer_increase",
                                    "release_dynamic_tensors",
                                    "disable_delegate_clustering",
                                    "enable_builtin_cast_constant_cache",
                                    "gpu_precision_loss_allowed",
                                    "gpu_experimental_enable_quant",
                                    "disable_nnapi_cpu",
                                    "nnapi_allow_fp16",
                                    "use_cpu"};
constexpr const char* kNothingWithValue[] = {"max_profiling_buffer_entries",
                                             "optimize_memory_for_large_tensors",
                                             "memory_footprint_check_interval_ms",
                                             "gpu_invoke_loop_times",
                                             "max_delegated_partitions",
                                             "min_nodes_per_partition",
                                             "tensor_name_display_length",
                                             "tensor_type_display_length",
                                             "alloc_type_display_length",
                                             "benchmark_name",
                                             "output_prefix",
                                             "gpu_backend",
                                             "nnapi_accelerator_name",
                                             "nnapi_execution_preference"};

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  size_t from = 0;
  for (size_t to; (to = text.find(at, from)) != std::string::npos; from = to + 1) {
    parts.push_back(text.substr(from, to - from));
  }
  parts.push_back(text.substr(from));
  return text.empty() ? std::vector<std::string>() : parts;
}

Failure wrong(const std::string& option, const std::string& text, const std::string& why) {
  return {kUsage, "--" + option + "=" + text + ": " + why};
}

template <class T>
bool parse(const std::string& text, T* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size();
}

Shape parse_shape(const std::string& text) {
  const char* option = "input_layer_shape";
  Shape shape;
  for (const std::string& part : split(text, ',')) {
    if (shape.rank == Shape::kMaxRank) {
      throw wrong(option, text, "more than " + std::to_string(Shape::kMaxRank) + " dimensions");
    }
    int32_t size = 0;
    if (!parse(part, &size) || size < 0) {
      throw wrong(option, text, "each dimension is a number from 0 to 2147483647");
    }
    shape[shape.rank++] = size;
  }
  return shape;
}

InputLayer* find(const std::string& name, const char* option, std::vector<InputLayer>* layers) {
  const auto found = std::find_if(layers->begin(), layers->end(),
                                  [&](const InputLayer& layer) { return layer.name == name; });
  if (found != layers->end()) return &*found;
  throw Failure(kUsage, std::string("--") + option + ": '" + name + "' is none of --input_layer");
}

// "input1,1,2:input2,0,254"
void parse_ranges(const std::string& text, std::vector<InputLayer>* layers) {
  const char* option = "input_layer_value_range";
  for (const std::string& item : split(text, ':')) {
    const std::vector<std::string> parts = split(item, ',');
    int64_t low = 0, high = 0;
    if (parts.size() != 3 || !parse(parts[1], &low) || !parse(parts[2], &high) || low > high) {
      throw wrong(option, item, "expected NAME,LOW,HIGH with integers");
    }
    find(parts[0], option, layers)->range = {low, high};
  }
}

// Where a name ends: at the first colon that is not doubled.
size_t name_end(const std::string& item) {
  for (size_t i = 0; i < item.size(); ++i) {
    if (item[i] != ':') continue;
    if (i + 1 == item.size() || item[i + 1] != ':') return i;
    ++i;
  }
  return std::string::npos;
}

std::string without_doubled_colons(std::string text) {
  for (size_t at = 0; (at = text.find("::", at)) != std::string::npos; ++at) text.erase(at, 1);
  return text;
}

// "input1:file1,in::2:file2", where a doubled colon is one of the name.
void parse_files(const std::string& text, std::vector<InputLayer>* layers) {
  const char* option = "input_layer_value_files";
  for (const std::string& item : split(text, ',')) {
    const size_t colon = name_end(item);
    if (colon == std::string::npos || colon + 1 == item.size()) {
      throw wrong(option, item, "expected NAME:FILE");
    }
    find(without_doubled_colons(item.substr(0, colon)), option, layers)->file =
        without_doubled_colons(item.substr(colon + 1));
  }
}

void add_runs(CLI::App* app, BenchOptions* o) {
  const auto count = CLI::Range(0, INT32_MAX).description("");
  app->add_option("--num_runs", o->num_runs, "Runs to measure, at least (default 50)")
      ->type_name("N")
      ->check(count);
  app->add_option("--warmup_runs", o->warmup_runs, "Runs before that, at least (default 1)")
      ->type_name("N")
      ->check(count);
  app->add_option("--min_secs", o->min_secs, "Goes on for so long, at least (default 1)")
      ->type_name("S");
  app->add_option("--max_secs", o->max_secs, "Begins no run after that (default 150)")
      ->type_name("S");
  app->add_option("--warmup_min_secs", o->warmup_min_secs, "Warms up so long (default 0.5)")
      ->type_name("S");
  app->add_option("--run_delay", o->run_delay, "Pauses between runs")->type_name("S");
  app->add_option("--run_frequency", o->run_frequency, "Begins so many runs a second")
      ->type_name("HZ");
  app->add_flag("--dry_run", o->dry_run, "Plans, and runs nothing");
}

void add_inputs(CLI::App* app, BenchOptions* o) {
  app->add_option("--input_layer", o->input_layer, "Names for all inputs, in their order")
      ->type_name("A,B");
  app->add_option("--input_layer_shape", o->input_layer_shape, "Their shapes")
      ->type_name("1,8:1,4");
  app->add_option("--input_layer_value_range", o->input_layer_value_range,
                  "Random integers within these bounds")
      ->type_name("A,0,9:B,...");
  app->add_option("--input_layer_value_files", o->input_layer_value_files,
                  "Values from files, raw or .npy")
      ->type_name("A:FILE,...");
  app->add_option("--signature_to_run_for", o->signature, "Runs the signature KEY")
      ->type_name("KEY");
  app->add_flag("--list_signatures", o->list_signatures, "Lists the signatures, and ends");
  app->add_option("--seed", o->seed, "Seed of the random data (default 0)")->type_name("N");
}

void add_reports(CLI::App* app, BenchOptions* o) {
  app->add_flag("--enable_op_profiling,--profile", o->profile, "Also shows each operator's time");
  app->add_option("--op_profiling_output_mode", o->profile_mode, "stdout (default), csv or proto")
      ->type_name("MODE");
  app->add_option("--op_profiling_output_file", o->profile_file, "Writes these times to FILE")
      ->type_name("FILE");
  app->add_option("--profiling_output_csv_file", o->profile_csv_file, "The same, as csv")
      ->type_name("FILE");
  app->add_flag("--print_preinvoke_state", o->print_before, "Lists the tensors before running");
  app->add_flag("--print_postinvoke_state", o->print_after, "Lists the tensors after running");
  app->add_flag("--report_peak_memory_footprint", o->peak_memory, "Also shows the peak memory");
  app->add_option("--output_filepath", o->output_file, "Writes the outputs' bytes to FILE")
      ->type_name("FILE");
  app->add_flag("--verbose", o->verbose, "Also shows the options that were not given");
}

void add_ours(CLI::App* app, BenchOptions* o) {
  app->add_option("--threads,--num_threads", o->threads,
                  "Shares the work among N threads; several in turn")
      ->type_name("N,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  app->add_option("--isa", o->isa, "portable, neon, dotprod, i8mm: nothing beyond it")
      ->type_name("NAME");
  app->add_option("--compare", o->compare, "Says whether B is faster than A; runs no model")
      ->expected(2)
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw)
      ->type_name("A.json B.json");
  app->add_option("--html", o->html, "Writes a page with pictures to FILE")->type_name("FILE");
  app->add_flag("--json", o->json, "Prints the report as JSON");
  app->add_option("--board-root", o->board_root, "Looks for proc and sys below DIR")->group("");
}

// Accepted without a word in --help.
void add_ignored(CLI::App* app, BenchOptions* o) {
  for (const char* name : kElsewhere) {
    app->add_flag_function(
           std::string("--") + name,
           [o, name](int64_t given) {
             if (given > 0) o->elsewhere.push_back(name);
           },
           "")
        ->group("");
  }
  for (const char* name : kNothing) {
    app->add_flag_function(
           std::string("--") + name, [](int64_t) {}, "")
        ->group("");
  }
  for (const char* name : kNothingWithValue) {
    app->add_option_function<std::string>(
           std::string("--") + name, [](const std::string&) {}, "")
        ->group("");
  }
}

}  // namespace

void add_bench_options(CLI::App* app, BenchOptions* options) {
  app->option_defaults()->take_last();  // scripts put theirs behind others
  app->add_option("MODEL,--graph", options->model, "The .tflite file")->type_name("FILE");
  add_ours(app, options);
  add_runs(app, options);
  add_inputs(app, options);
  add_reports(app, options);
  add_ignored(app, options);
}

std::vector<InputLayer> input_layers(const BenchOptions& options) {
  const std::vector<std::string> names = split(options.input_layer, ',');
  const std::vector<std::string> shapes = split(options.input_layer_shape, ':');
  if (names.size() != shapes.size()) {
    throw Failure(kUsage, "--input_layer has " + std::to_string(names.size()) +
                              " names, --input_layer_shape " + std::to_string(shapes.size()) +
                              " shapes: they belong together");
  }
  std::vector<InputLayer> layers;
  for (size_t i = 0; i < names.size(); ++i) {
    layers.push_back({names[i], parse_shape(shapes[i]), "", std::nullopt});
  }
  parse_ranges(options.input_layer_value_range, &layers);
  parse_files(options.input_layer_value_files, &layers);
  return layers;
}

}  // namespace pipit::tools
