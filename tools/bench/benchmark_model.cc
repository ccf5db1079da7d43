// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/benchmark_model.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "tools/format.h"

namespace pipit::tools {
namespace {

std::string info(const std::string& line) { return "INFO: " + line + "\n"; }

// As C++ streams print numbers by default.
std::string plain(double value) { return number(value, 6); }

std::string whole(double us) { return std::to_string(std::llround(us)); }

std::string megabytes(int64_t bytes) {
  return plain(static_cast<double>(std::max<int64_t>(0, bytes)) / (1 << 20));
}

// "count=50 first=... curr=... min=... max=... avg=... std=...", and quantiles.
std::string statistics(const Times& t) {
  std::string text = "count=" + std::to_string(t.count());
  if (t.empty()) return text;
  const Sorted sorted(t.kept());
  if (std::llround(t.min()) == std::llround(t.max())) {
    text += " curr=" + whole(t.last());
  } else {
    text += " first=" + whole(t.first()) + " curr=" + whole(t.last()) + " min=" + whole(t.min()) +
            " max=" + whole(t.max()) + " avg=" + plain(t.mean()) + " std=" + whole(t.deviation());
  }
  return text + " p5=" + whole(sorted.quantile(0.05)) + " median=" + whole(sorted.median()) +
         " p90=" + whole(sorted.quantile(0.90)) + " p95=" + whole(sorted.quantile(0.95)) +
         " p99=" + whole(sorted.quantile(0.99));
}

std::string phase(int runs, double least, double most, const Times& t) {
  return info("Running benchmark for at least " + std::to_string(runs) +
              " iterations and at least " + plain(least) + " seconds but terminate if exceeding " +
              plain(most) + " seconds.") +
         info(statistics(t)) + "\n";
}

struct Column {
  const char* name;
  int width;
};

// Right-aligned, a tab before each.
std::string cell(const std::string& text, int width) {
  const auto want = static_cast<size_t>(width);
  return "\t" + (text.size() < want ? std::string(want - text.size(), ' ') : "") + text;
}

std::string thousandths(double value) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.3f", value);
  return text;
}

constexpr char kLine[] = "==============================";

std::string title(const std::string& text) {
  return std::string(kLine) + " " + text + " " + kLine + "\n";
}

// What a row of the first two tables is made of, in milliseconds and percent.
struct Entry {
  std::string type, name;
  double start = 0, first = 0, average = 0, share = 0, kilobytes = 0;
  int64_t calls = 0;
};

class Tables {
 public:
  Tables(std::vector<Entry> entries, const Times& runs, bool csv)
      : entries_(std::move(entries)), runs_(runs), csv_(csv) {
    double all = 0;
    for (const Entry& e : entries_) all += e.average;
    for (Entry& e : entries_) e.share = all > 0 ? 100 * e.average / all : 0;
  }

  std::string text() const {
    std::vector<Entry> by_time = entries_;
    std::stable_sort(by_time.begin(), by_time.end(),
                     [](const Entry& a, const Entry& b) { return a.average > b.average; });
    by_time.resize(std::min<size_t>(by_time.size(), 10));
    return rows("Run Order", entries_) + rows("Top by Computation Time", by_time) + by_type() +
           "Timings (microseconds): " + statistics(runs_) + "\nMemory (bytes): count=0\n" +
           std::to_string(entries_.size()) + " nodes observed\n\n";
  }

 private:
  std::string rows(const std::string& name, const std::vector<Entry>& entries) const {
    std::string text = title(name);
    if (csv_) {
      text += "node type, start, first, avg_ms, %, cdf%, mem KB, times called, name\n";
    } else {
      for (const auto& [column, width] : {Column{"[node type]", 24},
                                          {"[start]", 17},
                                          {"[first]", 9},
                                          {"[avg ms]", 9},
                                          {"[%]", 8},
                                          {"[cdf%]", 8},
                                          {"[mem KB]", 10},
                                          {"[times called]", 9},
                                          {"[Name]", 0}}) {
        text += cell(column, width);
      }
      text += "\n";
    }
    double cumulated = 0;
    for (const Entry& e : entries) text += row(e, cumulated += e.share);
    return text + "\n";
  }

  std::string row(const Entry& e, double cumulated) const {
    const std::string calls = std::to_string(e.calls);
    if (csv_) {
      return e.type + ", " + plain(e.start) + ", " + plain(e.first) + ", " + plain(e.average) +
             ", " + plain(e.share) + "%, " + plain(cumulated) + "%, " + plain(e.kilobytes) + ", " +
             calls + ", " + e.name + "\n";
    }
    return cell(e.type, 24) + cell(thousandths(e.start), 17) + cell(thousandths(e.first), 9) +
           cell(thousandths(e.average), 9) + cell(thousandths(e.share), 7) + "%" +
           cell(thousandths(cumulated), 7) + "%" + cell(thousandths(e.kilobytes), 10) +
           cell(calls, 9) + "\t" + e.name + "\n";
  }

  struct Type {
    std::string name;
    int64_t count = 0, calls = 0;
    double average = 0, share = 0, kilobytes = 0;
  };

  std::vector<Type> types() const {
    std::vector<Type> types;
    std::map<std::string, size_t> index;
    for (const Entry& e : entries_) {
      const auto [at, is_new] = index.try_emplace(e.type, types.size());
      if (is_new) types.push_back({e.type});
      Type& type = types[at->second];
      ++type.count;
      type.calls += e.calls;
      type.average += e.average;
      type.share += e.share;
      type.kilobytes += e.kilobytes;
    }
    std::stable_sort(types.begin(), types.end(),
                     [](const Type& a, const Type& b) { return a.average > b.average; });
    return types;
  }

  std::string by_type() const {
    std::string text = "Number of nodes executed: " + std::to_string(entries_.size()) + "\n" +
                       title("Summary by node type");
    if (csv_) {
      text += "node type, count, avg_ms, avg %, cdf %, mem KB, times called\n";
    } else {
      for (const auto& [column, width] : {Column{"[Node type]", 24},
                                          {"[count]", 9},
                                          {"[avg ms]", 10},
                                          {"[avg %]", 11},
                                          {"[cdf %]", 11},
                                          {"[mem KB]", 10},
                                          {"[times called]", 10}}) {
        text += cell(column, width);
      }
      text += "\n";
    }
    double cumulated = 0;
    for (const Type& type : types()) text += type_row(type, cumulated += type.share);
    return text + "\n";
  }

  std::string type_row(const Type& t, double cumulated) const {
    const std::string count = std::to_string(t.count), calls = std::to_string(t.calls);
    if (csv_) {
      return t.name + ", " + count + ", " + plain(t.average) + ", " + plain(t.share) + "%, " +
             plain(cumulated) + "%, " + plain(t.kilobytes) + ", " + calls + "\n";
    }
    return cell(t.name, 24) + cell(count, 9) + cell(thousandths(t.average), 10) +
           cell(thousandths(t.share), 10) + "%" + cell(thousandths(cumulated), 10) + "%" +
           cell(thousandths(t.kilobytes), 10) + cell(calls, 9) + "\n";
  }

  std::vector<Entry> entries_;
  const Times& runs_;
  bool csv_;
};

std::map<int, std::vector<Entry>> entries_by_subgraph(const Measurement& m) {
  std::map<int, std::vector<Entry>> graphs;
  for (const MeasuredStep& s : m.steps) {
    Entry entry;
    entry.type = printable(s.op);
    entry.name = s.name;
    entry.start = s.start_us / 1000;
    entry.first = s.first_us / 1000;
    entry.average = s.us / 1000;
    entry.calls = std::llround(s.runs);
    graphs[s.subgraph].push_back(entry);
  }
  return graphs;
}

std::string planning_tables(const Measurement& m, bool csv) {
  Entry entry;
  entry.type = "AllocateTensors";
  entry.name = "AllocateTensors/0";
  entry.first = entry.average = m.plan_us / 1000;
  entry.kilobytes = static_cast<double>(m.plan.arena_bytes) / 1000;
  entry.calls = 1;
  Times once(2);
  once.add(m.plan_us);
  return Tables({entry}, once, csv).text();
}

std::string given(const std::string& name, const std::string& value) {
  return info(name + ": [" + value + "]");
}

}  // namespace

std::string opening_lines(const BenchOptions& o, const Measurement& m) {
  const BenchOptions defaults;
  std::string text =
      info("STARTING!") + given("Log parameter values verbosely", o.verbose ? "1" : "0");
  const auto number_given = [&](const char* name, double value, double otherwise) {
    if (o.verbose || value != otherwise) text += given(name, plain(value));
  };
  const auto text_given = [&](const char* name, const std::string& value, const char* otherwise) {
    if (o.verbose || value != otherwise) text += given(name, printable(value));
  };
  number_given("Min num runs", o.num_runs, defaults.num_runs);
  number_given("Min runs duration (seconds)", o.min_secs, defaults.min_secs);
  number_given("Max runs duration (seconds)", o.max_secs, defaults.max_secs);
  number_given("Inter-run delay (seconds)", o.run_delay, defaults.run_delay);
  number_given("Number of prorated runs per second", o.run_frequency, defaults.run_frequency);
  number_given("Num threads", m.threads, 1);
  number_given("Min warmup runs", o.warmup_runs, defaults.warmup_runs);
  number_given("Min warmup runs duration (seconds)", o.warmup_min_secs, defaults.warmup_min_secs);
  number_given("Run w/o invoking kernels", o.dry_run, false);
  number_given("Report the peak memory footprint", o.peak_memory, false);
  text += given("Graph", printable(o.model)) + given("Signature to run", printable(o.signature));
  text_given("Input layers", o.input_layer, "");
  text_given("Input shapes", o.input_layer_shape, "");
  text_given("Input value ranges", o.input_layer_value_range, "");
  text_given("Input value files", o.input_layer_value_files, "");
  number_given("Enable op profiling", o.profile, false);
  text_given("Op profiling output mode", o.profile_mode, "stdout");
  text_given("Op profiling output file", o.profile_file, "");
  if (m.threads > 1) text += given("#threads used for CPU inference", std::to_string(m.threads));
  text += info("Loaded model " + printable(o.model));
  for (const std::string& name : o.elsewhere) {
    text += "WARN: --" + name + ": Pipit computes on the CPU\n";
  }
  const double us = std::round(m.load_us + m.plan_us);
  return text +
         info("The input model file size (MB): " + plain(static_cast<double>(m.file_bytes) / 1e6)) +
         info("Initialized session in " + plain(us / 1000) + "ms.");
}

std::string result_lines(const BenchOptions& o, const Measurement& m) {
  const int runs = o.dry_run ? 0 : o.num_runs, warmup_runs = o.dry_run ? 0 : o.warmup_runs;
  const double least = o.dry_run ? -1 : o.min_secs, warmup = o.dry_run ? -1 : o.warmup_min_secs;
  const double first = m.warmup.empty() ? m.times.first() : m.warmup.first();
  std::string text =
      phase(warmup_runs, warmup, o.max_secs, m.warmup) + phase(runs, least, o.max_secs, m.times) +
      info("Inference timings in us: Init: " + whole(m.load_us + m.plan_us) +
           ", First inference: " + whole(first) + ", Warmup (avg): " + plain(m.warmup.mean()) +
           ", Inference (avg): " + plain(m.times.mean())) +
      info("Note: memory is that of the whole process, with its code and the mapped model.") +
      info("Memory footprint delta from the start of the tool (MB): init=" +
           megabytes(m.planned_bytes - m.start_bytes) +
           " overall=" + megabytes(m.end_bytes - m.start_bytes));
  if (!o.peak_memory) return text;
  // Spelt as scripts expect it.
  return text +
         info("Overall peak memory footprint (MB) via periodic monitoring: " +
              megabytes(m.peak_bytes)) +
         info("Memory status at the end of exeution:") +
         info("- VmRSS              : " + std::to_string(m.end_bytes >> 20) + " MB");
}

std::string profile_tables(const Measurement& m, bool csv) {
  const auto begin = [&](const char* text) { return csv ? std::string(text) + "\n" : info(text); };
  std::string text =
      begin("Profiling Info for Benchmark Initialization:") + planning_tables(m, csv) + "\n";
  if (m.steps.empty()) return text;
  text += begin("Operator-wise Profiling Info for Regular Benchmark Runs:");
  const auto graphs = entries_by_subgraph(m);
  const bool several = graphs.size() > 1 || graphs.begin()->first != 0;
  for (const auto& [subgraph, entries] : graphs) {
    if (several) {
      text += subgraph == 0 ? "Primary graph profile:\n"
                            : "Subgraph (index: " + std::to_string(subgraph) + ") profile:\n";
    }
    text += Tables(entries, m.profiled, csv).text();
  }
  return text;
}

std::string state_lines(const Session& session, const std::string& when) {
  std::vector<std::vector<std::string>> rows;
  const Interpreter& net = session.net();
  for (int g = 0; g < session.model().subgraphs(); ++g) {
    for (int i = 0; i < net.tensors(g); ++i) {
      const Tensor t = net.tensor(i, g);
      const std::string graph = g == 0 ? "" : std::to_string(g) + ".";
      rows.push_back({"Tensor " + graph + std::to_string(i), type_name(t.type), shape_text(t.shape),
                      grouped(t.bytes) + " bytes", storage_name(t.storage), printable(t.name)});
    }
  }
  return info("====Interpreter " + when + " state begins====") + table(rows, "") +
         info("====Interpreter " + when + " state ends====");
}

}  // namespace pipit::tools
