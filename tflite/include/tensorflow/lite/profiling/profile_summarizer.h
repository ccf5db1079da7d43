// SPDX-License-Identifier: Apache-2.0
// Tables of what operators took, by node and by kind.
#pragma once

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/lite/interpreter.h"
#include "tensorflow/lite/profiling/profile_buffer.h"

namespace tflite {
namespace profiling {

class ProfileSummarizer {
 public:
  // Adds to what earlier calls brought.
  void ProcessProfiles(const std::vector<const ProfileEvent*>& profile_stats,
                       const tflite::Interpreter& interpreter) {
    for (const ProfileEvent* event : profile_stats) {
      if (event->event_type != ProfileEvent::EventType::OPERATOR_INVOKE_EVENT) continue;
      Row& row = rows_[{event->extra_event_metadata, event->event_metadata}];
      if (row.times++ == 0) {
        row.kind = event->tag;
        row.name = output_of(interpreter, *event);
      }
      row.us += static_cast<double>(event->elapsed_time);
    }
  }
  bool HasProfiles() const { return !rows_.empty(); }

  std::string GetOutputString() const {
    std::vector<Row> all, kinds = by_kind();
    for (const auto& row : rows_) all.push_back(row.second);
    std::string text = table("Run Order", all);
    const auto longer = [](const Row& a, const Row& b) { return a.us > b.us; };
    std::stable_sort(all.begin(), all.end(), longer);
    if (all.size() > kTop) all.resize(kTop);
    text += table("Top by Computation Time", all);
    std::stable_sort(kinds.begin(), kinds.end(), longer);
    return text + table("Summary by node type", kinds) + GetShortSummary();
  }
  std::string GetShortSummary() const {
    char line[80];
    std::snprintf(line, sizeof(line), "%zu nodes observed, %.3f ms in all\n", rows_.size(),
                  total() / 1000);
    return line;
  }

 private:
  static constexpr size_t kTop = 10;
  struct Row {
    std::string kind, name;
    double us = 0;
    int64_t times = 0;
  };

  // The name of the node's first output, by which people know it.
  static std::string output_of(const tflite::Interpreter& interpreter, const ProfileEvent& event) {
    const Subgraph* graph = interpreter.subgraph(static_cast<int>(event.extra_event_metadata));
    if (graph == nullptr) return "";
    const auto* node = graph->node_and_registration(static_cast<int>(event.event_metadata));
    if (node == nullptr || node->first.outputs->size == 0) return "";
    const TfLiteTensor* t = graph->tensor(node->first.outputs->data[0]);
    return t == nullptr || t->name == nullptr ? "" : t->name;
  }
  std::vector<Row> by_kind() const {
    std::map<std::string, Row> kinds;
    for (const auto& place : rows_) {
      const Row& row = place.second;
      Row& kind = kinds[row.kind];
      kind.kind = row.kind;
      kind.us += row.us;
      kind.times += row.times;
    }
    std::vector<Row> list;
    for (const auto& kind : kinds) list.push_back(kind.second);
    return list;
  }
  double total() const {
    double us = 0;
    for (const auto& row : rows_) us += row.second.us;
    return us;
  }
  std::string table(const std::string& title, const std::vector<Row>& rows) const {
    std::string text = "============================== " + title +
                       " ==============================\n\t             [node type]\t  [avg ms]"
                       "\t     [%]\t  [cdf%]\t[times called]\t[Name]\n";
    double sum = 0;
    const double all = std::max(total(), 1.0);
    for (const Row& row : rows) {
      sum += row.us;
      char line[160];
      std::snprintf(line, sizeof(line), "\t%24.24s\t%10.3f\t%7.3f%%\t%7.3f%%\t%14lld\t",
                    row.kind.c_str(), row.us / 1000 / static_cast<double>(row.times),
                    100 * row.us / all, 100 * sum / all, static_cast<long long>(row.times));
      text += line + (row.name.empty() ? "" : "[" + row.name + "]") + "\n";
    }
    return text + "\n";
  }

  std::map<std::pair<int64_t, int64_t>, Row> rows_;  // by subgraph and node
};

}  // namespace profiling
}  // namespace tflite
