// SPDX-License-Identifier: Apache-2.0
// `pipit run`: feeds a model, invokes it, and writes what comes out.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipit/team.h"
#include "tools/bench/times_report.h"
#include "tools/commands.h"
#include "tools/describe.h"
#include "tools/failure.h"
#include "tools/feed.h"
#include "tools/format.h"
#include "tools/io.h"
#include "tools/profile.h"
#include "tools/progress.h"
#include "tools/session.h"

namespace pipit::tools {
namespace {

namespace fs = std::filesystem;

constexpr char kFooter[] =
    R"(Inputs are raw little-endian bytes, or .npy arrays of the input's type and shape, in the order of the
model (`pipit inspect` shows it). An input without a file gets deterministic random data: floats in
[-1, 1), integers of up to 16 bits over their whole range, wider ones from 0 to 9, short strings.
Strings travel as the format's string buffers.

--invocations runs the model K times and keeps its state (variables) in between; %d in the name of an
input file stands for the number of the invocation, and outputs are out0.0.bin, out0.1.bin, ...
--iterations is for measuring: it repeats one inference, each time from the same state, and prints
the times. --profile shows the average time of each step by the clock, and how often it runs in one
inference.
(`pipit bench` measures more, and watches the board meanwhile.)
--threads N shares the work among N threads, the program's own included; without it there is but that
one. The results are the same. More threads than the CPU has cores make nothing faster.
Operators that hand rows to one another run together in bands of rows, where that saves memory; --bands
never shows what it saves, and what it costs. The results are the same.
Without --isa, kernels use all that the CPU has; dotprod includes neon, i8mm includes dotprod. What the
CPU lacks is refused.
--dump-tensors writes DIR/<subgraph>.<index>.bin. Every tensor keeps bytes of its own for that, so the
arena is larger than otherwise.

Examples:
  pipit run model.tflite --input image.bin --output-dir out  writes out/out0.bin
  pipit run model.tflite --input frame%d.npy --invocations 10 --output-dir out
  pipit run model.tflite --resize 0=1x320x320x3 --json
  pipit run model.tflite --iterations 100 --isa neon

Exit status: 0 done; 2 wrong usage; 3 the model is refused; 4 an input is unreadable, or has the wrong
size or type; 5 out of memory; 6 failed while running, or the output cannot be written.)";

struct Settings {
  std::string model;
  std::vector<std::string> inputs;
  std::string output_dir;
  std::string dump_dir;
  std::string isa;
  Bands bands = Options().bands;
  size_t max_activations = 0;
  int32_t band_rows = 0;
  std::string signature;
  std::vector<std::string> resize;
  int iterations = 1;
  int threads = 1;
  int invocations = 1;
  int64_t max_calls = Options().max_calls;
  bool numbered = false;  // --invocations was given
  uint64_t seed = 0;
  bool profile = false;
  bool json = false;
};

Failure bad_resize(const std::string& text, const std::string& why) {
  return {kUsage, "--resize " + text + ": " + why};
}

// Reads decimal digits at `*at`; false when there are none or the number is too large.
bool parse_number(const std::string& text, size_t* at, int32_t* value) {
  const size_t from = *at;
  int64_t n = 0;
  for (; *at < text.size() && text[*at] >= '0' && text[*at] <= '9'; ++*at) {
    n = n * 10 + (text[*at] - '0');
    if (n > INT32_MAX) return false;
  }
  *value = static_cast<int32_t>(n);
  return *at != from;
}

// "0=1x224x224x3"
InputShape parse_resize(const std::string& text) {
  InputShape s;
  size_t at = 0;
  if (!parse_number(text, &at, &s.input) || at == text.size() || text[at] != '=') {
    throw bad_resize(text, "expected INDEX=D0xD1x..., as in 0=1x224x224x3");
  }
  do {
    ++at;
    if (s.shape.rank == Shape::kMaxRank) {
      throw bad_resize(text, "more than " + std::to_string(Shape::kMaxRank) + " dimensions");
    }
    if (!parse_number(text, &at, &s.shape[s.shape.rank++])) {
      throw bad_resize(text, "each dimension is a number from 0 to 2147483647");
    }
  } while (at < text.size() && text[at] == 'x');
  if (at != text.size()) throw bad_resize(text, "expected INDEX=D0xD1x..., as in 0=1x224x224x3");
  return s;
}

std::vector<InputShape> parse_resizes(const Settings& set) {
  std::vector<InputShape> shapes;
  for (const std::string& text : set.resize) shapes.push_back(parse_resize(text));
  return shapes;
}

class Runner {
 public:
  explicit Runner(const Settings& settings)
      : set_(settings),
        shapes_(parse_resizes(settings)),
        cpu_(cpu_for(settings.isa)),
        session_(settings.model) {}

  void run() {
    compute();
    print(set_.json ? dump(report()) : summary());
  }

 private:
  void compute() {
    Waiting waiting("planning");
    plan();
    if (!set_.output_dir.empty()) make_directory(set_.output_dir);
    if (!set_.dump_dir.empty()) make_directory(set_.dump_dir);
    check_outputs();
    session_.run([&] {
      for (int k = 0; k < set_.invocations; ++k) invoke(k, &waiting);
    });
    if (!set_.dump_dir.empty()) dump_tensors();
  }

  void plan() {
    if (!set_.signature.empty()) session_.choose_signature(set_.signature);
    const int inputs = session_.file_inputs();
    if (static_cast<int>(set_.inputs.size()) > inputs) {
      throw Failure(kUsage, std::to_string(set_.inputs.size()) + " inputs given, but " +
                                set_.model + " takes " + std::to_string(inputs));
    }
    for (InputShape& s : shapes_) {
      if (s.input >= inputs) {
        throw Failure(kUsage, "--resize of input " + std::to_string(s.input) + ": " + set_.model +
                                  " takes " + std::to_string(inputs) + " inputs");
      }
      s.subgraph = session_.subgraph();
    }
    Options options;
    options.cpu = cpu_;
    options.shapes = shapes_;
    options.preserve_all = !set_.dump_dir.empty();
    options.max_calls = set_.max_calls;
    options.bands = set_.bands;
    options.max_activation_bytes = set_.max_activations;
    options.band_rows = set_.band_rows;
    start_team(&team_, set_.threads);
    options.team = &team_;
    if (set_.profile) options.profiler = profile_.profiler();
    session_.plan(options);
  }

  // Before anything is computed: no output may replace a file that is read.
  void check_outputs() const {
    KeptFiles kept;
    kept.keep(set_.model);
    for (int k = 0; k < set_.invocations; ++k) {
      for (int i = 0; i < static_cast<int>(set_.inputs.size()); ++i) kept.keep(input_path(i, k));
    }
    for (int k = 0; k < set_.invocations && !set_.output_dir.empty(); ++k) {
      for (int i = 0; i < session_.outputs(); ++i) kept.check(output_path(i, k));
    }
    if (set_.dump_dir.empty()) return;
    kept.check(list_path());
    for_each_tensor([&](int subgraph, const Tensor& t) { kept.check(dump_path(subgraph, t)); });
  }

  // One inference, or the same one --iterations times.
  void invoke(int k, Waiting* waiting) {
    times_ = Times();  // an arena that was too small makes it begin again
    for (int i = 0; i < session_.inputs(); ++i) feed(i, k);
    for (int n = 0; n < set_.iterations; ++n) {
      const bool repeats = set_.iterations > 1;
      waiting->now("running", repeats ? n : k, repeats ? set_.iterations : set_.invocations);
      if (n > 0) session_.reset();
      invoke_once();
    }
    if (set_.output_dir.empty()) return;
    for (int i = 0; i < session_.outputs(); ++i) {
      write_file(output_path(i, k), bytes_of(session_.output(i)));
    }
  }

  void invoke_once() {
    if (set_.profile) profile_.begin();
    const auto begin = std::chrono::steady_clock::now();
    session_.invoke();
    const std::chrono::duration<double, std::micro> us = std::chrono::steady_clock::now() - begin;
    if (set_.iterations > 1) times_.add(us.count());
  }

  void feed(int i, int k) {
    const Tensor& t = session_.input(i);
    const std::string file = input_path(i, k);
    if (t.constant()) {
      if (file.empty()) return;
      throw Failure(kBadInput, file + ": input " + std::to_string(i) + ", " + tensor_text(t) +
                                   ", is a constant of the model");
    }
    // Inputs and invocations get data of their own, whichever of the others come from files.
    const auto stream = static_cast<uint64_t>(k) << 32 | static_cast<uint64_t>(i);
    session_.feed(i,
                  file.empty() ? random_bytes(t, (set_.seed << 20) + stream) : file_bytes(file, t));
  }

  // "" when no file was given.
  std::string input_path(int i, int k) const {
    if (i >= static_cast<int>(set_.inputs.size())) return "";
    std::string path = set_.inputs[static_cast<size_t>(i)];
    if (!set_.numbered) return path;
    const std::string number = std::to_string(k);
    for (size_t at = 0; (at = path.find("%d", at)) != std::string::npos; at += number.size()) {
      path.replace(at, 2, number);
    }
    return path;
  }

  fs::path output_path(int i, int k) const {
    const std::string number = set_.numbered ? "." + std::to_string(k) : "";
    return fs::path(set_.output_dir) / ("out" + std::to_string(i) + number + ".bin");
  }

  fs::path dump_path(int subgraph, const Tensor& t) const {
    return fs::path(set_.dump_dir) /
           (std::to_string(subgraph) + "." + std::to_string(t.index) + ".bin");
  }
  fs::path list_path() const { return fs::path(set_.dump_dir) / "tensors.json"; }

  static Span<const uint8_t> bytes_of(const Tensor& t) {
    if (t.data == nullptr) return {};
    return {t.as<const uint8_t>(), t.bytes};
  }

  template <class Do>
  void for_each_tensor(Do what) const {
    const Interpreter& net = session_.net();
    for (int g = 0; g < session_.model().subgraphs(); ++g) {
      for (int i = 0; i < net.tensors(g); ++i) what(g, net.tensor(i, g));
    }
  }

  void dump_tensors() const {
    Json list = Json::array();
    for_each_tensor([&](int subgraph, const Tensor& t) {
      Json entry = {{"subgraph", subgraph}};
      entry.update(tensor_json(t));
      entry["storage"] = storage_name(t.storage);
      entry["file"] = nullptr;
      // Nobody computes it in this plan: an unused tensor, or what a rewrite made superfluous.
      if (t.data != nullptr || t.bytes == 0) {
        const fs::path path = dump_path(subgraph, t);
        write_file(path, bytes_of(t));
        entry["file"] = path.filename().string();
      }
      list.push_back(std::move(entry));
    });
    write_file(list_path(), dump(list));
  }

  Json report() const {
    Json json = {{"model", set_.model},
                 {"signature", set_.signature.empty() ? Json() : Json(set_.signature)},
                 {"subgraph", session_.subgraph()},
                 {"isa", isa_name(cpu_)},
                 {"threads", team_.threads()},
                 {"iterations", set_.iterations},
                 {"invocations", set_.invocations},
                 {"inputs", Json::array()},
                 {"outputs", Json::array()}};
    const int last = set_.invocations - 1;
    for (int i = 0; i < session_.inputs(); ++i) {
      Json input = tensor_json(session_.input(i));
      const std::string file = input_path(i, last);
      input["file"] = file.empty() ? Json() : Json(file);
      json["inputs"].push_back(std::move(input));
    }
    for (int i = 0; i < session_.outputs(); ++i) {
      Json output = tensor_json(session_.output(i));
      output["file"] = set_.output_dir.empty() ? Json() : Json(output_path(i, last).string());
      json["outputs"].push_back(std::move(output));
    }
    add_memory(session_.net().memory(), &json);
    json["arena_given_bytes"] = session_.arena_given();
    json["operators"] = operators();
    if (!times_.empty()) json["times"] = times_json(times_);
    if (set_.profile) json["profile"] = profile_.json();
    return json;
  }

  Json operators() const {
    Json list = Json::array();
    const Interpreter& net = session_.net();
    for (int g = 0; g < session_.model().subgraphs(); ++g) {
      for (int i = 0; i < net.steps(g); ++i) {
        const StepInfo step = net.step(i, g);
        const int operators = step.chain < 0 ? 1 : net.chain(step.chain).operators;
        for (int k = 0; k < operators; ++k) {
          list.push_back(step_json(step.chain < 0 ? step : net.chain_step(step.chain, k)));
          if (step.chain >= 0) list.back()["chain"] = step.chain;
        }
      }
    }
    return list;
  }

  std::string summary() const {
    std::string text = printable(set_.model) + "\n";
    const int last = set_.invocations - 1;
    for (int i = 0; i < session_.inputs(); ++i) {
      const std::string file = input_path(i, last);
      text += "  input " + std::to_string(i) + "   " + tensor_text(session_.input(i)) +
              (file.empty() ? ", random data" : " <- " + printable(file)) + "\n";
    }
    for (int i = 0; i < session_.outputs(); ++i) {
      text += "  output " + std::to_string(i) + "  " + tensor_text(session_.output(i)) +
              preview(session_.output(i)) +
              (set_.output_dir.empty() ? "" : " -> " + printable(output_path(i, last).string())) +
              "\n";
    }
    return text + "  arena     " + memory_text(session_.net().memory()) + "\n  kernels   " +
           isa_name(cpu_) + ", " + std::to_string(team_.threads()) +
           (team_.threads() == 1 ? " thread\n" : " threads\n") +
           (times_.empty() ? "" : "  time      " + times_text(times_) + "\n") +
           (set_.profile ? profile_.text() : "");
  }

  // The first values, as they are stored.
  static std::string preview(const Tensor& t) {
    if (t.data == nullptr || !is_numeric(t.type)) return "";
    constexpr int kShown = 8;
    std::string text = ":";
    for (int i = 0; i < std::min(kShown, t.elements()); ++i) {
      text += " " + number(element(t, static_cast<size_t>(i)));
    }
    return text + (t.elements() > kShown ? " ..." : "");
  }

  const Settings& set_;
  std::vector<InputShape> shapes_;
  CpuFeatures cpu_;
  Team team_;
  Profile profile_;
  Times times_;
  Session session_;
};

}  // namespace

void add_run(CLI::App& pipit) {
  auto set = std::make_shared<Settings>();
  CLI::App* app = pipit.add_subcommand("run", "Runs a model on files or random data");
  app->footer(kFooter);
  app->add_option("MODEL", set->model, "The .tflite file")->required()->type_name("");
  const auto list = [&](const std::string& name, std::vector<std::string>* to,
                        const std::string& help, const char* type) {
    // One value each time it is given: what follows may be MODEL.
    app->add_option(name, *to, help)->allow_extra_args(false)->type_name(type);
  };
  list("--input", &set->inputs, "The next input's values; given again for the one after it",
       "FILE");
  app->add_option("--output-dir", set->output_dir,
                  "Writes output i to DIR/out<i>.bin; DIR is created if missing")
      ->type_name("DIR");
  app->add_option("--iterations", set->iterations, "Repeats the same inference N times")
      ->type_name("N")
      ->check(at_least_one());
  app->add_option("--threads", set->threads, "Shares the work among N threads (default 1)")
      ->type_name("N")
      ->check(at_least_one());
  app->add_option("--isa", set->isa, "portable, neon, dotprod or i8mm: no instructions beyond it")
      ->type_name("NAME");
  app->add_option("--bands", set->bands, "Operators in bands: auto (default), never or all")
      ->type_name("NAME")
      ->transform(bands_names());
  app->add_option("--band-rows", set->band_rows, "Rows of a band (default: what suits a cache)")
      ->type_name("N")
      ->check(at_least_one());
  app->add_option("--max-activations", set->max_activations,
                  "Thinner bands while activations take more bytes")
      ->type_name("N");
  app->add_option("--signature", set->signature, "Invokes the signature KEY")->type_name("KEY");
  list("--resize", &set->resize, "Gives input INDEX another shape, as in 0=1x320x320x3",
       "INDEX=D0xD1x...");
  app->add_option("--invocations", set->invocations,
                  "Runs K inferences one after the other and keeps the model's state")
      ->type_name("K")
      ->check(at_least_one());
  app->add_option("--max-calls", set->max_calls,
                  "Takes more calls of subgraphs for an endless loop (default 20,000,000)")
      ->type_name("N")
      ->check(at_least_one());
  app->add_option("--seed", set->seed, "Seed of the random data (default 0)")->type_name("N");
  app->add_option("--dump-tensors", set->dump_dir,
                  "Writes every tensor to DIR, and a list tensors.json")
      ->type_name("DIR");
  app->add_flag("--profile", set->profile, "Also shows the time that each step took");
  app->add_flag("--json", set->json, "Prints the report as JSON");
  app->callback([set, app] {
    set->numbered = app->count("--invocations") != 0;
    if (set->iterations > 1 && set->invocations > 1) {
      throw Failure(kUsage,
                    "--iterations repeats one inference, --invocations runs several: choose one");
    }
    Runner(*set).run();
  });
}

}  // namespace pipit::tools
