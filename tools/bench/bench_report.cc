// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/bench_report.h"

#include <algorithm>
#include <map>

#include "tools/bench/provenance.h"
#include "tools/bench/times_report.h"
#include "tools/bench/trust.h"
#include "tools/columns.h"
#include "tools/costs.h"
#include "tools/digest.h"
#include "tools/format.h"

namespace pipit::tools {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string percent(double part) { return number(100 * part, 3) + " %"; }

std::string cores_text(const Measurement& m, const Board& board) {
  const int cores = std::min(m.threads, board.cpus());
  return std::to_string(cores) + (cores == 1 ? " core at " : " cores at ");
}

void add_work(const Measurement& m, const Board& board, Rows* rows) {
  const double us = median_us(m);
  std::string text = scaled(static_cast<double>(m.cost.multiply_adds)) + " multiply-adds";
  if (us > 0)
    text += ": " + number(rate(static_cast<double>(m.cost.multiply_adds), us) / 1e9, 3) + " GMAC/s";
  rows->push_back({"work", text});
  const double share = share_of_peak(m, board, m.least_cycles, us);
  if (share > 0) {
    const double clock = static_cast<double>(m.clock_hz ? *m.clock_hz : *board.highest_clock_hz());
    rows->push_back(
        {"", percent(share) + " of the peak of " + cores_text(m, board) + megahertz(clock)});
  }
  text = scaled(static_cast<double>(m.cost.bytes())) + "B read and written, of which weights " +
         scaled(static_cast<double>(m.cost.weight_bytes)) + "B";
  if (us > 0)
    text += ": " + number(rate(static_cast<double>(m.cost.bytes()), us) / 1e9, 3) + " GB/s";
  rows->push_back({"", text});
}

std::string counts_text(const Measurement& m) {
  if (m.counts.empty()) return "none: " + (m.no_counts.empty() ? "nothing counted" : m.no_counts);
  std::vector<std::string> facts;
  double cycles = 0, instructions = 0;
  for (const Count& count : m.counts) {
    std::string name = count.name;
    std::replace(name.begin(), name.end(), '_', ' ');
    facts.push_back(scaled(count.value) + " " + name);
    if (name == "cycles") cycles = count.value;
    if (name == "instructions") instructions = count.value;
  }
  if (cycles > 0 && instructions > 0) {
    facts.push_back(number(instructions / cycles, 3) + " instructions a cycle");
  }
  return joined(facts);
}

void add_memory_rows(const Measurement& m, Rows* rows) {
  rows->push_back({"memory", "file mapped " + grouped(m.file_bytes) + " bytes, arena " +
                                 grouped(m.plan.arena_bytes) + " bytes"});
  rows->push_back({"", "resident " + scaled(static_cast<double>(m.end_bytes)) + "B, at most " +
                           scaled(static_cast<double>(m.peak_bytes)) + "B; page faults " +
                           std::to_string(m.usage.minor_faults) + ", of which from disk " +
                           std::to_string(m.usage.major_faults)});
}

void add_board(const Measurement& m, const Board& board, Rows* rows) {
  std::string cores = std::to_string(board.cpus()) + (board.cpus() == 1 ? " CPU" : " CPUs");
  if (!board.cores().empty()) cores += " (" + joined(board.cores()) + ")";
  rows->push_back(
      {"board", printable((board.model().empty() ? "unknown" : board.model()) + ", " + cores)});
  if (!board.governor().empty()) rows->push_back({"governor", printable(board.governor())});
  rows->push_back({"before", state_text(m.before)});
  rows->push_back({"meanwhile", meanwhile_text(meanwhile(m))});
  rows->push_back({"after", state_text(m.after)});
  if (!board.unknown().empty()) rows->push_back({"", printable(board.unknown())});
}

Rows kind_rows(const Measurement& m, const Board& board, const std::vector<MeasuredStep>& steps) {
  double all = 0;
  for (const MeasuredStep& step : m.steps) all += step.us;
  Rows rows = {{"operator", "", "us", "%", "MAC", "GMAC/s", "peak", "bytes", "GB/s"}};
  for (const MeasuredStep& s : steps) {
    const auto macs = static_cast<double>(s.cost.multiply_adds);
    const auto bytes = static_cast<double>(s.cost.bytes());
    const double share = share_of_peak(m, board, s.least_cycles, s.us);
    rows.push_back(
        {printable(s.op), s.name, micros(s.us), number(all > 0 ? 100 * s.us / all : 0, 3),
         macs > 0 ? scaled(macs) : "", macs > 0 ? number(rate(macs, s.us) / 1e9, 3) : "",
         share > 0 ? percent(share) : "", scaled(bytes), number(rate(bytes, s.us) / 1e9, 3)});
  }
  return rows;
}

// One row for each operator's name, with how many of it there are.
std::vector<MeasuredStep> by_kind(const std::vector<MeasuredStep>& steps) {
  std::vector<MeasuredStep> kinds;
  std::map<std::string, size_t> index;
  std::vector<int> counts;
  std::vector<bool> known;  // the peak of all of them
  for (const MeasuredStep& step : steps) {
    const auto [at, is_new] = index.try_emplace(step.op, kinds.size());
    if (is_new) {
      kinds.push_back({});
      kinds.back().op = step.op;
      counts.push_back(0);
      known.push_back(true);
    }
    MeasuredStep& kind = kinds[at->second];
    kind.us += step.us;
    kind.cost += step.cost;
    kind.least_cycles += step.least_cycles;
    ++counts[at->second];
    if (step.cost.multiply_adds > 0 && step.least_cycles == 0) known[at->second] = false;
  }
  for (size_t i = 0; i < kinds.size(); ++i) {
    kinds[i].name = "x" + std::to_string(counts[i]);
    if (!known[i]) kinds[i].least_cycles = 0;
  }
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const MeasuredStep& a, const MeasuredStep& b) { return a.us > b.us; });
  return kinds;
}

std::vector<MeasuredStep> numbered(std::vector<MeasuredStep> steps) {
  for (MeasuredStep& step : steps) {
    step.name = "#" + (step.subgraph == 0 ? "" : std::to_string(step.subgraph) + ".") +
                std::to_string(step.node);
  }
  return steps;
}

}  // namespace

double rate(double count, double us) { return us > 0 ? count / us * 1e6 : 0; }

double median_us(const Measurement& m) {
  return m.times.empty() ? 0 : Sorted(m.times.kept()).median();
}

double share_of_peak(const Measurement& m, const Board& board, double least_cycles, double us) {
  const std::optional<int64_t> clock = m.clock_hz ? m.clock_hz : board.highest_clock_hz();
  if (!clock || *clock <= 0 || us <= 0) return 0;
  const double cores = std::min(m.threads, std::max(1, board.cpus()));
  return least_cycles / (cores * static_cast<double>(*clock) * us * 1e-6);
}

constexpr size_t kValueColumn = 11;  // behind "meanwhile"

std::string bench_text(const BenchSubject& subject, const Board& board, const Measurement& m,
                       bool each_step) {
  Rows rows = {{"time", times_text(m.times)}};
  if (!m.steps.empty()) add_work(m, board, &rows);
  add_memory_rows(m, &rows);
  rows.push_back({"counters", counts_text(m)});
  add_board(m, board, &rows);
  for (const MeasuredOutput& o : m.outputs) {
    rows.push_back(
        {"output", "crc32 " + hex(o.crc) + " of '" + o.name + "' " + o.type + " " + o.shape});
  }
  rows.push_back({"build", std::string("pipit ") + version() + ", " + compiler() + ", " + target() +
                               ", kernels " + subject.isa});
  rows.push_back({"flags", compiler_flags()});
  rows.push_back({"model", "sha256 " + subject.sha256});
  std::string text = "\n" + in_80_columns(table(rows, ""), kValueColumn);
  if (!m.steps.empty()) {
    text += "\n" + table(kind_rows(m, board, each_step ? numbered(m.steps) : by_kind(m.steps)), "");
  }
  for (const std::string& line : warnings(m, board))
    text += in_80_columns("warning: " + line + "\n");
  return text;
}

}  // namespace pipit::tools
