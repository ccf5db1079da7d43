// SPDX-License-Identifier: Apache-2.0
// `pipit inspect`: what is in a model file, whether this build runs it, and in how much memory.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipit/details.h"
#include "pipit/sparsity.h"
#include "tools/columns.h"
#include "tools/commands.h"
#include "tools/costs.h"
#include "tools/describe.h"
#include "tools/failure.h"
#include "tools/format.h"
#include "tools/io.h"
#include "tools/plan/arenas.h"
#include "tools/session.h"

namespace pipit::tools {
namespace {

constexpr char kFooter[] =
    R"(Works on any well-formed model, also on one with operators that this build lacks. A tensor's scale
is given where it has one; with a scale for each channel, their number and the dimension.
Costs are multiply-adds, those with padding included, and the bytes that are read and written when
each operator runs once, as if no cache kept anything between operators.
The arena is that of this CPU. --cpu and --isa tell that of another one, which this one need not
have, with the chains that it would run; --cpu aarch64 (in a 32-bit program armhf) tells what
suffices on each ARM CPU, and any on these and this one. (The Raspberry Pi 2 has cortex-a7 or a53, 3 and Zero 2 cortex-a53,
4 cortex-a72, 5 cortex-a76; the first one and the Zero arm1176.)

Examples:
  pipit inspect model.tflite
  pipit inspect model.tflite --summary --cpu cortex-a76
  pipit inspect model.tflite --json | jq '.memory.arena_bytes'

Exit status: 0 done; 2 wrong usage; 3 the file is missing, or is no well-formed model.)";

// Bytes of the file by what they are for.
struct Sizes {
  size_t weight_buffers = 0, weight_bytes = 0;
  size_t other_buffers = 0, other_bytes = 0;  // metadata, and what no tensor uses
  size_t structure_bytes = 0;                 // everything but buffers
};

struct OperatorUse {
  int count = 0;
  bool runs = false;
  Cost cost;
};

struct Settings {
  std::string model, cpu, isa;
  bool summary = false;
  bool json = false;
};

// "744 B", "5.1 kB"
std::string bytes_text(int64_t bytes) {
  const std::string text = scaled(static_cast<double>(bytes));
  return text + (std::isdigit(static_cast<unsigned char>(text.back())) ? " B" : "B");
}

class Inspection {
 public:
  explicit Inspection(const Settings& set)
      : set_(set), session_(set.model), model_(session_.model()) {
    const std::string path = set.model;
    try {
      Waiting waiting("planning");
      Options options;
      options.cpu = planned_cpu(set.cpu, set.isa);
      options.main_may_fail = true;
      const CpuFeatures wanted = options.cpu;
      const bool any = (wanted & kCpuAny) != 0;
      if (any) options.cpu = detect_cpu();
      session_.plan(options);  // where it fails, it says more than a measurement
      arenas_ = arenas(session_, options, &waiting);
      waiting.now("planning");
      options.cpu = one_cpu(wanted, arenas_);
      if (any) session_.plan(options);
      memory_ = session_.net().memory();
      waiting.now("planning without chains");
      measure_chains(options);
    } catch (const Failure& e) {
      if (e.status() == kUsage) throw;
      refusal_ = e.what();
      const std::string prefix = path + ": ";
      if (refusal_.compare(0, prefix.size(), prefix) == 0) refusal_.erase(0, prefix.size());
    }
    measure_buffers();
    count_operators();
  }

  std::string text() const {
    // A path stays in one piece, to be copied.
    const std::string head = printable(session_.path()) + ": " + grouped(model_.file().size()) +
                             " bytes, format version " + std::to_string(kFormatVersion) + "\n";
    std::string text;
    const std::string description = printable(model_.description());
    if (!description.empty()) text += "description: " + description + "\n";
    for (int g = 0; !set_.summary && g < model_.subgraphs(); ++g) {
      text += subgraph_text(g);
    }
    text += signatures_text() + metadata_text();
    text += "\nbuffers\n  weights    " + grouped(sizes_.weight_bytes) + " bytes in " +
            std::to_string(sizes_.weight_buffers) + " buffers\n  other      " +
            grouped(sizes_.other_bytes) + " bytes in " + std::to_string(sizes_.other_buffers) +
            " buffers\n  structure  " + grouped(sizes_.structure_bytes) + " bytes\n";
    text += "\noperators of this model\n" + uses_text(true) + uses_text(false);
    text += "\ncosts by operator\n" + costs_text();
    return head +
           in_80_columns(
               text + "\nmemory on " + planned_name(set_.cpu, set_.isa) + "\n  " +
               (memory_ ? "arena " + memory_text(*memory_) : "cannot be planned: " + refusal_) +
               "\n" +
               (memory_ && !main_runs() ? "  without subgraph 0: " + refusal_of(0) + "\n" : "") +
               chains_text()) +
           (memory_ ? "\narena by CPU\n" + arenas_text(arenas_, "  ") : "");
  }

  Json json() const {
    Json json = {{"model", session_.path()},
                 {"bytes", model_.file().size()},
                 {"format_version", kFormatVersion},
                 {"description", printable(model_.description())},
                 {"subgraphs", Json::array()},
                 {"signatures", signatures_json()},
                 {"metadata", Json::array()},
                 {"buffers",
                  {{"weight_bytes", sizes_.weight_bytes},
                   {"weight_buffers", sizes_.weight_buffers},
                   {"other_bytes", sizes_.other_bytes},
                   {"other_buffers", sizes_.other_buffers},
                   {"structure_bytes", sizes_.structure_bytes}}},
                 {"operators", Json::array()},
                 {"runs", main_runs()},
                 {"refusal", main_runs() ? Json() : Json(refusal_of(0))},
                 {"memory", nullptr},
                 {"chains", chains_json()}};
    for (int g = 0; g < model_.subgraphs(); ++g) {
      json["subgraphs"].push_back(subgraph_json(g));
    }
    for (int i = 0; i < metadata_count(model_); ++i) {
      json["metadata"].push_back(
          {{"name", printable(metadata_name(model_, i))}, {"bytes", metadata(model_, i).size()}});
    }
    for (const auto& [name, use] : uses_) {
      json["operators"].push_back({{"op", name}, {"count", use.count}, {"in_build", use.runs}});
      json["operators"].back().update(cost_json(use.cost));
    }
    json["costs"] = cost_json(all_costs());
    if (memory_) {
      Json memory = Json::object();
      add_memory(*memory_, &memory);
      memory["saved_by_chains_bytes"] = saved_by_chains_;
      memory["cpu"] = planned_name(set_.cpu, set_.isa);
      memory["any_cpu_arena_bytes"] = largest(arenas_).memory.arena_bytes;
      memory["by_cpu"] = arenas_json(arenas_);
      json["memory"] = std::move(memory);
    }
    return json;
  }

 private:
  // Why an entry cannot run; "" if it can.
  std::string refusal_of(int subgraph) const {
    if (!memory_) return refusal_;
    Message why;
    return session_.net().runs(subgraph, &why).ok() ? "" : why.text();
  }

  bool main_runs() const { return refusal_of(0).empty(); }

  // Says also of a tensor without bytes in the file what becomes of it.
  Tensor tensor(int i, int g) const {
    Tensor t = model_.tensor(i, g);
    if (t.constant()) return t;
    t.storage = is_variable(t) ? Storage::kVariable : Storage::kActivation;
    return t;
  }

  void measure_buffers() {
    std::vector<bool> weights(static_cast<size_t>(buffer_count(model_)));
    for (int g = 0; g < model_.subgraphs(); ++g) {
      for (int i = 0; i < model_.tensors(g); ++i) {
        const auto index = static_cast<size_t>(buffer_index(model_.tensor(i, g)));
        if (index < weights.size()) weights[index] = true;
      }
    }
    for (size_t i = 0; i < weights.size(); ++i) {
      const size_t bytes = buffer(model_, static_cast<int>(i)).size();
      if (bytes == 0) continue;
      (weights[i] ? sizes_.weight_bytes : sizes_.other_bytes) += bytes;
      ++(weights[i] ? sizes_.weight_buffers : sizes_.other_buffers);
    }
    // Buffers may overlap in a file that says so.
    const size_t all = model_.file().size();
    sizes_.structure_bytes = all - std::min(all, sizes_.weight_bytes + sizes_.other_bytes);
  }

  void count_operators() {
    for (int g = 0; g < model_.subgraphs(); ++g) {
      for (int i = 0; i < model_.nodes(g); ++i) {
        const Node node = model_.node(i, g);
        OperatorUse& use = uses_[operator_name(node)];
        ++use.count;
        use.runs = in_build(node);
        use.cost += cost(g, i);
      }
    }
  }

  Cost cost(int g, int node) const {
    return cost_of(model_, memory_ ? &session_.net() : nullptr, node, g);
  }

  Cost all_costs() const {
    Cost all;
    for (const auto& [name, use] : uses_) all += use.cost;
    return all;
  }

  // What chains save is what the activations would take without any.
  void measure_chains(Options options) {
    if (session_.net().chains() == 0) return;
    options.bands = Bands::kNever;
    const auto without = Interpreter::required_memory(model_, all_operators(), options);
    if (without.ok())
      saved_by_chains_ = without.value().activation_bytes - memory_->activation_bytes;
  }

  int chains() const { return memory_ ? session_.net().chains() : 0; }

  // ---- text

  std::string subgraph_text(int g) const {
    std::string text =
        "\nsubgraph " + std::to_string(g) + " '" + printable(subgraph_name(model_, g)) + "'\n";
    text += "  inputs   " + tensor_list(model_.inputs(g)) + "\n  outputs  " +
            tensor_list(model_.outputs(g)) + "\n";
    text += "  operators\n";
    for (int i = 0; i < model_.nodes(g); ++i) {
      const Cost c = cost(g, i);
      text += "    " + operator_text(i, g) + "; " +
              (c.multiply_adds == 0
                   ? ""
                   : scaled(static_cast<double>(c.multiply_adds)) + " multiply-adds, ") +
              bytes_text(c.bytes()) + "\n";
    }
    text += "  tensors\n";
    std::vector<std::vector<std::string>> rows;
    for (int i = 0; i < model_.tensors(g); ++i) rows.push_back(tensor_row(tensor(i, g)));
    return text + table(rows, "    ");
  }

  // "(T0, T3, -)"; "-" is an optional input left out.
  static std::string tensor_list(Span<const int32_t> list) {
    std::string text;
    for (const int32_t t : list) {
      text += text.empty() ? "" : ", ";
      text += t < 0 ? "-" : "T" + std::to_string(t);
    }
    return "(" + text + ")";
  }

  // "#3 CONV_2D v2 (T5, T6, T7) -> T8  [1,112,112,32] int8"
  std::string operator_text(int i, int g) const {
    const Node node = model_.node(i, g);
    std::string outputs = tensor_list(node.outputs);
    if (node.outputs.size() == 1) outputs = outputs.substr(1, outputs.size() - 2);
    std::string text = "#" + std::to_string(i) + " " + operator_name(node) + " v" +
                       std::to_string(node.version) + " " + tensor_list(node.inputs) + " -> " +
                       outputs;
    for (size_t o = 0; o < node.outputs.size(); ++o) {
      const Tensor t = model_.tensor(node.outputs[o], g);
      text += (o == 0 ? "  " : ", ") + shape_text(t.shape) + " " + type_name(t.type);
    }
    return text + (in_build(node) ? "" : "  (not in this build)");
  }

  static std::vector<std::string> tensor_row(const Tensor& t) {
    std::string shape = shape_text(t.shape);
    if (shape_signature(t) != t.shape) shape += " (" + shape_text(shape_signature(t)) + ")";
    return {"T" + std::to_string(t.index),
            type_name(t.type),
            shape,
            grouped(t.bytes) + (t.bytes == 1 ? " byte" : " bytes"),
            t.storage == Storage::kActivation ? "" : storage_name(t.storage),
            quantization_text(t),
            "'" + printable(t.name) + "'"};
  }

  static std::string quantization_text(const Tensor& t) {
    const Quantization q = quantization(t);
    if (q.scales.empty()) return "";
    if (q.scales.size() == 1) {
      return "scale " + number(static_cast<double>(t.scale), 9) + " zero point " +
             std::to_string(t.zero_point);
    }
    return std::to_string(q.scales.size()) + " scales along dimension " +
           std::to_string(q.dimension);
  }

  std::string signatures_text() const {
    std::string text;
    for (int s = 0; s < model_.signatures(); ++s) {
      const int g = model_.signature_subgraph(s);
      text += "  '" + printable(model_.signature_key(s)) + "' runs subgraph " + std::to_string(g) +
              ": (" + names_text(inputs_of(s)) + ") -> (" + names_text(outputs_of(s)) + ")\n";
      const std::string why = refusal_of(g);
      if (!why.empty()) text += "    cannot run: " + why + "\n";
    }
    return text.empty() ? "" : "\nsignatures\n" + text;
  }

  using NamedTensors = std::vector<NamedTensor>;

  NamedTensors inputs_of(int signature) const {
    return named(signature, &Model::signature_inputs, &Model::signature_input);
  }

  NamedTensors outputs_of(int signature) const {
    return named(signature, &Model::signature_outputs, &Model::signature_output);
  }

  NamedTensors named(int signature, int (Model::*count)(int) const,
                     NamedTensor (Model::*at)(int, int) const) const {
    NamedTensors list;
    const int n = (model_.*count)(signature);
    for (int i = 0; i < n; ++i) list.push_back((model_.*at)(signature, i));
    return list;
  }

  static std::string names_text(const NamedTensors& list) {
    std::string text;
    for (const NamedTensor& t : list) {
      text += (text.empty() ? "" : ", ") + printable(t.name) + " T" + std::to_string(t.tensor);
    }
    return text;
  }

  std::string metadata_text() const {
    std::string text;
    for (int i = 0; i < metadata_count(model_); ++i) {
      text += "  '" + printable(metadata_name(model_, i)) +
              "': " + grouped(metadata(model_, i).size()) + " bytes\n";
    }
    return text.empty() ? "" : "\nmetadata\n" + text;
  }

  std::string chains_text() const {
    if (chains() == 0) return "";
    std::string text = "\nchains, which save " + grouped(saved_by_chains_) + " bytes\n";
    for (int i = 0; i < chains(); ++i) text += "  " + chain_text(i) + "\n";
    return text;
  }

  // "#0 CONV_2D, #1 DEPTHWISE_CONV_2D: 4 rows at a time in 20 calls, 1,234 bytes"
  std::string chain_text(int i) const {
    const ChainInfo chain = session_.net().chain(i);
    std::string text;
    for (int k = 0; k < chain.operators; ++k) {
      const StepInfo step = session_.net().chain_step(i, k);
      text += (k == 0 ? "#" : ", #") + std::to_string(step.node) + " " + step.op;
    }
    if (chain.subgraph != 0) text += " of subgraph " + std::to_string(chain.subgraph);
    return text + ": " + bands_text(chain) + ", " + grouped(chain.bytes) + " bytes";
  }

  // The ones that multiply the most first.
  std::string costs_text() const {
    std::vector<std::pair<std::string, OperatorUse>> uses(uses_.begin(), uses_.end());
    std::stable_sort(uses.begin(), uses.end(), [](const auto& a, const auto& b) {
      return std::pair(a.second.cost.multiply_adds, a.second.cost.bytes()) >
             std::pair(b.second.cost.multiply_adds, b.second.cost.bytes());
    });
    OperatorUse all;
    all.cost = all_costs();
    for (const auto& [name, use] : uses) all.count += use.count;
    const auto share = [](int64_t part, int64_t whole) {
      return whole == 0
                 ? ""
                 : number(100.0 * static_cast<double>(part) / static_cast<double>(whole), 3) + "%";
    };
    std::vector<std::vector<std::string>> rows = {
        {"operator", "count", "multiply-adds", "", "bytes", "", "weights"}};
    uses.push_back({"all", all});
    for (const auto& [name, use] : uses) {
      const Cost& c = use.cost;
      rows.push_back({name, std::to_string(use.count), scaled(static_cast<double>(c.multiply_adds)),
                      share(c.multiply_adds, all.cost.multiply_adds), bytes_text(c.bytes()),
                      share(c.bytes(), all.cost.bytes()), bytes_text(c.weight_bytes)});
    }
    return table(rows, "  ");
  }

  std::string uses_text(bool runs) const {
    std::string text;
    for (const auto& [name, use] : uses_) {
      if (use.runs != runs) continue;
      text += (text.empty() ? "" : ", ") + name;
      if (use.count > 1) text += " x" + std::to_string(use.count);
    }
    if (text.empty()) return "";
    return (runs ? "  in this build      " : "  not in this build  ") + text + "\n";
  }

  // ---- JSON

  template <class T>
  static Json array_json(Span<const T> list) {
    Json json = Json::array();
    for (const T& each : list) json.push_back(each);
    return json;
  }

  Json subgraph_json(int g) const {
    Json json = {{"name", printable(subgraph_name(model_, g))},
                 {"inputs", array_json(model_.inputs(g))},
                 {"outputs", array_json(model_.outputs(g))},
                 {"operators", Json::array()},
                 {"tensors", Json::array()}};
    for (int i = 0; i < model_.nodes(g); ++i) {
      const Node node = model_.node(i, g);
      json["operators"].push_back({{"op", operator_name(node)},
                                   {"custom", is_custom(node)},
                                   {"version", node.version},
                                   {"inputs", array_json(node.inputs)},
                                   {"outputs", array_json(node.outputs)},
                                   {"in_build", in_build(node)}});
      json["operators"].back().update(cost_json(cost(g, i)));
    }
    for (int i = 0; i < model_.tensors(g); ++i) {
      const Tensor t = tensor(i, g);
      Json entry = tensor_json(t);
      entry["shape_signature"] = shape_json(shape_signature(t));
      entry["storage"] = storage_name(t.storage);
      entry["buffer"] = buffer_index(t);
      entry["sparse"] = sparsity(t).dimensions != 0;
      entry["quantization"] = quantization_json(t);
      json["tensors"].push_back(std::move(entry));
    }
    return json;
  }

  static Json quantization_json(const Tensor& t) {
    const Quantization q = quantization(t);
    if (q.scales.empty()) return nullptr;
    return {{"scales", array_json(q.scales)},
            {"zero_points", array_json(q.zero_points)},
            {"dimension", q.dimension}};
  }

  Json chains_json() const {
    Json json = Json::array();
    for (int i = 0; i < chains(); ++i) {
      const ChainInfo chain = session_.net().chain(i);
      Json operators = Json::array();
      for (int k = 0; k < chain.operators; ++k) {
        operators.push_back(step_json(session_.net().chain_step(i, k)));
      }
      json.push_back({{"subgraph", chain.subgraph},
                      {"rows", chain.rows},
                      {"bytes", chain.bytes},
                      {"shares", chain.shares},
                      {"computed_rows", chain.computed_rows},
                      {"repeated_rows", chain.repeated_rows},
                      {"calls", calls_json(session_.net(), i)},
                      {"operators", std::move(operators)}});
    }
    return json;
  }

  static Json names_json(const NamedTensors& list) {
    Json json = Json::array();
    for (const NamedTensor& t : list) {
      json.push_back({{"name", printable(t.name)}, {"tensor", t.tensor}});
    }
    return json;
  }

  Json signatures_json() const {
    Json json = Json::array();
    for (int s = 0; s < model_.signatures(); ++s) {
      const int g = model_.signature_subgraph(s);
      json.push_back({{"key", printable(model_.signature_key(s))},
                      {"subgraph", g},
                      {"inputs", names_json(inputs_of(s))},
                      {"outputs", names_json(outputs_of(s))},
                      {"runs", refusal_of(g).empty()},
                      {"refusal", refusal_of(g)}});
    }
    return json;
  }

  const Settings& set_;
  Session session_;
  const Model& model_;
  std::optional<MemoryPlan> memory_;
  std::vector<ArenaOf> arenas_;
  size_t saved_by_chains_ = 0;
  std::string refusal_;  // why there is no plan
  Sizes sizes_;
  std::map<std::string, OperatorUse> uses_;
};

}  // namespace

void add_inspect(CLI::App& pipit) {
  auto set = std::make_shared<Settings>();
  CLI::App* app = pipit.add_subcommand("inspect", "Shows what is in a model, and what it needs");
  app->footer(kFooter);
  app->add_option("MODEL", set->model, "The .tflite file")->required()->type_name("");
  add_cpu_options(app, &set->cpu, &set->isa);
  app->add_flag("--summary", set->summary, "Leaves out the lists of operators and tensors");
  app->add_flag("--json", set->json, "Prints everything as JSON");
  app->callback([set] {
    const Inspection inspection(*set);
    print(set->json ? dump(inspection.json()) : inspection.text());
  });
}

}  // namespace pipit::tools
