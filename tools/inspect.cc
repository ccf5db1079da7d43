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
      : set_(set), session_(set.model), file_(file_of(session_.model())) {
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
    const std::string head = printable(session_.path()) + ": " +
                             grouped(session_.model().file().size()) + " bytes, format version " +
                             std::to_string(file_.version()) + "\n";
    std::string text;
    const std::string description = text_of(file_.description());
    if (!description.empty()) text += "description: " + description + "\n";
    for (unsigned g = 0; !set_.summary && g < size_of(file_.subgraphs()); ++g) {
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
                 {"bytes", session_.model().file().size()},
                 {"format_version", file_.version()},
                 {"description", text_of(file_.description())},
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
    for (unsigned g = 0; g < size_of(file_.subgraphs()); ++g) {
      json["subgraphs"].push_back(subgraph_json(g));
    }
    for (unsigned i = 0; i < size_of(file_.metadata()); ++i) {
      const fb::Metadata& m = *file_.metadata()->Get(i);
      json["metadata"].push_back(
          {{"name", text_of(m.name())}, {"bytes", buffer_of(session_.model(), m.buffer()).size()}});
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

  const fb::SubGraph& graph(unsigned g) const { return *file_.subgraphs()->Get(g); }

  const fb::OperatorCode& code(const fb::Operator& node) const {
    return *file_.operator_codes()->Get(node.opcode_index());
  }

  Tensor tensor(const fb::SubGraph& graph, int32_t i) const {
    return tensor_of(session_.model(), *graph.tensors()->Get(static_cast<unsigned>(i)), i);
  }

  void measure_buffers() {
    std::vector<bool> weights(size_of(file_.buffers()));
    for (unsigned g = 0; g < size_of(file_.subgraphs()); ++g) {
      for (unsigned i = 0; i < size_of(graph(g).tensors()); ++i) {
        const uint32_t buffer = graph(g).tensors()->Get(i)->buffer();
        if (buffer < weights.size()) weights[buffer] = true;
      }
    }
    for (unsigned i = 0; i < weights.size(); ++i) {
      const size_t bytes = buffer_of(session_.model(), i).size();
      if (bytes == 0) continue;
      (weights[i] ? sizes_.weight_bytes : sizes_.other_bytes) += bytes;
      ++(weights[i] ? sizes_.weight_buffers : sizes_.other_buffers);
    }
    // Buffers may overlap in a file that says so.
    const size_t all = session_.model().file().size();
    sizes_.structure_bytes = all - std::min(all, sizes_.weight_bytes + sizes_.other_bytes);
  }

  void count_operators() {
    for (unsigned g = 0; g < size_of(file_.subgraphs()); ++g) {
      for (unsigned i = 0; i < size_of(graph(g).operators()); ++i) {
        const fb::OperatorCode& c = code(*graph(g).operators()->Get(i));
        OperatorUse& use = uses_[operator_name(c)];
        ++use.count;
        use.runs = in_build(c);
        use.cost += cost(g, i);
      }
    }
  }

  Cost cost(unsigned g, unsigned node) const {
    const Interpreter* net = memory_ ? &session_.net() : nullptr;
    return cost_of(session_.model(), net, static_cast<int>(node), static_cast<int>(g));
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
    const auto without = Interpreter::required_memory(session_.model(), all_operators(), options);
    if (without.ok())
      saved_by_chains_ = without.value().activation_bytes - memory_->activation_bytes;
  }

  int chains() const { return memory_ ? session_.net().chains() : 0; }

  // ---- text

  std::string subgraph_text(unsigned g) const {
    const fb::SubGraph& sub = graph(g);
    std::string text = "\nsubgraph " + std::to_string(g) + " '" + text_of(sub.name()) + "'\n";
    text += "  inputs   " + tensor_list(sub.inputs()) + "\n  outputs  " +
            tensor_list(sub.outputs()) + "\n";
    text += "  operators\n";
    for (unsigned i = 0; i < size_of(sub.operators()); ++i) {
      const Cost c = cost(g, i);
      text += "    " + operator_text(sub, static_cast<int>(i)) + "; " +
              (c.multiply_adds == 0
                   ? ""
                   : scaled(static_cast<double>(c.multiply_adds)) + " multiply-adds, ") +
              bytes_text(c.bytes()) + "\n";
    }
    text += "  tensors\n";
    std::vector<std::vector<std::string>> rows;
    for (unsigned i = 0; i < size_of(sub.tensors()); ++i) {
      rows.push_back(tensor_row(tensor(sub, static_cast<int32_t>(i))));
    }
    return text + table(rows, "    ");
  }

  // "(T0, T3, -)"; "-" is an optional input left out.
  static std::string tensor_list(const flatbuffers::Vector<int32_t>* list) {
    std::string text;
    for (unsigned i = 0; i < size_of(list); ++i) {
      text += i == 0 ? "" : ", ";
      text += list->Get(i) < 0 ? "-" : "T" + std::to_string(list->Get(i));
    }
    return "(" + text + ")";
  }

  // "#3 CONV_2D v2 (T5, T6, T7) -> T8  [1,112,112,32] int8"
  std::string operator_text(const fb::SubGraph& sub, int i) const {
    const fb::Operator& node = *sub.operators()->Get(static_cast<unsigned>(i));
    const fb::OperatorCode& c = code(node);
    std::string outputs = tensor_list(node.outputs());
    if (size_of(node.outputs()) == 1) outputs = outputs.substr(1, outputs.size() - 2);
    std::string text = "#" + std::to_string(i) + " " + operator_name(c) + " v" +
                       std::to_string(c.version()) + " " + tensor_list(node.inputs()) + " -> " +
                       outputs;
    for (unsigned o = 0; o < size_of(node.outputs()); ++o) {
      const Tensor t = tensor(sub, node.outputs()->Get(o));
      text += (o == 0 ? "  " : ", ") + shape_text(t.shape) + " " + type_name(t.type);
    }
    return text + (in_build(c) ? "" : "  (not in this build)");
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
    for (unsigned i = 0; i < size_of(file_.signature_defs()); ++i) {
      const fb::SignatureDef& s = *file_.signature_defs()->Get(i);
      text += "  '" + text_of(s.signature_key()) + "' runs subgraph " +
              std::to_string(s.subgraph_index()) + ": (" + map_text(s.inputs()) + ") -> (" +
              map_text(s.outputs()) + ")\n";
      const std::string why = refusal_of(static_cast<int>(s.subgraph_index()));
      if (!why.empty()) text += "    cannot run: " + why + "\n";
    }
    return text.empty() ? "" : "\nsignatures\n" + text;
  }

  using TensorMaps = flatbuffers::Vector<flatbuffers::Offset<fb::TensorMap>>;

  static std::string map_text(const TensorMaps* maps) {
    std::string text;
    for (unsigned i = 0; i < size_of(maps); ++i) {
      text += (i == 0 ? "" : ", ") + text_of(maps->Get(i)->name()) + " T" +
              std::to_string(maps->Get(i)->tensor_index());
    }
    return text;
  }

  std::string metadata_text() const {
    std::string text;
    for (unsigned i = 0; i < size_of(file_.metadata()); ++i) {
      const fb::Metadata& m = *file_.metadata()->Get(i);
      text += "  '" + text_of(m.name()) +
              "': " + grouped(buffer_of(session_.model(), m.buffer()).size()) + " bytes\n";
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

  static Json index_list(const flatbuffers::Vector<int32_t>* list) {
    Json json = Json::array();
    for (unsigned i = 0; i < size_of(list); ++i) json.push_back(list->Get(i));
    return json;
  }

  Json subgraph_json(unsigned g) const {
    const fb::SubGraph& sub = graph(g);
    Json json = {{"name", text_of(sub.name())},
                 {"inputs", index_list(sub.inputs())},
                 {"outputs", index_list(sub.outputs())},
                 {"operators", Json::array()},
                 {"tensors", Json::array()}};
    for (unsigned i = 0; i < size_of(sub.operators()); ++i) {
      const fb::Operator& node = *sub.operators()->Get(i);
      const fb::OperatorCode& c = code(node);
      json["operators"].push_back({{"op", operator_name(c)},
                                   {"custom", is_custom(c)},
                                   {"version", c.version()},
                                   {"inputs", index_list(node.inputs())},
                                   {"outputs", index_list(node.outputs())},
                                   {"in_build", in_build(c)}});
      json["operators"].back().update(cost_json(cost(g, i)));
    }
    for (unsigned i = 0; i < size_of(sub.tensors()); ++i) {
      const Tensor t = tensor(sub, static_cast<int32_t>(i));
      Json entry = tensor_json(t);
      entry["shape_signature"] = shape_json(shape_signature(t));
      entry["storage"] = storage_name(t.storage);
      entry["buffer"] = sub.tensors()->Get(i)->buffer();
      entry["sparse"] = sub.tensors()->Get(i)->sparsity() != nullptr;
      entry["quantization"] = quantization_json(t);
      json["tensors"].push_back(std::move(entry));
    }
    return json;
  }

  static Json quantization_json(const Tensor& t) {
    const Quantization q = quantization(t);
    if (q.scales.empty()) return nullptr;
    Json scales = Json::array(), zero_points = Json::array();
    for (const float scale : q.scales) scales.push_back(scale);
    for (const int64_t zero_point : q.zero_points) zero_points.push_back(zero_point);
    return {{"scales", scales}, {"zero_points", zero_points}, {"dimension", q.dimension}};
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

  Json signatures_json() const {
    Json json = Json::array();
    const auto map_json = [](const TensorMaps* maps) {
      Json list = Json::array();
      for (unsigned i = 0; i < size_of(maps); ++i) {
        list.push_back(
            {{"name", text_of(maps->Get(i)->name())}, {"tensor", maps->Get(i)->tensor_index()}});
      }
      return list;
    };
    for (unsigned i = 0; i < size_of(file_.signature_defs()); ++i) {
      const fb::SignatureDef& s = *file_.signature_defs()->Get(i);
      json.push_back({{"key", text_of(s.signature_key())},
                      {"subgraph", s.subgraph_index()},
                      {"inputs", map_json(s.inputs())},
                      {"outputs", map_json(s.outputs())},
                      {"runs", refusal_of(static_cast<int>(s.subgraph_index())).empty()},
                      {"refusal", refusal_of(static_cast<int>(s.subgraph_index()))}});
    }
    return json;
  }

  const Settings& set_;
  Session session_;
  const fb::Model& file_;
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
