// SPDX-License-Identifier: Apache-2.0
// `pipit diff`: layer by layer, how far a model's values are from those of another instruction set,
// of stored tensors, or of another model of the same graph.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/commands.h"
#include "tools/describe.h"
#include "tools/diff/diff_report.h"
#include "tools/diff/difference.h"
#include "tools/diff/npy.h"
#include "tools/failure.h"
#include "tools/feed.h"
#include "tools/format.h"
#include "tools/io.h"
#include "tools/progress.h"
#include "tools/session.h"

namespace pipit::tools {
namespace {

namespace fs = std::filesystem;

constexpr char kFooter[] =
    R"(Runs MODEL and holds what each operator computes against
  the portable kernels, or those of --isa, without another argument;
  OTHER, a model whose tensors have the same names, as a float one of which
    MODEL is the int8 one: both get the same real numbers, and what is
    compared are real numbers. Outputs are also matched by their position;
  --tensors DIR, where tensor 5 of subgraph 0 is 0.5.npy or 0.5.bin (as
    `pipit run --dump-tensors` writes them), or is named by its own name with
    each / as _. What is not there is left out. An array of a quantized tensor
    may hold its numbers or, as float32, real ones.
Errors are the largest and the mean one in real units, the largest in steps of
the tensor's scale and in units of the last place (ulps, of float32), and the
ratio of signal to noise. Operators are in running order; "first" is the first
whose values differ, or, with --max-error, the first beyond the bound.

Examples:
  pipit diff model.tflite                      all kernels against portable ones
  pipit diff int8.tflite float.tflite --input x.npy --html diff.html
  pipit diff model.tflite --tensors expected --max-error 1steps

Exit status: 0 done; 1 an error is beyond --max-error; 2 wrong usage; 3 a
model is refused; 4 an input or a stored tensor is unreadable or does not fit,
or nothing can be compared; 5 out of memory; 6 failed while running.)";

struct Settings {
  std::string model, other, tensors, isa, signature, bound, html;
  std::vector<std::string> inputs;
  uint64_t seed = 0;
  bool json = false;
};

// What a tensor is expected to hold.
struct Expected {
  std::vector<double> values;
  Type type = Type::kFloat32;
  double scale = 0;
};

double step_of(const Tensor& t) { return t.scale > 0 ? static_cast<double>(t.scale) : 0; }

bool has_values(const Tensor& t) {
  return t.data != nullptr && is_numeric(t.type) && t.elements() > 0 && t.bytes != 0;
}

// A model that keeps what it computes.
class Trace {
 public:
  Trace(const std::string& path, const std::string& signature, CpuFeatures cpu) : session_(path) {
    if (!signature.empty()) session_.choose_signature(signature);
    Options options;
    options.cpu = cpu;
    options.preserve_all = true;
    session_.plan(options);
  }

  Session& session() { return session_; }
  int subgraph() const { return session_.subgraph(); }
  Tensor tensor(int i) const { return session_.net().tensor(i, subgraph()); }

  void run(const std::vector<std::vector<uint8_t>>& inputs) {
    session_.run([&] {
      for (size_t i = 0; i < inputs.size(); ++i) session_.feed(static_cast<int>(i), inputs[i]);
      session_.invoke();
    });
  }

  std::optional<Expected> expected(const Tensor& t) const {
    if (!has_values(t)) return std::nullopt;
    return Expected{real_values(t), t.type, step_of(t)};
  }

 private:
  Session session_;
};

// ---- what is expected

class Reference {
 public:
  virtual ~Reference() = default;
  virtual std::string name() const = 0;
  // Of a tensor of the model, that may be output `position` (otherwise -1).
  virtual std::optional<Expected> of(const Tensor& t, int position) const = 0;
};

class OtherIsa : public Reference {
 public:
  OtherIsa(const Settings& set, const std::vector<std::vector<uint8_t>>& inputs)
      : cpu_(cpu_for(set.isa.empty() ? "portable" : set.isa)),
        trace_(set.model, set.signature, cpu_) {
    trace_.run(inputs);
  }
  std::string name() const override { return std::string("kernels: ") + isa_name(cpu_); }
  std::optional<Expected> of(const Tensor& t, int) const override {
    return trace_.expected(trace_.tensor(t.index));
  }

 private:
  CpuFeatures cpu_;
  Trace trace_;
};

class OtherModel : public Reference {
 public:
  explicit OtherModel(const Settings& set)
      : path_(set.other), trace_(set.other, set.signature, detect_cpu()) {
    const Session& session = trace_.session();
    for (int i = 0; i < session.net().tensors(trace_.subgraph()); ++i) {
      const Tensor t = trace_.tensor(i);
      if (t.name[0] != '\0' && !t.constant()) by_name_.emplace(t.name, i);
    }
  }
  Session& session() { return trace_.session(); }
  void run(const std::vector<std::vector<uint8_t>>& inputs) { trace_.run(inputs); }

  std::string name() const override { return path_; }
  std::optional<Expected> of(const Tensor& t, int position) const override {
    const auto at = by_name_.find(t.name);
    if (at != by_name_.end()) {
      const Tensor found = trace_.tensor(at->second);
      if (found.elements() == t.elements()) return trace_.expected(found);
    }
    const Interpreter& net = const_cast<Trace&>(trace_).session().net();
    const Tensor* output = position < 0 ? nullptr : net.output(position, trace_.subgraph());
    if (output == nullptr || output->elements() != t.elements()) return std::nullopt;
    return trace_.expected(*output);
  }

 private:
  std::string path_;
  Trace trace_;
  std::map<std::string, int> by_name_;
};

class StoredTensors : public Reference {
 public:
  StoredTensors(const std::string& folder, int subgraph) : folder_(folder), subgraph_(subgraph) {
    std::error_code error;
    if (!fs::is_directory(folder, error)) {
      throw Failure(kBadInput, "--tensors " + folder + ": is no directory that can be read");
    }
  }
  std::string name() const override { return folder_; }
  std::optional<Expected> of(const Tensor& t, int) const override {
    const std::string number = std::to_string(subgraph_) + "." + std::to_string(t.index);
    std::string named = t.name;
    std::replace(named.begin(), named.end(), '/', '_');
    for (const std::string& name : {number + ".npy", number + ".bin", named + ".npy"}) {
      const fs::path path = fs::path(folder_) / name;
      std::error_code error;
      if (fs::is_regular_file(path, error)) return read(path.string(), t);
    }
    return std::nullopt;
  }

 private:
  // A tensor of that type whose bytes these are, for the functions that read elements.
  static Expected from(const Tensor& like, std::vector<uint8_t> bytes) {
    Tensor t = like;
    t.data = bytes.data();
    return {real_values(t), t.type, step_of(t)};
  }

  static Expected read(const std::string& path, const Tensor& t) {
    if (t.scale <= 0 || fs::path(path).extension() != ".npy") return from(t, file_bytes(path, t));
    // Of real numbers, or of those that stand for them.
    Tensor real = t;
    real.type = Type::kFloat32;
    real.bytes = static_cast<size_t>(t.elements()) * sizeof(float);
    std::vector<uint8_t> file = read_file(path, real.bytes + 2 * kNpyHeaderLimit);
    const bool floats = npy_holds(file, Type::kFloat32);
    if (!floats) return from(t, npy_bytes(path, std::move(file), t));
    const std::vector<uint8_t> bytes = npy_bytes(path, std::move(file), real);
    Expected e{std::vector<double>(static_cast<size_t>(t.elements())), t.type, step_of(t)};
    real.data = const_cast<uint8_t*>(bytes.data());
    for (size_t i = 0; i < e.values.size(); ++i) e.values[i] = element(real, i);
    return e;
  }

  std::string folder_;
  int subgraph_;
};

// ---- inputs

// The same real numbers as another type stores them.
std::vector<uint8_t> converted(const Tensor& from, const std::vector<uint8_t>& bytes,
                               const Tensor& to) {
  if (from.type == to.type && from.scale == to.scale && from.zero_point == to.zero_point) {
    return bytes;
  }
  Tensor t = from;
  t.data = const_cast<uint8_t*>(bytes.data());
  const std::vector<double> reals = real_values(t);
  std::vector<uint8_t> result(to.bytes);
  for (size_t i = 0; i < reals.size(); ++i) store_real(to, reals[i], i, result.data());
  return result;
}

void check_alike(const Session& model, const Session& other) {
  bool alike = model.inputs() == other.inputs();
  for (int i = 0; alike && i < model.inputs(); ++i) {
    alike = model.input(i).elements() == other.input(i).elements();
  }
  if (alike) return;
  throw Failure(kBadInput, other.path() + ": its inputs are not those of " + model.path());
}

class Diff {
 public:
  explicit Diff(const Settings& set)
      : set_(set),
        waiting_(std::make_unique<Waiting>("planning")),
        model_(set.model, set.signature, detect_cpu()) {}

  // The exit status.
  int run() {
    std::unique_ptr<OtherModel> other;
    if (!set_.other.empty()) other = std::make_unique<OtherModel>(set_);
    if (other) check_alike(model_.session(), other->session());
    read_inputs(other.get());
    waiting_->now("running");
    model_.run(inputs_);
    std::unique_ptr<Reference> reference;
    if (other) {
      other->run(other_inputs_);
      reference = std::move(other);
    } else if (!set_.tensors.empty()) {
      reference = std::make_unique<StoredTensors>(set_.tensors, model_.subgraph());
    } else {
      reference = std::make_unique<OtherIsa>(set_, inputs_);
    }
    return report(*reference);
  }

 private:
  void read_inputs(OtherModel* other) {
    const Session& session = model_.session();
    if (static_cast<int>(set_.inputs.size()) > session.inputs()) {
      throw Failure(kUsage, std::to_string(set_.inputs.size()) + " inputs given, but " +
                                set_.model + " takes " + std::to_string(session.inputs()));
    }
    for (int i = 0; i < session.inputs(); ++i) {
      const Tensor& mine = session.input(i);
      const Tensor* theirs = other == nullptr ? nullptr : &other->session().input(i);
      const auto at = static_cast<size_t>(i);
      const bool given = at < set_.inputs.size();
      const uint64_t seed = (set_.seed << 20) + at;
      // Made up in the type with fewer numbers, both models see the same ones.
      if (theirs != nullptr && !given && mine.scale <= 0 && theirs->scale > 0) {
        other_inputs_.push_back(random_bytes(*theirs, seed));
        inputs_.push_back(converted(*theirs, other_inputs_.back(), mine));
        continue;
      }
      inputs_.push_back(given ? file_bytes(set_.inputs[at], mine) : random_bytes(mine, seed));
      if (theirs != nullptr) other_inputs_.push_back(converted(mine, inputs_.back(), *theirs));
    }
  }

  int output_position(int tensor) const {
    const Span<const int32_t> outputs = session().model().outputs(model_.subgraph());
    const auto at = std::find(outputs.begin(), outputs.end(), tensor);
    return at == outputs.end() ? -1 : static_cast<int>(at - outputs.begin());
  }

  const Session& session() const { return const_cast<Trace&>(model_).session(); }

  std::vector<Layer> layers(const Reference& reference) const {
    std::vector<Layer> list;
    const Model& model = session().model();
    const int g = model_.subgraph();
    for (int n = 0; n < model.nodes(g); ++n) {
      const Node node = model.node(n, g);
      waiting_->now("comparing", n, model.nodes(g));
      for (const int32_t index : node.outputs) {
        const Tensor t = model_.tensor(index);
        if (!has_values(t) || t.constant()) continue;
        const auto expected = reference.of(t, output_position(index));
        if (!expected) continue;
        const double scale = t.scale > 0 ? step_of(t) : expected->scale;
        const bool floats = t.type == Type::kFloat32 && expected->type == Type::kFloat32;
        list.push_back(
            {n, node.op, t, difference(real_values(t), expected->values, scale, floats)});
      }
    }
    return list;
  }

  int report(const Reference& reference) {
    DiffReport report;
    report.model = set_.model;
    report.reference = reference.name();
    report.isa = isa_name(detect_cpu());
    report.layers = layers(reference);
    waiting_.reset();
    if (!set_.bound.empty()) report.bound = parse_bound(set_.bound);
    if (report.layers.empty()) {
      throw Failure(kBadInput, reference.name() + ": holds no tensor that " + set_.model +
                                   " computes, by name and number of elements");
    }
    if (!set_.html.empty()) write_file(set_.html, diff_page(report));
    print(set_.json ? dump(diff_json(report)) : diff_text(report));
    return report.bound_holds() ? kSuccess : kDiffers;
  }

  const Settings& set_;
  std::unique_ptr<Waiting> waiting_;
  Trace model_;
  std::vector<std::vector<uint8_t>> inputs_, other_inputs_;
};

void check(const Settings& set) {
  if (!set.bound.empty()) parse_bound(set.bound);
  const int given =
      (set.other.empty() ? 0 : 1) + (set.tensors.empty() ? 0 : 1) + (set.isa.empty() ? 0 : 1);
  if (given > 1) {
    throw Failure(kUsage, "one thing to compare with at a time: OTHER, --tensors or --isa");
  }
  KeptFiles kept;
  for (const std::string& path : {set.model, set.other}) {
    if (!path.empty()) kept.keep(path);
  }
  for (const std::string& path : set.inputs) kept.keep(path);
  if (!set.html.empty()) kept.check(set.html);
}

}  // namespace

void add_diff(CLI::App& pipit) {
  auto set = std::make_shared<Settings>();
  CLI::App* app = pipit.add_subcommand("diff", "Compares what each operator computes");
  app->footer(kFooter);
  app->add_option("MODEL", set->model, "The .tflite file")->required()->type_name("");
  app->add_option("OTHER", set->other, "Another one of the same graph")->type_name("");
  app->add_option("--isa", set->isa, "Compares with portable (default), neon, ...")
      ->type_name("NAME");
  app->add_option("--tensors", set->tensors, "Compares with tensors stored in DIR")
      ->type_name("DIR");
  app->add_option("--input", set->inputs, "The next input's values, as for run")
      ->allow_extra_args(false)
      ->type_name("FILE");
  app->add_option("--seed", set->seed, "Seed of the random data (default 0)")->type_name("N");
  app->add_option("--signature", set->signature, "Invokes the signature KEY")->type_name("KEY");
  app->add_option("--max-error", set->bound, "The largest error: 0.01, 2steps, 4ulps")
      ->type_name("E");
  app->add_option("--html", set->html, "Also writes a page with a plot")->type_name("FILE");
  app->add_flag("--json", set->json, "Prints the report as JSON");
  app->callback([set] {
    check(*set);
    const int status = Diff(*set).run();
    if (status != kSuccess) throw Ended{status};
  });
}

}  // namespace pipit::tools
