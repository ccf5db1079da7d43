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
constexpr int32_t kEstimateBands = 4;

int32_t rows_of(const Tensor& t) { return t.shape[1]; }

// Which link of the chain computes the tensor.
int32_t source_of(const ChainPlan& c, const Tensor* t) {
  for (int32_t i = c.count; i-- > 0;) {
    if (&c.plans[i].step.output(0) == t) return i;
  }
  return -1;
}

void add_link(ChainPlan& c, const Step& step, RowsFn rows) {
  LinkPlan& link = c.plans[c.count];
  link = LinkPlan();
  link.step = step;
  link.rows = rows(step);
  link.run = link.rows.run;
  link.begin = link.rows.begin;
  const Tensor& out = step.output(0);
  link.out_rows = rows_of(out);
  link.row_bytes = static_cast<int32_t>(out.bytes / static_cast<size_t>(link.out_rows));
  for (int k = 0; k < link.rows.inputs; ++k) {
    link.in_rows[k] = rows_of(step.input(k));
    const int32_t source = link.source[k] = source_of(c, &step.input(k));
    if (source < 0 || (k == 1 && source == link.source[0])) continue;
    LinkPlan& from = c.plans[source];
    const RowsPlan& r = link.rows;
    from.skips |= r.reads != nullptr || r.stride > int64_t{r.taps - 1} * r.dilation + 1;
    from.readers[from.reader_count++] = c.count;
  }
  ++c.count;
}

// A link computes no more rows than its readers want: they ask for as many as it should compute.
void find_least(ChainPlan& c, int32_t times) {
  for (int32_t i = 0; i < c.count; ++i) {
    LinkPlan& link = c.plans[i];
    const int64_t own = int64_t{link.rows.least} * times;
    link.least =
        static_cast<int32_t>(std::min(std::max<int64_t>(link.least, own), int64_t{link.out_rows}));
    for (int32_t r = 0; r < link.reader_count; ++r) {
      LinkPlan& reader = c.plans[link.readers[r]];
      reader.least = std::max(reader.least, (link.least - 1) / reader.rows.stride + 1);
    }
  }
}

// As many rows as a reader wants at a time, if they are not too large.
void choose_bands(ChainPlan& c, int32_t asked) {
  for (int32_t i = c.count; i-- > 0;) {
    LinkPlan& link = c.plans[i];
    const bool last = i == c.count - 1;
    if (last && asked > 0) {
      link.band = std::min(asked, link.out_rows);
      continue;
    }
    int32_t wanted = last ? std::max(link.out_rows / kBands, 1) : 1;
    for (int32_t r = 0; r < link.reader_count; ++r) {
      const LinkPlan& reader = c.plans[link.readers[r]];
      const int64_t rows = int64_t{reader.band} * reader.rows.stride;
      wanted = std::max(wanted, static_cast<int32_t>(std::min<int64_t>(rows, link.out_rows)));
    }
    const int32_t fit = asked > 0 ? wanted : kBandBytes / std::max(link.row_bytes, 1);
    link.band = std::max(std::clamp(fit, 1, wanted), link.least);
  }
}

// The rows of a share that are looked at.
Part seen_rows(const ChainPlan& c, Part rows, Measure measure) {
  if (measure == Measure::kExact) return rows;
  const int64_t seen = int64_t{kEstimateBands} * c.plans[c.count - 1].band;
  return {rows.first, static_cast<int32_t>(std::min<int64_t>(rows.count, seen))};
}

bool reads_whole(const LinkPlan& link, int k, const Tensor* t) {
  return link.source[k] < 0 && &link.step.input(k) == t;
}

// How many rows more a link must have computed before it needs none of the input's before `row`.
int32_t rows_behind(State& state, const LinkPlan& link, int k, int32_t end, int64_t row) {
  int32_t more = 0;
  for (; end + more < link.out_rows; ++more, ++state.chain_looks) {
    if (rows_read(link, k, {end + more, 1}).first >= row) break;
    if (looked_enough(state, Measure::kExact)) break;  // then there is no such chain
  }
  return more;
}

// What reads the tensor that the chain writes over goes ahead of the last link, as far as it must.
void find_ahead(State& state, ChainPlan& c, Measure measure) {
  const LinkPlan& last = c.plans[c.count - 1];
  const Tensor& over = *c.over;
  const auto over_row = static_cast<int64_t>(over.bytes / static_cast<size_t>(over.shape[1]));
  int32_t ahead[kMaxLinks] = {};
  ChainWalk walk(c, seen_rows(c, {0, last.out_rows}, measure));
  int32_t i = 0;
  for (Part part; !looked_enough(state, measure) && walk.next(&i, &part); walk.made(i, part)) {
    ++state.chain_looks;
    if (i != c.count - 1) continue;
    const int64_t written = int64_t{part.first + part.count} * last.row_bytes;
    for (int32_t j = 0; j < c.count - 1; ++j) {
      for (int k = 0; k < c.plans[j].rows.inputs; ++k) {
        if (!reads_whole(c.plans[j], k, &over)) continue;
        const int64_t row = (written - 1) / over_row + 1;
        ahead[j] = std::max(ahead[j], rows_behind(state, c.plans[j], k, walk.end_of(j), row));
      }
    }
  }
  ByteCount bytes;
  for (int32_t j = 0; j < c.count; ++j) bytes += ByteCount(ahead[j]) * c.plans[j].row_bytes;
  if (bytes >= last.step.output(0).bytes) c.over = nullptr;
  for (int32_t j = 0; j < c.count && c.over != nullptr; ++j) c.plans[j].ahead = ahead[j];
}

// Walks a share, and finds what its rings and operators need.
void measure_share(State& state, ChainPlan& c, const Part& rows, Measure measure,
                   ByteCount* scratch) {
  ChainWalk walk(c, seen_rows(c, rows, measure));
  int32_t i = 0;
  for (Part part; !looked_enough(state, measure) && walk.next(&i, &part);) {
    ++state.chain_looks;
    LinkPlan& link = c.plans[i];
    ++c.call_count;
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

int64_t rows_without_shares(State& state, const ChainPlan& c) {
  ChainWalk walk(c, {0, c.plans[c.count - 1].out_rows});
  int64_t rows = 0;
  int32_t i = 0;
  for (Part part; !looked_enough(state, Measure::kExact) && walk.next(&i, &part);) {
    ++state.chain_looks;
    rows += part.count;
    walk.made(i, part);
  }
  return rows;
}

void lay_out(ChainPlan& c, ByteCount scratch) {
  ByteCount bytes;
  for (int32_t i = 0; i < c.count - 1; ++i) {
    LinkPlan& link = c.plans[i];
    link.ring = bytes.size();
    bytes += (ByteCount(link.capacity) * link.row_bytes).aligned(kArenaAlign);
  }
  for (int32_t i = 0; i < c.count; ++i) {
    c.plans[i].kept = c.kept_bytes.size();
    c.kept_bytes += c.plans[i].rows.kept.aligned(kArenaAlign);
  }
  c.scratch = bytes.size();
  c.share_bytes = bytes + scratch.aligned(kArenaAlign);
}

int64_t about_calls(const ChainPlan& c) {
  int64_t calls = 0;
  for (int32_t i = 0; i < c.count; ++i) calls += (c.plans[i].out_rows - 1) / c.plans[i].band + 1;
  return calls;
}

bool countable_rows(const ChainPlan& c) {
  return std::all_of(c.plans, c.plans + c.count,
                     [](const LinkPlan& link) { return link.out_rows <= kMostChainRows; });
}

}  // namespace

ChainPlan make_chain(State& state, const Graph& graph, const Planning& planning,
                     const ChainSteps& steps, Measure measure, LinkPlan* links) {
  constexpr int32_t kLeastRows = 4;  // of a share: each begins with rows that another computes too
  ChainPlan c;
  c.graph = &graph;
  c.plans = links;
  for (int32_t s = steps.from; s < steps.end; ++s) {
    add_link(c, graph.steps[s], planning.rows[s]);
  }
  if (state.options.band_rows == 0) find_least(c, steps.thickness);
  choose_bands(c, state.options.band_rows);
  c.band = c.last().band;
  const int32_t threads = sharing_of(state.options).threads;
  c.shares = std::clamp(c.plans[c.count - 1].out_rows / kLeastRows, 1, threads);
  // Shares would write over what others have yet to read.
  if (c.shares == 1) c.over = steps.over;
  if (c.over != nullptr) find_ahead(state, c, measure);
  ByteCount scratch;
  const int32_t shares = measure == Measure::kEstimate ? 1 : c.shares;
  for (int32_t i = 0; i < shares; ++i) measure_share(state, c, c.share(i), measure, &scratch);
  if (shares > 1) c.repeated_rows = c.computed_rows - rows_without_shares(state, c);
  if (measure == Measure::kEstimate) c.call_count = about_calls(c);
  lay_out(c, scratch);
  if (looked_enough(state, measure) || !countable_rows(c)) c.share_bytes = ByteCount::unbounded();
  return c;
}

namespace {

// The calls of a share, in the order of its walk; a ring is looked at when it is full.
ChainCall* put_calls(const ChainPlan& c, const Part& part, ChainCall* to) {
  ChainWalk walk(c, part);
  int32_t i = 0;
  for (Part rows; walk.next(&i, &rows); walk.made(i, rows)) {
    const bool full = rows.first + rows.count - walk.kept(i) > c.plans[i].capacity;
    if (i != c.count - 1 && full) walk.forget(i);
    *to++ = {static_cast<uint16_t>(i), static_cast<uint16_t>(rows.first),
             static_cast<uint16_t>(rows.count), static_cast<uint16_t>(walk.kept(i))};
  }
  return to;
}

}  // namespace

Chain* keep_chain(State& state, const ChainPlan& plan) {
  Arena& pool = *state.pool;
  Chain* chain = pool.take_array<Chain>(1);
  Link* links = pool.take_array<Link>(static_cast<size_t>(plan.count));
  ChainCall* calls = pool.take_array<ChainCall>(static_cast<size_t>(plan.call_count));
  int32_t* ends = pool.take_array<int32_t>(static_cast<size_t>(plan.shares));
  if (!chain || !links || !calls || !ends) return nullptr;
  *chain = plan;
  std::copy_n(plan.plans, plan.count, links);
  ChainCall* end = calls;
  for (int32_t i = 0; i < plan.shares; ++i) {
    end = put_calls(plan, plan.share(i), end);
    ends[i] = static_cast<int32_t>(end - calls);
  }
  chain->links = links;
  chain->calls = calls;
  chain->ends = ends;
  return chain;
}

namespace {

// The rows that a ring has.
struct RingRows {
  int32_t first = 0, end = 0;
};

// Makes room for the rows of a call.
Band output_band(const Link& link, const ChainCall& call, RingRows* rows, uint8_t* memory) {
  uint8_t* ring = memory + link.ring;
  const auto row = static_cast<size_t>(link.row_bytes);
  if (call.kept != rows->first && call.kept < rows->end) {
    std::memmove(ring, ring + static_cast<size_t>(call.kept - rows->first) * row,
                 static_cast<size_t>(rows->end - call.kept) * row);
  }
  *rows = {call.kept, call.first + call.count};
  return {ring, call.kept};
}

void run_share(const Chain& c, const ChainCall* from, const ChainCall* end, const uint8_t* kept,
               uint8_t* memory) {
  RingRows rings[kMaxLinks];
  RowsCall call;
  call.scratch = memory + c.scratch;
  for (const ChainCall* now = from; now != end; ++now) {
    const Link& link = c.links[now->link];
    call.rows = {now->first, now->count};
    for (int k = 0; k < 2; ++k) {
      const int32_t source = link.source[k];
      if (source >= 0) {
        call.in[k] = {memory + c.links[source].ring, rings[source].first};
      } else if (link.step.has_input(k)) {
        call.in[k] = {link.step.input(k).as<uint8_t>(), 0};
      }
    }
    call.out = now->link == c.count - 1 ? Band{link.step.output(0).as<uint8_t>(), 0}
                                        : output_band(link, *now, &rings[now->link], memory);
    call.kept = link.begin != nullptr ? kept + link.kept : nullptr;
    link.run(link.step, call);
  }
}

}  // namespace

Status run_chain(const Step& step, Run& run) {
  const Chain& c = *step.params<Chain>();
  uint8_t* kept = step.scratch;
  uint8_t* shares = kept + c.kept_bytes.size();
  for (int32_t i = 0; i < c.count; ++i) {
    const Link& link = c.links[i];
    if (link.begin != nullptr) link.begin(link.step, kept + link.kept);
  }
  run.for_each_share(c.shares, [&](int32_t share) {
    const ChainCall* from = c.calls + (share == 0 ? 0 : c.ends[share - 1]);
    run_share(c, from, c.calls + c.ends[share], kept, shares + (c.share_bytes * share).size());
  });
  return {};
}

}  // namespace pipit
