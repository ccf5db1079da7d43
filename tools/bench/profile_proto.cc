// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/profile_proto.h"

#include <cmath>
#include <cstring>
#include <map>

#include "pipit/details.h"
#include "tools/format.h"

namespace pipit::tools {
namespace {

// A message's fields, one after the other.
class Fields {
 public:
  void add(int field, const std::string& bytes) {
    key(field, 2);
    varint(bytes.size());
    bytes_ += bytes;
  }
  void add(int field, const Fields& message) { add(field, message.bytes_); }
  void add(int field, int64_t value) {
    key(field, 0);
    varint(static_cast<uint64_t>(value));
  }
  void add(int field, float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    key(field, 5);
    for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(bits >> shift & 255);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void key(int field, unsigned wire) { varint(static_cast<unsigned>(field) << 3 | wire); }
  void varint(uint64_t value) {
    for (; value >= 128; value >>= 7) bytes_ += static_cast<char>(value | 128);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

// OpProfilingStat
Fields statistics(const Times& t) {
  const double deviation = t.deviation();
  Fields fields;
  fields.add(1, int64_t{std::llround(t.first())});
  fields.add(2, int64_t{std::llround(t.last())});
  fields.add(3, int64_t{std::llround(t.mean())});
  fields.add(4, static_cast<float>(deviation));
  fields.add(5, static_cast<float>(deviation * deviation));
  fields.add(6, int64_t{std::llround(t.min())});
  fields.add(7, int64_t{std::llround(t.max())});
  fields.add(8, int64_t{std::llround(t.mean() * static_cast<double>(t.count()))});
  fields.add(9, t.count());
  return fields;
}

Times once(double value) {
  Times times(2);
  times.add(value);
  return times;
}

struct Row {
  std::string type, name;
  Times times;
  double kilobytes = 0, calls = 0;
};

// OpProfileData
Fields row_message(const Row& row, int64_t position) {
  Fields fields;
  fields.add(1, row.type);
  fields.add(2, statistics(row.times));
  fields.add(3, statistics(once(row.kilobytes)));
  fields.add(4, int64_t{std::llround(row.calls)});
  fields.add(5, row.name);
  fields.add(6, position);
  return fields;
}

// SubGraphProfilingData
Fields graph_message(const std::string& name, int subgraph, const std::vector<Row>& rows) {
  Fields fields;
  fields.add(1, name);
  fields.add(2, int64_t{subgraph});
  int64_t position = 0;
  for (const Row& row : rows) fields.add(3, row_message(row, position++));
  return fields;
}

}  // namespace

std::string profile_proto(const Session& session, const Measurement& m) {
  const auto name = [&](int g) { return printable(subgraph_name(session.model(), g)); };
  std::map<int, std::vector<Row>> graphs;
  for (const MeasuredStep& s : m.steps) {
    graphs[s.subgraph].push_back({printable(s.op), s.name, s.times, 0, s.runs});
  }
  const Row planning = {"AllocateTensors", "AllocateTensors/0", once(m.plan_us),
                        static_cast<double>(m.plan.arena_bytes) / 1000, 1};
  Fields beginning, runs, all;
  beginning.add(1, graph_message(name(0), 0, {planning}));
  for (const auto& [subgraph, rows] : graphs) {
    runs.add(1, graph_message(name(subgraph), subgraph, rows));
  }
  all.add(1, session.path());
  all.add(2, beginning);
  all.add(3, runs);
  return all.bytes();
}

}  // namespace pipit::tools
