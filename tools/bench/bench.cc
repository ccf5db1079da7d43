// SPDX-License-Identifier: Apache-2.0
// `pipit bench`: how fast a model runs on this board, where its time and memory go, and whether the
// figures can be trusted.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tools/bench/bench_options.h"
#include "tools/bench/bench_page.h"
#include "tools/bench/bench_report.h"
#include "tools/bench/benchmark_model.h"
#include "tools/bench/compare.h"
#include "tools/bench/measure.h"
#include "tools/bench/profile_proto.h"
#include "tools/commands.h"
#include "tools/digest.h"
#include "tools/failure.h"
#include "tools/format.h"
#include "tools/io.h"

namespace pipit::tools {
namespace {

constexpr char kFooter[] =
    R"(Takes the options of TensorFlow Lite's benchmark_model and prints its lines, so
that scripts made for it go on working; what only concerns other processors is
accepted and changes nothing. Then come quantiles, an interval in which the
median is with 95 % certainty, multiply-adds and bytes, what share of the CPU's
peak they are, memory, counters where the kernel allows them, the state of the
board, and checksums of the outputs. A line that begins with "warning:" says why
a figure is not to be trusted.

--compare reads two reports made with --json and says whether B is faster.
docs/measuring.md explains the figures.

Examples:
  pipit bench model.tflite --threads 1,2,4 --html model.html
  pipit bench --graph=model.tflite --num_threads=4 --enable_op_profiling=true
  pipit bench model.tflite --json > b.json
  pipit bench --compare a.json b.json

Exit status: 0 done; 2 wrong usage; 3 the model is refused; 4 an input is
unreadable, has the wrong size or type, or reports of different models are
compared; 5 out of memory; 6 failed while running, or the output cannot be
written.)";

class Bench {
 public:
  explicit Bench(const BenchOptions& options) : options_(options), board_(options.board_root) {}

  void run() {
    check_outputs();
    for (const int threads : options_.threads) measure(threads);
    progress_.clear();
    if (!options_.html.empty()) {
      write_file(options_.html, bench_page(subject_, board_, measurements_));
    }
    if (options_.json) print(dump(bench_json(subject_, board_, measurements_)));
  }

 private:
  // No output may replace the model, nor a file of values.
  void check_outputs() const {
    KeptFiles kept;
    kept.keep(options_.model);
    for (const InputLayer& layer : input_layers(options_)) {
      if (!layer.file.empty()) kept.keep(layer.file);
    }
    for (const std::string& file : {options_.html, options_.output_file, options_.profile_file}) {
      if (!file.empty()) kept.check(file);
    }
  }

  void measure(int threads) {
    Measurer measurer(options_, threads, &board_, &progress_);
    measurer.plan();
    const Session& session = measurer.session();
    if (subject_.sha256.empty()) describe(session);
    const std::string before = options_.print_before ? state_lines(session, "pre-invoke") : "";
    measurements_.push_back(measurer.run());
    progress_.clear();
    if (!options_.output_file.empty()) write_outputs(session);
    if (options_.json) {
      if (!options_.profile_file.empty()) print_profile(session);
      return;
    }
    print((measurements_.size() > 1 ? "\n" : "") + opening_lines(options_, last()) + before +
          result_lines(options_, last()) +
          (options_.print_after ? state_lines(session, "post-invoke") : ""));
    if (options_.profile || !options_.profile_file.empty()) print_profile(session);
    print(bench_text(subject_, board_, last(), options_.profile));
  }

  const Measurement& last() const { return measurements_.back(); }

  void describe(const Session& session) {
    subject_.model = options_.model;
    subject_.model_bytes = session.model().file().size();
    subject_.sha256 = sha256(session.model().file());
    subject_.isa = isa_name(cpu_for(options_.isa));
  }

  void print_profile(const Session& session) const {
    const std::string profile = options_.profile_mode == "proto"
                                    ? profile_proto(session, last())
                                    : profile_tables(last(), options_.profile_mode == "csv");
    if (options_.profile_file.empty()) {
      print(profile);
    } else {
      write_file(options_.profile_file, profile);
    }
  }

  void write_outputs(const Session& session) const {
    std::vector<uint8_t> bytes;
    for (int i = 0; i < session.outputs(); ++i) {
      const Tensor& t = session.output(i);
      if (t.data == nullptr) continue;
      bytes.insert(bytes.end(), t.as<const uint8_t>(), t.as<const uint8_t>() + t.bytes);
    }
    write_file(options_.output_file, Span<const uint8_t>(bytes.data(), bytes.size()));
  }

  const BenchOptions& options_;
  Board board_;
  Progress progress_;
  BenchSubject subject_;
  std::vector<Measurement> measurements_;
};

void list_signatures(const std::string& path) {
  const Session session(path);
  const int count = session.model().signatures();
  print("INFO: The Model contains " + std::to_string(count) + " signature key(s).\n");
  for (int i = 0; i < count; ++i) {
    print(std::string("INFO: -> Signature Key: ") + printable(session.model().signature_key(i)) +
          "\n");
  }
}

// Options as benchmark_model understands them, or Failure(kUsage).
void settle(BenchOptions* o) {
  if (o->model.empty()) throw Failure(kUsage, "MODEL is required (see pipit bench --help)");
  for (int& threads : o->threads) {
    if (threads == -1) threads = 1;  // benchmark_model's "as many as usual"
    if (threads < 1) {
      throw Failure(kUsage, "--threads " + std::to_string(threads) + ": at least 1");
    }
  }
  if (!o->profile_csv_file.empty()) {
    o->profile_mode = "csv";
    o->profile_file = o->profile_csv_file;
  }
  if (o->profile_mode != "stdout" && o->profile_mode != "csv" && o->profile_mode != "proto") {
    throw Failure(kUsage, "--op_profiling_output_mode=" + o->profile_mode +
                              ": not one of stdout, csv, proto");
  }
  if (o->profile_mode == "proto" && o->profile_file.empty()) {
    throw Failure(kUsage,
                  "--op_profiling_output_mode=proto: is no text, so it needs a file: "
                  "--op_profiling_output_file=FILE");
  }
  if (!o->profile_file.empty() && o->threads.size() > 1) {
    throw Failure(kUsage,
                  "--op_profiling_output_file has the times of one number of threads, and "
                  "--threads names " +
                      std::to_string(o->threads.size()));
  }
}

}  // namespace

void add_bench(CLI::App& pipit) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* app = pipit.add_subcommand("bench", "Measures how fast a model runs here");
  app->footer(kFooter);
  add_bench_options(app, options.get());
  app->callback([options] {
    if (!options->compare.empty()) {
      print(compare_reports(options->compare[0], options->compare[1], options->json));
      return;
    }
    settle(options.get());
    if (options->list_signatures) return list_signatures(options->model);
    Bench(*options).run();
  });
}

}  // namespace pipit::tools
