// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/bench_page.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "tools/bench/provenance.h"
#include "tools/bench/times_report.h"
#include "tools/bench/trust.h"
#include "tools/costs.h"
#include "tools/digest.h"
#include "tools/format.h"
#include "tools/page.h"

namespace pipit::tools {
namespace {

constexpr int kTime = 0, kMemory = 4, kClock = 2, kWarmth = 6;  // colours of boxes

std::string threads_text(const Measurement& m) {
  return std::to_string(m.threads) + (m.threads == 1 ? " thread" : " threads");
}

// From 0 to `high`, with names at both ends and in the middle.
Ticks scale(double high, const std::function<std::string(double)>& name, bool upwards) {
  Ticks ticks;
  for (const double at : {0.0, 0.5, 1.0}) ticks.push_back({upwards ? 1 - at : at, name(at * high)});
  return ticks;
}

// Columns from the bottom, one for each value of `high` at most.
struct Column {
  double left, width, value;
  std::string title;
};

Figure columns(const std::string& name, const std::vector<Column>& list, double high, int colour) {
  Figure figure;
  figure.name = name;
  figure.height = 9;
  for (const Column& c : list) {
    const double height = high > 0 ? c.value / high : 0;
    figure.boxes.push_back(
        {c.left, 1 - height, c.width, height, colour, "", c.title, list.size() > 60 ? "thin" : ""});
  }
  return figure;
}

// ---- Times

Figure histogram(const Sorted& sorted) {
  constexpr int kBins = 40;
  const double low = sorted.quantile(0), high = std::max(sorted.quantile(0.99), low + 1e-3);
  std::vector<double> counts(kBins);
  double most = 0;
  for (const double us : sorted.values()) {
    if (us > high) break;
    const int bin = std::min(kBins - 1, static_cast<int>((us - low) / (high - low) * kBins));
    most = std::max(most, ++counts[static_cast<size_t>(bin)]);
  }
  std::vector<Column> list;
  const double width = (high - low) / kBins;
  for (int i = 0; i < kBins; ++i) {
    const double count = counts[static_cast<size_t>(i)], from = low + i * width;
    if (count == 0) continue;
    list.push_back(
        {static_cast<double>(i) / kBins, 1.0 / kBins, count,
         number(count) + " runs from " + duration(from) + " to " + duration(from + width)});
  }
  Figure figure = columns("How many runs took how long", list, most, kTime);
  figure.across = {{0, duration(low)}, {0.5, duration((low + high) / 2)}, {1, duration(high)}};
  figure.down = {{0, number(most) + (most == 1 ? " run" : " runs")}, {1, "0"}};
  return figure;
}

// The median of each stretch of runs.
Figure in_order(const Times& times) {
  constexpr size_t kMost = 120;
  const std::vector<double>& kept = times.kept();
  const size_t stretch = (kept.size() + kMost - 1) / kMost,
               n = (kept.size() + stretch - 1) / stretch;
  std::vector<Column> list;
  double most = 0;
  for (size_t i = 0; i < n; ++i) {
    const size_t from = i * stretch, to = std::min(kept.size(), from + stretch);
    const double us = Sorted(std::vector<double>(kept.begin() + static_cast<std::ptrdiff_t>(from),
                                                 kept.begin() + static_cast<std::ptrdiff_t>(to)))
                          .median();
    most = std::max(most, us);
    list.push_back({static_cast<double>(i) / static_cast<double>(n), 1.0 / static_cast<double>(n),
                    us, duration(us)});
  }
  Figure figure =
      columns("How long runs took, in the order in which they were made", list, most, kTime);
  figure.across = {{0, "first run"}, {1, "run " + grouped(static_cast<uint64_t>(times.count()))}};
  figure.down = scale(most, duration, true);
  return figure;
}

// ---- Operators

std::string step_title(const Measurement& m, const Board& board, const MeasuredStep& s) {
  std::string text = s.op + " " + s.name + ": " + duration(s.us);
  const auto macs = static_cast<double>(s.cost.multiply_adds);
  if (macs > 0)
    text +=
        ", " + scaled(macs) + " multiply-adds, " + number(rate(macs, s.us) / 1e9, 3) + " GMAC/s";
  const double share = share_of_peak(m, board, s.least_cycles, s.us);
  if (share > 0) text += ", " + number(100 * share, 3) + " % of the peak";
  text += ", " + scaled(static_cast<double>(s.cost.bytes())) + "B";
  for (const MeasuredLink& link : s.links) {
    text += (&link == s.links.data() ? "; in bands: #" : ", #") + std::to_string(link.node) + " " +
            link.op;
  }
  return text;
}

std::string step_label(const MeasuredStep& s) {
  return "#" + (s.subgraph == 0 ? "" : std::to_string(s.subgraph) + ".") + std::to_string(s.node) +
         " " + s.op;
}

double sum_of(const std::vector<MeasuredStep>& steps) {
  double all = 0;
  for (const MeasuredStep& step : steps) all += step.us;
  return all;
}

// None where not even a few letters have room.
std::string label_for(double width, const std::string& label) {
  constexpr double kFewLetters = 0.015;
  return width < kFewLetters ? "" : label;
}

// The longest first, until the rest is little.
Figure bars(const Measurement& m, const Board& board) {
  constexpr size_t kMost = 20;
  std::vector<MeasuredStep> steps = m.steps;
  std::stable_sort(steps.begin(), steps.end(),
                   [](const MeasuredStep& a, const MeasuredStep& b) { return a.us > b.us; });
  steps.resize(std::min(steps.size(), kMost));
  const double most = steps[0].us, all = sum_of(m.steps), rows = static_cast<double>(steps.size());
  Figure figure;
  figure.name = "The operators that take the most time";
  figure.height = 1.4 * rows;
  for (size_t i = 0; i < steps.size(); ++i) {
    const MeasuredStep& s = steps[i];
    figure.boxes.push_back({0, static_cast<double>(i) / rows, most > 0 ? s.us / most : 0, 1 / rows,
                            operator_colour(s.op),
                            step_label(s) + "  " + duration(s.us) + ", " +
                                number(all > 0 ? 100 * s.us / all : 0, 3) + " %",
                            step_title(m, board, s), "bar"});
  }
  return figure;
}

// Above, all; below, kinds of operators; below these, the operators of each kind.
class Flame {
 public:
  Flame(const Measurement& m, const Board& board) : m_(m), board_(board), all_(sum_of(m.steps)) {}

  Figure figure() {
    figure_.name = "Kinds of operators, and the operators of each, as wide as they take time";
    figure_.height = 6;
    add(0, all_, 0, 5, "inference " + duration(all_), "all operators: " + duration(all_), "");
    double left = 0;
    for (const auto& [us, op] : kinds()) left += kind(left, us, op);
    figure_.across = scale(all_, duration, false);
    return std::move(figure_);
  }

 private:
  std::vector<std::pair<double, std::string>> kinds() const {
    std::map<std::string, double> sums;
    for (const MeasuredStep& step : m_.steps) sums[step.op] += step.us;
    std::vector<std::pair<double, std::string>> list;
    for (const auto& [op, us] : sums) list.push_back({us, op});
    std::sort(list.rbegin(), list.rend());
    return list;
  }

  double kind(double left, double us, const std::string& op) {
    add(left, us, 1, operator_colour(op), op + " " + duration(us),
        op + ": " + duration(us) + ", " + number(all_ > 0 ? 100 * us / all_ : 0, 3) + " %", "");
    double at = left;
    for (const MeasuredStep& step : m_.steps) {
      if (step.op != op) continue;
      add(at, step.us, 2, operator_colour(op), "#" + std::to_string(step.node),
          step_title(m_, board_, step), "");
      at += step.us;
    }
    return us;
  }

  void add(double left, double width, int row, int colour, const std::string& label,
           const std::string& title, const std::string& kind) {
    constexpr double kRows = 3;
    const double all = all_ > 0 ? all_ : 1;
    figure_.boxes.push_back({left / all, row / kRows, width / all, 1 / kRows, colour,
                             label_for(width / all, label), title, kind});
  }

  const Measurement& m_;
  const Board& board_;
  double all_;
  Figure figure_;
};

// In running order.
Figure strip(const Measurement& m, const Board& board) {
  const double all = sum_of(m.steps);
  Figure figure;
  figure.name = "Operators in the order in which they run, as wide as they take time";
  figure.height = 2.2;
  double left = 0;
  for (const MeasuredStep& s : m.steps) {
    const double width = all > 0 ? s.us / all : 0;
    figure.boxes.push_back({left, 0, width, 1, operator_colour(s.op),
                            label_for(width, step_label(s)), step_title(m, board, s),
                            width < 0.004 ? "thin" : ""});
    left += width;
  }
  figure.across = scale(all, duration, false);
  return figure;
}

std::vector<int> colours_of(const Measurement& m) {
  std::set<int> colours;
  for (const MeasuredStep& step : m.steps) colours.insert(operator_colour(step.op));
  return {colours.begin(), colours.end()};
}

// Its ends, when it is long.
std::string shortened(const std::string& name) {
  constexpr size_t kHalf = 24;
  if (name.size() <= 2 * kHalf + 3) return name;
  return name.substr(0, kHalf) + "..." + name.substr(name.size() - kHalf);
}

Rows step_rows(const Measurement& m, const Board& board) {
  Rows rows = {{"#", "operator", "kernel", "us", "%", "multiply-adds", "GMAC/s", "of peak", "bytes",
                "GB/s", "output"}};
  const double all = sum_of(m.steps);
  for (const MeasuredStep& s : m.steps) {
    const auto macs = static_cast<double>(s.cost.multiply_adds);
    const auto bytes = static_cast<double>(s.cost.bytes());
    const double share = share_of_peak(m, board, s.least_cycles, s.us);
    rows.push_back(
        {(s.subgraph == 0 ? "" : std::to_string(s.subgraph) + ".") + std::to_string(s.node), s.op,
         s.variant, micros(s.us), number(all > 0 ? 100 * s.us / all : 0, 3),
         macs > 0 ? scaled(macs) : "", macs > 0 ? number(rate(macs, s.us) / 1e9, 3) : "",
         share > 0 ? number(100 * share, 3) + " %" : "", scaled(bytes),
         number(rate(bytes, s.us) / 1e9, 3), shortened(s.name)});
  }
  return rows;
}

// ---- What went on meanwhile

using Value = std::function<double(const Moment&)>;

// Nothing when there is no value above zero.
void add_course(const Measurement& m, const std::string& name, int colour, const Value& value,
                const std::function<std::string(double)>& text, Page* page) {
  std::vector<Column> list;
  double most = 0;
  const double end = std::max(m.seconds, 1e-3);
  for (size_t i = 0; i < m.moments.size(); ++i) {
    const double from = i == 0 ? 0 : m.moments[i - 1].seconds, x = value(m.moments[i]);
    most = std::max(most, x);
    list.push_back({from / end, (m.moments[i].seconds - from) / end, x,
                    text(x) + " after " + number(m.moments[i].seconds, 3) + " s"});
  }
  if (most <= 0) return;
  page->heading(name);
  Figure figure = columns(name, list, most, colour);
  figure.height = 6;
  figure.across = scale(
      end, [](double s) { return number(s, 3) + " s"; }, false);
  figure.down = scale(most, text, true);
  page->figure(figure);
}

void add_courses(const Measurement& m, Page* page) {
  add_course(
      m, "Memory over time", kMemory,
      [](const Moment& at) { return static_cast<double>(at.resident_bytes); },
      [](double bytes) { return number(bytes / (1 << 20), 3) + " MiB"; }, page);
  add_course(
      m, "Clock over time", kClock,
      [](const Moment& at) { return static_cast<double>(at.board.clock_hz.value_or(0)); },
      [](double hz) { return number(hz / 1e6, 4) + " MHz"; }, page);
  add_course(
      m, "Temperature over time", kWarmth,
      [](const Moment& at) { return at.board.celsius.value_or(0); },
      [](double celsius) { return number(celsius, 3) + " C"; }, page);
}

// ---- Numbers

using Facts = std::vector<std::pair<std::string, std::string>>;

void add_time_facts(const Measurement& m, Facts* facts) {
  const Sorted sorted(m.times.kept());
  facts->push_back({"median time", duration(sorted.median())});
  if (const auto sure = sorted.median_interval()) {
    facts->push_back({"95 % interval", duration(sure->low) + " to " + duration(sure->high)});
  }
  facts->push_back({"90 % and 99 % within",
                    duration(sorted.quantile(0.9)) + ", " + duration(sorted.quantile(0.99))});
  facts->push_back({"runs", grouped(static_cast<uint64_t>(m.times.count()))});
}

void add_work_facts(const Measurement& m, const Board& board, Facts* facts) {
  const double us = median_us(m), macs = static_cast<double>(m.cost.multiply_adds);
  facts->push_back(
      {"multiply-adds", scaled(macs) + ", " + number(rate(macs, us) / 1e9, 3) + " GMAC/s"});
  const double share = share_of_peak(m, board, m.least_cycles, us);
  facts->push_back({"share of the CPU's peak",
                    share > 0 ? number(100 * share, 3) + " %" : "not known of this CPU"});
  for (const Count& count : m.counts) facts->push_back({count.name, scaled(count.value)});
  if (m.counts.empty()) facts->push_back({"counters", "none: " + m.no_counts});
}

void add_memory_facts(const Measurement& m, Facts* facts) {
  facts->push_back({"arena", grouped(m.plan.arena_bytes) + " bytes"});
  facts->push_back({"model, mapped", grouped(m.file_bytes) + " bytes"});
  facts->push_back({"resident, at most", scaled(static_cast<double>(m.peak_bytes)) + "B"});
  facts->push_back({"page faults", std::to_string(m.usage.minor_faults) + ", from disk " +
                                       std::to_string(m.usage.major_faults)});
}

void add_origin(const BenchSubject& subject, const Board& board, const Measurement& m, Page* page) {
  page->heading("Board and build");
  std::string cores;
  for (const std::string& core : board.cores()) cores += (cores.empty() ? "" : ", ") + core;
  Facts facts = {{"board", board.model().empty() ? "unknown" : board.model()},
                 {"CPUs", std::to_string(board.cpus()) + (cores.empty() ? "" : ", " + cores)},
                 {"governor", board.governor().empty() ? "unknown" : board.governor()},
                 {"before", state_text(m.before)},
                 {"after", state_text(m.after)},
                 {"pipit", std::string(version()) + ", " + compiler() + ", " + target()},
                 {"kernels", subject.isa},
                 {"flags", compiler_flags()},
                 {"model, SHA-256", subject.sha256}};
  for (const MeasuredOutput& o : m.outputs) {
    facts.push_back({"CRC-32 of '" + o.name + "'", hex(o.crc)});
  }
  page->facts(facts);
}

void add_measurement(const BenchSubject& subject, const Board& board, const Measurement& m,
                     bool one_of_several, Page* page) {
  if (one_of_several) page->heading("On " + threads_text(m));
  for (const std::string& line : warnings(m, board)) page->warning("Warning: " + line + ".");
  Facts facts;
  if (!m.times.empty()) add_time_facts(m, &facts);
  if (!m.steps.empty()) add_work_facts(m, board, &facts);
  add_memory_facts(m, &facts);
  page->facts(facts);
  if (!m.times.empty()) {
    page->heading("How times are spread");
    page->figure(histogram(Sorted(m.times.kept())));
    page->paragraph("The slowest one in a hundred, up to " + duration(m.times.max()) +
                    ", are left out here.");
    page->heading("Times in order");
    page->figure(in_order(m.times));
  }
  if (!m.steps.empty()) {
    page->heading("Where the time goes");
    page->legend(colours_of(m));
    page->figure(Flame(m, board).figure());
    page->paragraph("In running order:");
    page->figure(strip(m, board));
    page->paragraph("The operators that take the most:");
    page->figure(bars(m, board));
  }
  add_courses(m, page);
  if (!m.steps.empty()) {
    page->heading("All operators");
    page->table(step_rows(m, board));
  }
  if (!one_of_several) add_origin(subject, board, m, page);
}

Figure sweep(const std::vector<Measurement>& measurements) {
  Figure figure;
  figure.name = "Median times by number of threads";
  const auto rows = static_cast<double>(measurements.size());
  figure.height = 1.6 * rows;
  double most = 0;
  for (const Measurement& m : measurements) most = std::max(most, median_us(m));
  for (size_t i = 0; i < measurements.size(); ++i) {
    const double us = median_us(measurements[i]);
    figure.boxes.push_back({0, static_cast<double>(i) / rows, most > 0 ? us / most : 0, 1 / rows,
                            kTime, threads_text(measurements[i]) + "  " + duration(us), "", "bar"});
  }
  return figure;
}

}  // namespace

std::string bench_page(const BenchSubject& subject, const Board& board,
                       const std::vector<Measurement>& measurements) {
  const std::string name = std::filesystem::path(subject.model).filename().string();
  Page page(name + (board.model().empty() ? "" : " on " + board.model()));
  page.style(".bar { overflow: visible; }\n");
  const bool several = measurements.size() > 1;
  if (several) {
    page.heading("Median time by number of threads");
    page.figure(sweep(measurements));
  }
  for (const Measurement& m : measurements) add_measurement(subject, board, m, several, &page);
  if (several) add_origin(subject, board, measurements.back(), &page);
  return page.html();
}

}  // namespace pipit::tools
