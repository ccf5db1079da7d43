// SPDX-License-Identifier: Apache-2.0
// Counts outcomes and prints them: failures at once, a table at the end.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/conformance/run_case.h"

namespace pipit::test {

struct Count {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  int inexact = 0;  // of those that passed: within a tolerance, but not equal

  void add(const Count& o);
};

class Report {
 public:
  // Prints the case if it failed. `group` is the row it counts in.
  void add(const std::string& group, const Case& c, const Outcome& outcome);

  // The table of all groups, what was skipped for, and the totals.
  void print() const;
  Count total() const;

  // Writes as JSON: of each operator of this build the types that the models of passed cases give
  // it, with the kernels chosen; of each group the cases that passed.
  void write_operators(const std::string& file) const;

  // A line for each group: its name, and a number made of the outputs of its cases (not their
  // order). compare_results prints the groups that differ from such a file, and counts them.
  void write_results(const std::string& file) const;
  int compare_results(const std::string& file) const;

 private:
  std::map<std::string, Count> groups_;
  // operator -> types -> kernels
  std::map<std::string, std::map<std::string, std::set<std::string>>> used_;
  std::map<std::string, uint64_t> results_;
  std::map<std::string, int> missing_;  // operator -> cases that wait for it
};

}  // namespace pipit::test
