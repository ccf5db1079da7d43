// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/compare.h"

#include <cmath>
#include <vector>

#include "tools/bench/bench_report.h"
#include "tools/bench/statistics.h"
#include "tools/failure.h"
#include "tools/format.h"
#include "tools/io.h"

namespace pipit::tools {
namespace {

constexpr double kSignificant = 0.05;

// What is compared of one measurement.
struct Result {
  int threads = 0;
  Sorted times;
  std::vector<std::string> outputs;  // checksums
  bool warned = false;
};

struct Report {
  std::string path, model, sha256, board, build;
  std::vector<Result> results;
};

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Failure(kBadInput, path + ": is no report of pipit bench --json: " + why);
}

std::string text_or(const Json& json, const std::string& otherwise) {
  return json.is_string() ? json.get<std::string>() : otherwise;
}

Result result_of(const Json& json) {
  std::vector<double> samples = json.at("samples_us").get<std::vector<double>>();
  for (const double us : samples) {
    if (!(us >= 0) || !std::isfinite(us)) throw std::runtime_error("a time below zero");
  }
  Result result{json.at("threads").get<int>(), Sorted(std::move(samples)), {}, false};
  for (const Json& output : json.at("outputs")) {
    result.outputs.push_back(output.at("crc32").get<std::string>());
  }
  result.warned = !json.at("warnings").empty();
  return result;
}

Report read_report(const std::string& path) {
  constexpr size_t kMost = size_t{1} << 28;
  const std::vector<uint8_t> bytes = read_file(path, kMost);
  Report report;
  report.path = path;
  try {
    const Json json = Json::parse(bytes.begin(), bytes.end());
    if (json.at("format") != kBenchFormat) throw std::runtime_error("it has another format");
    report.model = json.at("model").get<std::string>();
    report.sha256 = json.at("model_sha256").get<std::string>();
    report.board = text_or(json.at("board").at("model"), "an unknown board");
    const Json& build = json.at("build");
    report.build = "pipit " + build.at("version").get<std::string>() + ", " +
                   build.at("compiler").get<std::string>() + ", kernels " +
                   build.at("isa").get<std::string>();
    for (const Json& result : json.at("results")) report.results.push_back(result_of(result));
  } catch (const std::exception& e) {
    refuse(path, e.what());
  }
  return report;
}

std::string name(const Report& report) {
  return report.path + " is of " + report.model + " (sha256 " + report.sha256.substr(0, 12) +
         "...)";
}

struct Comparison {
  int threads;
  double a, b, p;
  bool same_outputs, warned;

  bool significant() const { return p < kSignificant; }
  // "B is faster by 18 %"
  std::string verdict() const {
    if (!significant()) return "no difference that could not be chance";
    const double change = a > 0 ? b / a - 1 : 0;
    return std::string("B is ") + (change < 0 ? "faster" : "slower") + " by " +
           number(std::fabs(100 * change), 3) + " %";
  }
};

std::vector<Comparison> comparisons(const Report& a, const Report& b) {
  std::vector<Comparison> list;
  for (const Result& one : a.results) {
    for (const Result& other : b.results) {
      if (one.threads != other.threads || one.times.empty() || other.times.empty()) continue;
      list.push_back({one.threads, one.times.median(), other.times.median(),
                      mann_whitney(one.times, other.times), one.outputs == other.outputs,
                      one.warned || other.warned});
    }
  }
  return list;
}

Json comparison_json(const Comparison& c) {
  return {{"threads", c.threads},
          {"a_median_us", c.a},
          {"b_median_us", c.b},
          {"b_to_a", c.a > 0 ? Json(c.b / c.a) : Json()},
          {"p", c.p},
          {"significant", c.significant()},
          {"verdict", c.verdict()},
          {"same_outputs", c.same_outputs},
          {"warned", c.warned}};
}

std::string comparison_text(const Comparison& c) {
  std::string text = std::to_string(c.threads) + (c.threads == 1 ? " thread: " : " threads: ") +
                     "A " + number(c.a / 1000, 4) + " ms, B " + number(c.b / 1000, 4) +
                     " ms (medians): " + c.verdict() + "\n  p = " + number(c.p, 2) +
                     " by the Mann-Whitney U test\n";
  if (!c.same_outputs) text += "  warning: the outputs are not the same\n";
  if (c.warned) text += "  warning: a report says itself that its times are not to be trusted\n";
  return text;
}

}  // namespace

std::string compare_reports(const std::string& a_path, const std::string& b_path, bool json) {
  const Report a = read_report(a_path), b = read_report(b_path);
  if (a.sha256 != b.sha256) throw Failure(kBadInput, name(a) + ", " + name(b));
  const std::vector<Comparison> list = comparisons(a, b);
  if (list.empty()) {
    throw Failure(kBadInput, a_path + " and " + b_path + " have no number of threads in common");
  }
  if (json) {
    Json report = {{"model_sha256", a.sha256},
                   {"a", {{"file", a.path}, {"board", a.board}, {"build", a.build}}},
                   {"b", {{"file", b.path}, {"board", b.board}, {"build", b.build}}},
                   {"comparisons", Json::array()}};
    for (const Comparison& c : list) report["comparisons"].push_back(comparison_json(c));
    return dump(report);
  }
  std::string text;
  for (const auto& [letter, report] : {std::pair{"A  ", &a}, {"B  ", &b}}) {
    text +=
        letter + printable(report->path + ": " + report->build + ", on " + report->board) + "\n";
  }
  if (a.board != b.board) text += "warning: the boards are not the same\n";
  for (const Comparison& c : list) text += comparison_text(c);
  return text;
}

}  // namespace pipit::tools
