// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/report.h"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "pipit/op.h"

namespace pipit::test {

void Count::add(const Count& o) {
  passed += o.passed;
  failed += o.failed;
  skipped += o.skipped;
  inexact += o.inexact;
}

void Report::add(const std::string& group, const Case& c, const Outcome& outcome) {
  Count& count = groups_[group];
  switch (outcome.verdict) {
    case Verdict::kPassed:
      ++count.passed;
      results_[group] += outcome.result;
      if (!outcome.exact) ++count.inexact;
      if (!c.reject) {
        for (const OpUse& use : outcome.used) used_[use.op][use.types].insert(use.variant);
      }
      break;
    case Verdict::kSkipped:
      ++count.skipped;
      for (const std::string& op : outcome.missing) ++missing_[op];
      break;
    case Verdict::kFailed:
      ++count.failed;
      std::printf("FAILED %s/%s (%s)\n       %s\n", group.c_str(), c.name.c_str(),
                  c.feature.c_str(), outcome.text.c_str());
  }
}

Count Report::total() const {
  Count total;
  for (const auto& [group, count] : groups_) total.add(count);
  return total;
}

void Report::write_operators(const std::string& file) const {
  nlohmann::json operators = nlohmann::json::array();
  for (const Op* op : all_operators()) {
    nlohmann::json types = nlohmann::json::object();
    const auto used = used_.find(op->name);
    if (used != used_.end()) types = used->second;
    operators.push_back({{"name", op->name}, {"code", op->code}, {"types", types}});
  }
  nlohmann::json passed = nlohmann::json::object();
  for (const auto& [group, count] : groups_) passed[group] = count.passed;
  std::ofstream out(file);
  out << nlohmann::json{{"operators", operators}, {"passed", passed}}.dump(1) << '\n';
  out.close();
  if (!out) throw std::runtime_error("cannot write " + file);
}

void Report::write_results(const std::string& file) const {
  std::ofstream out(file);
  for (const auto& [group, result] : results_) out << group << ' ' << std::hex << result << '\n';
  out.close();
  if (!out) throw std::runtime_error("cannot write " + file);
}

int Report::compare_results(const std::string& file) const {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file);
  std::map<std::string, uint64_t> recorded;
  std::string group;
  for (uint64_t result = 0; in >> group >> std::hex >> result;) recorded[group] = result;
  int different = 0;
  for (const auto& [name, result] : results_) {
    const auto found = recorded.find(name);
    if (found != recorded.end() && found->second == result) continue;
    std::printf("FAILED %s: outputs differ from those recorded in %s\n", name.c_str(),
                file.c_str());
    ++different;
  }
  return different;
}

void Report::print() const {
  std::printf("\n%-32s %7s %7s %7s %7s\n", "", "passed", "inexact", "failed", "skipped");
  const auto row = [](const std::string& name, const Count& n) {
    std::printf("%-32s %7d %7d %7d %7d\n", name.c_str(), n.passed, n.inexact, n.failed, n.skipped);
  };
  for (const auto& [group, count] : groups_) row(group, count);
  if (groups_.size() > 1) row("all", total());
  if (!missing_.empty()) std::printf("\nskipped for want of an operator:\n");
  for (const auto& [op, cases] : missing_) std::printf("  %-40s %5d\n", op.c_str(), cases);
  const Count n = total();
  std::printf("\n%d passed (%d within the tolerance but inexact), %d failed, %d skipped\n",
              n.passed, n.inexact, n.failed, n.skipped);
}

}  // namespace pipit::test
