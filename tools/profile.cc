// SPDX-License-Identifier: Apache-2.0
#include "tools/profile.h"

#include <string>

namespace pipit::tools {

void Profile::begin() {
  ++inferences_;
  open_.clear();  // an inference that failed
  begun_ = Clock::now();
}

size_t Profile::row_of(const StepInfo& step) {
  const auto [at, is_new] = row_of_step_.try_emplace({step.subgraph, step.node}, rows_.size());
  if (is_new) rows_.push_back({step});
  return at->second;
}

void Profile::step(void* self, const StepInfo& step, bool begins) {
  auto& profile = *static_cast<Profile*>(self);
  const Clock::time_point now = Clock::now();
  if (!profile.open_.empty()) {
    profile.add_time(&profile.rows_[profile.open_.back()], now - profile.last_);
  }
  if (begins) {
    profile.open_.push_back(profile.row_of(step));
    Row& row = profile.rows_[profile.open_.back()];
    ++row.runs;
    if (row.last_inference != profile.inferences_) {
      row.start += now - profile.begun_;
      row.before = times_of(row);
      row.in_last = {};
    }
    row.last_inference = profile.inferences_;
  } else {
    profile.open_.pop_back();
  }
  profile.last_ = Clock::now();  // what this took is nobody's
}

void Profile::add_time(Row* row, Clock::duration time) const {
  row->time += time;
  row->in_last += time;
  if (inferences_ == 1) row->first += time;
}

Times Profile::times_of(const Row& row) {
  Times times = row.before;
  const std::chrono::duration<double, std::micro> last = row.in_last;
  if (row.last_inference != 0) times.add(last.count());
  return times;
}

double Profile::microseconds(Clock::duration time) const {
  const std::chrono::duration<double, std::micro> all = time;
  return all.count() / static_cast<double>(inferences_);
}

std::vector<ProfileRow> Profile::rows() const {
  std::vector<ProfileRow> rows;
  for (const Row& row : rows_) {
    const double first = std::chrono::duration<double, std::micro>(row.first).count();
    rows.push_back({row.step, static_cast<double>(row.runs) / static_cast<double>(inferences_),
                    microseconds(row.time), first, microseconds(row.start), times_of(row)});
  }
  return rows;
}

double Profile::total() const {
  double sum = 0;
  for (const Row& row : rows_) sum += microseconds(row.time);
  return sum;
}

std::string Profile::text() const {
  const double all = total();
  std::vector<std::vector<std::string>> cells = {{"step", "operator", "kernel", "runs", "us", "%"}};
  for (const Row& row : rows_) {
    const std::string graph = row.step.subgraph == 0 ? "" : std::to_string(row.step.subgraph) + ".";
    const double us = microseconds(row.time);
    cells.push_back({graph + std::to_string(row.step.node), row.step.op, row.step.variant,
                     number(static_cast<double>(row.runs) / static_cast<double>(inferences_)),
                     number(us, 4), number(all > 0 ? 100 * us / all : 0, 3)});
  }
  cells.push_back({"all", "", "", "", number(all, 4), ""});
  return table(cells, "  ");
}

Json Profile::json() const {
  Json list = Json::array();
  for (const Row& row : rows_) {
    list.push_back({{"subgraph", row.step.subgraph},
                    {"node", row.step.node},
                    {"op", row.step.op},
                    {"variant", row.step.variant},
                    {"runs", row.runs},
                    {"microseconds", microseconds(row.time)}});
  }
  return list;
}

}  // namespace pipit::tools
