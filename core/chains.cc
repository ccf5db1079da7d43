// SPDX-License-Identifier: Apache-2.0
// A chain: its links, how many rows it keeps of what, and how it runs.
#include "core/chains.h"

#include <algorithm>
#include <cstring>

#include "core/chain_walk.h"

namespace pipit {
namespace {

// What a call computes: its window, the weights and the result should fit a small first-level
// cache.
constexpr int32_t kBandBytes = 6 << 10;
// The more bands there are, the less of each tensor exists at a time.
constexpr int32_t kBands = 12;
// Bands of the last link after which an estimate has seen how much its rings hold.
constexpr int32_t kEstimateBands = 2;

int32_t rows_of(const Tensor& t) { return t.shape[1]; }

// Which link of the chain computes the tensor.
int32_t source_of(const Chain& c, const Tensor* t) {
  for (int32_t i = c.count; i-- > 0;) {
    if (&c.links[i].step.output(0) == t) return i;
  }
  return -1;
}

void add_link(Chain& c, const Step& step, RowsFn rows) {
  Link& link = c.links[c.count];
  link = Link();
  link.step = step;
  link.rows = rows(step);
  const Tensor& out = step.output(0);
  link.out_rows = rows_of(out);
  link.row_bytes = static_cast<int32_t>(out.bytes / static_cast<size_t>(link.out_rows));
  for (int k = 0; k < link.rows.inputs; ++k) {
    link.in_rows[k] = rows_of(step.input(k));
    const int32_t source = link.source[k] = source_of(c, &step.input(k));
    if (source < 0 || (k == 1 && source == link.source[0])) continue;
    Link& from = c.links[source];
    const RowsPlan& r = link.rows;
    from.skips |= r.reads != nullptr || r.stride > int64_t{r.taps - 1} * r.dilation + 1;
    from.readers[from.reader_count++] = c.count;
  }
  ++c.count;
}

// A link computes no more rows than its readers want: they ask for as many as it should compute.
void find_least(Chain& c) {
  for (int32_t i = 0; i < c.count; ++i) {
    Link& link = c.links[i];
    link.least = std::min(std::max(link.least, link.rows.least), link.out_rows);
    for (int32_t r = 0; r < link.reader_count; ++r) {
      Link& reader = c.links[link.readers[r]];
      reader.least = std::max(reader.least, (link.least - 1) / reader.rows.stride + 1);
    }
  }
}

// As many rows as a reader wants at a time, if they are not too large.
void choose_bands(Chain& c, int32_t asked) {
  for (int32_t i = c.count; i-- > 0;) {
    Link& link = c.links[i];
    const bool last = i == c.count - 1;
    if (last && asked > 0) {
      link.band = std::min(asked, link.out_rows);
      continue;
    }
    int32_t wanted = last ? std::max(link.out_rows / kBands, 1) : 1;
    for (int32_t r = 0; r < link.reader_count; ++r) {
      const Link& reader = c.links[link.readers[r]];
      const int64_t rows = int64_t{reader.band} * reader.rows.stride;
      wanted = std::max(wanted, static_cast<int32_t>(std::min<int64_t>(rows, link.out_rows)));
    }
    const int32_t fit = asked > 0 ? wanted : kBandBytes / std::max(link.row_bytes, 1);
    link.band = std::max(std::clamp(fit, 1, wanted), link.least);
  }
}

// Walks a share, and finds what its rings and operators need.
void measure_share(State& state, Chain& c, Part rows, Measure measure, ByteCount* scratch) {
  if (measure == Measure::kEstimate) {
    const int64_t seen = int64_t{kEstimateBands} * c.links[c.count - 1].band;
    rows.count = static_cast<int32_t>(std::min<int64_t>(rows.count, seen));
  }
  ChainWalk walk(c, rows);
  int32_t i = 0;
  for (Part part; !looked_enough(state, measure) && walk.next(&i, &part);) {
    ++state.chain_looks;
    Link& link = c.links[i];
    if (i != c.count - 1) {
      walk.forget(i);
      link.capacity = std::max(link.capacity, part.first + part.count - walk.kept(i));
    }
    if (link.rows.scratch != nullptr) {
      *scratch = std::max(*scratch, link.rows.scratch(link.step, part));
    }
    c.computed_rows += part.count;
    walk.made(i, part);
  }
}

int64_t rows_without_shares(State& state, const Chain& c) {
  ChainWalk walk(c, {0, c.links[c.count - 1].out_rows});
  int64_t rows = 0;
  int32_t i = 0;
  for (Part part; !looked_enough(state, Measure::kExact) && walk.next(&i, &part);) {
    ++state.chain_looks;
    rows += part.count;
    walk.made(i, part);
  }
  return rows;
}

void lay_out(Chain& c, ByteCount scratch) {
  ByteCount bytes;
  for (int32_t i = 0; i < c.count - 1; ++i) {
    Link& link = c.links[i];
    link.ring = bytes.size();
    bytes += (ByteCount(link.capacity) * link.row_bytes).aligned(kArenaAlign);
  }
  for (int32_t i = 0; i < c.count; ++i) {
    c.links[i].kept = c.kept_bytes.size();
    c.kept_bytes += c.links[i].rows.kept.aligned(kArenaAlign);
  }
  c.scratch = bytes.size();
  c.share_bytes = bytes + scratch.aligned(kArenaAlign);
}

}  // namespace

Chain make_chain(State& state, const Graph& graph, const Planning& planning, int32_t from,
                 int32_t end, Measure measure, Link* links) {
  constexpr int32_t kLeastRows = 4;  // of a share: each begins with rows that another computes too
  Chain c;
  c.graph = &graph;
  c.links = links;
  for (int32_t s = from; s < end; ++s) add_link(c, graph.steps[s], planning.rows[s]);
  // Whoever bounds memory takes thinner bands, and the time that they cost.
  if (state.options.max_activation_bytes == 0 && state.options.band_rows == 0) find_least(c);
  choose_bands(c, state.options.band_rows);
  const int32_t threads = sharing_of(state.options).threads;
  c.shares = std::clamp(c.links[c.count - 1].out_rows / kLeastRows, 1, threads);
  ByteCount scratch;
  const int32_t shares = measure == Measure::kEstimate ? 1 : c.shares;
  for (int32_t i = 0; i < shares; ++i) measure_share(state, c, c.share(i), measure, &scratch);
  if (shares > 1) c.repeated_rows = c.computed_rows - rows_without_shares(state, c);
  lay_out(c, scratch);
  if (looked_enough(state, measure)) c.share_bytes = ByteCount::unbounded();
  return c;
}

namespace {

Band input_band(const Chain& c, const Link& link, int k, const ChainWalk& walk, uint8_t* memory) {
  const int32_t source = link.source[k];
  if (source < 0) return {link.step.input(k).as<uint8_t>(), 0};
  return {memory + c.links[source].ring, walk.kept(source)};
}

// The ring of a link with room for these rows.
Band output_band(const Link& link, int32_t i, const Part& rows, ChainWalk& walk, uint8_t* memory) {
  uint8_t* ring = memory + link.ring;
  const int32_t kept = walk.kept(i);
  if (rows.first + rows.count - kept <= link.capacity) return {ring, kept};
  const auto row = static_cast<size_t>(link.row_bytes);
  const auto gone = static_cast<size_t>(walk.forget(i));
  const auto left = static_cast<size_t>(rows.first - walk.kept(i));
  std::memmove(ring, ring + gone * row, left * row);
  return {ring, walk.kept(i)};
}

void run_share(const Chain& c, const Part& part, const uint8_t* kept, uint8_t* memory) {
  ChainWalk walk(c, part);
  int32_t i = 0;
  RowsCall call;
  call.scratch = memory + c.scratch;
  while (walk.next(&i, &call.rows)) {
    const Link& link = c.links[i];
    const bool last = i == c.count - 1;
    call.out = last ? Band{link.step.output(0).as<uint8_t>(), 0}
                    : output_band(link, i, call.rows, walk, memory);
    for (int k = 0; k < link.rows.inputs; ++k) call.in[k] = input_band(c, link, k, walk, memory);
    call.kept = link.rows.begin != nullptr ? kept + link.kept : nullptr;
    link.rows.run(link.step, call);
    walk.made(i, call.rows);
  }
}

}  // namespace

Status run_chain(const Step& step, Run& run) {
  const Chain& c = *step.params<Chain>();
  uint8_t* kept = step.scratch;
  uint8_t* shares = kept + c.kept_bytes.size();
  for (int32_t i = 0; i < c.count; ++i) {
    const Link& link = c.links[i];
    if (link.rows.begin != nullptr) link.rows.begin(link.step, kept + link.kept);
  }
  run.for_each_share(c.shares, [&](int32_t share) {
    run_share(c, c.share(share), kept, shares + (c.share_bytes * share).size());
  });
  return {};
}

}  // namespace pipit
