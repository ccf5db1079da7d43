// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/bench_report.h"
#include "tools/bench/provenance.h"
#include "tools/bench/times_report.h"
#include "tools/bench/trust.h"
#include "tools/costs.h"
#include "tools/digest.h"
#include "tools/format.h"

namespace pipit::tools {
namespace {

// Of very many times, some, spread evenly.
Json samples_json(const Times& times) {
  constexpr size_t kMost = 10'000;
  const size_t step = times.kept().size() / kMost + 1;
  Json list = Json::array();
  for (size_t i = 0; i < times.kept().size(); i += step) list.push_back(times.kept()[i]);
  return list;
}

Json or_null(double value) { return value > 0 ? Json(value) : Json(); }

Json step_json(const Measurement& m, const Board& board, const MeasuredStep& s) {
  Json json = {{"subgraph", s.subgraph},
               {"node", s.node},
               {"op", printable(s.op)},
               {"variant", s.variant},
               {"name", s.name},
               {"runs", s.runs},
               {"us", s.us},
               {"first_us", s.first_us},
               {"start_us", s.start_us}};
  json.update(cost_json(s.cost));
  json["macs_per_second"] = rate(static_cast<double>(s.cost.multiply_adds), s.us);
  json["bytes_per_second"] = rate(static_cast<double>(s.cost.bytes()), s.us);
  json["share_of_peak"] = or_null(share_of_peak(m, board, s.least_cycles, s.us));
  if (s.links.empty()) return json;
  json["operators"] = Json::array();
  for (const MeasuredLink& link : s.links) {
    Json entry = {{"node", link.node}, {"op", printable(link.op)}};
    entry.update(cost_json(link.cost));
    json["operators"].push_back(std::move(entry));
  }
  return json;
}

Json board_json(const Measurement& m) {
  const Meanwhile all = meanwhile(m);
  const auto range = [](const Range& r) { return r.any ? Json{r.low, r.high} : Json(); };
  return {{"before", state_json(m.before)},
          {"meanwhile",
           {{"clock_hz", range(all.clock)},
            {"mean_clock_hz", m.clock_hz ? Json(*m.clock_hz) : Json()},
            {"celsius", range(all.celsius)},
            {"throttled", all.throttling_known ? Json(all.throttled) : Json()}}},
          {"after", state_json(m.after)}};
}

Json memory_json(const Measurement& m) {
  Json json = {
      {"file_mapped_bytes", m.file_bytes},         {"arena_given_bytes", m.arena_bytes},
      {"resident_start_bytes", m.start_bytes},     {"resident_planned_bytes", m.planned_bytes},
      {"resident_end_bytes", m.end_bytes},         {"resident_peak_bytes", m.peak_bytes},
      {"minor_page_faults", m.usage.minor_faults}, {"major_page_faults", m.usage.major_faults}};
  add_memory(m.plan, &json);
  return json;
}

Json counters_json(const Measurement& m) {
  if (m.counts.empty()) return {{"available", false}, {"refusal", m.no_counts}};
  Json json = {{"available", true}};
  for (const Count& count : m.counts) json[count.name] = count.value;
  return json;
}

Json result_json(const Measurement& m, const Board& board) {
  const double us = median_us(m);
  Json json = {{"threads", m.threads},
               {"load_us", m.load_us},
               {"plan_us", m.plan_us},
               {"first_us", m.warmup.empty() ? m.times.first() : m.warmup.first()},
               {"warmup", times_json(m.warmup)},
               {"times", times_json(m.times)},
               {"samples_us", samples_json(m.times)}};
  json.update(cost_json(m.cost));
  json["macs_per_second"] = rate(static_cast<double>(m.cost.multiply_adds), us);
  json["bytes_per_second"] = rate(static_cast<double>(m.cost.bytes()), us);
  json["share_of_peak"] = or_null(share_of_peak(m, board, m.least_cycles, us));
  json["memory"] = memory_json(m);
  json["preemptions"] = m.usage.preemptions;
  json["cpu_seconds"] = m.usage.cpu_seconds;
  json["counters"] = counters_json(m);
  json["board"] = board_json(m);
  json["outputs"] = Json::array();
  for (const MeasuredOutput& o : m.outputs) {
    json["outputs"].push_back({{"name", o.name},
                               {"type", o.type},
                               {"shape", o.shape},
                               {"bytes", o.bytes},
                               {"crc32", hex(o.crc)}});
  }
  json["operators"] = Json::array();
  for (const MeasuredStep& s : m.steps) json["operators"].push_back(step_json(m, board, s));
  json["warnings"] = warnings(m, board);
  return json;
}

}  // namespace

Json bench_json(const BenchSubject& subject, const Board& board,
                const std::vector<Measurement>& measurements) {
  Json json = {{"format", kBenchFormat},
               {"format_version", 1},
               {"model", subject.model},
               {"model_bytes", subject.model_bytes},
               {"model_sha256", subject.sha256},
               {"build",
                {{"version", version()},
                 {"compiler", compiler()},
                 {"flags", compiler_flags()},
                 {"target", target()},
                 {"isa", subject.isa}}},
               {"board", board.json()},
               {"results", Json::array()}};
  for (const Measurement& m : measurements) json["results"].push_back(result_json(m, board));
  return json;
}

}  // namespace pipit::tools
