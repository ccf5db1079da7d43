// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/times_report.h"

#include <cmath>
#include <utility>

namespace pipit::tools {

std::string duration(double us) {
  if (us >= 1e6) return number(us / 1e6, 4) + " s";
  if (us >= 1e3) return number(us / 1e3, 4) + " ms";
  return number(us, 4) + " us";
}

std::string micros(double us) {
  return us >= 1000 ? grouped(static_cast<uint64_t>(std::llround(us))) : number(us, 4);
}

std::string times_text(const Times& times) {
  if (times.empty()) return "nothing was run";
  const Sorted sorted(times.kept());
  const auto interval = sorted.median_interval();
  std::string text = "median " + duration(sorted.median());
  if (interval) {
    text += " (95 %: " + duration(interval->low) + " to " + duration(interval->high) + ")";
  }
  return text + ", p90 " + duration(sorted.quantile(0.9)) + ", p99 " +
         duration(sorted.quantile(0.99)) + "; " + grouped(static_cast<uint64_t>(times.count())) +
         (times.count() == 1 ? " run" : " runs");
}

Json times_json(const Times& times) {
  Json json = {{"count", times.count()}};
  if (times.empty()) return json;
  const Sorted sorted(times.kept());
  const auto interval = sorted.median_interval();
  json["first_us"] = times.first();
  json["min_us"] = times.min();
  json["max_us"] = times.max();
  json["mean_us"] = times.mean();
  json["std_us"] = times.deviation();
  for (const auto& [name, part] : {std::pair{"p5_us", 0.05},
                                   {"median_us", 0.5},
                                   {"p90_us", 0.9},
                                   {"p95_us", 0.95},
                                   {"p99_us", 0.99}}) {
    json[name] = sorted.quantile(part);
  }
  json["median_confidence_us"] = interval ? Json{interval->low, interval->high} : Json();
  return json;
}

}  // namespace pipit::tools
