// SPDX-License-Identifier: Apache-2.0
// Chains: operators that run together, some rows at a time, so that what one hands to the next
// never exists as a whole. See docs/architecture.md.
#pragma once

#include "core/limits.h"
#include "core/plan.h"

namespace pipit {

constexpr int32_t kMaxLinks = 32;
constexpr int32_t kMaxReaders = 4;  // of what a link computes, inside of the chain

// An operator of a chain. All but the last write into a ring: the rows from the first that a reader
// has yet to see to the last that is computed, in order. When it is full, they move to its start.
struct Link {
  Step step;
  void (*run)(const Step&, const RowsCall&) = nullptr;
  void (*begin)(const Step&, uint8_t* kept) = nullptr;
  int32_t source[2] = {-1, -1};  // the links that compute its inputs' rows; -1: a whole tensor
  int32_t row_bytes = 0;
  int32_t capacity = 0;  // rows of its ring
  size_t ring = 0;       // its place in a share's memory
  size_t kept = 0;       // the place of what its calls share, in the chain's
};

// Rows of a link's output that are computed together.
struct ChainCall {
  uint16_t link;
  uint16_t first, count;
  uint16_t kept;  // the first row that its ring has then
};
constexpr int32_t kMostChainRows = UINT16_MAX;  // of any tensor in a chain

struct Chain {
  const Graph* graph = nullptr;
  Chain* next = nullptr;  // of all graphs, in running order...
  int32_t index = 0;      // ...and its place there
  int32_t count = 0;
  Link* links = nullptr;
  const ChainCall* calls = nullptr;  // of all shares, one behind the other...
  const int32_t* ends = nullptr;     // ...each of them up to here
  int32_t shares = 1;                // of the rows of the last link; each has its own rings
  int32_t band = 1;                  // rows of the last link that are computed at a time
  size_t scratch = 0;                // behind the rings of a share: what its operators use in turn
  ByteCount kept_bytes;              // in front of the shares' memory
  ByteCount share_bytes;
  int64_t computed_rows = 0;  // of all links...
  int64_t repeated_rows = 0;  // ...and how many of them another share computes, too

  ByteCount bytes() const { return kept_bytes + share_bytes * shares; }
};

// ---- what planning knows beside

struct LinkPlan : Link {
  RowsPlan rows;
  int32_t in_rows[2] = {};
  int32_t readers[kMaxReaders] = {};
  int32_t reader_count = 0;
  int32_t out_rows = 0;
  int32_t least = 1;   // rows of one call that it should compute
  int32_t band = 1;    // ...and computes at most
  int32_t ahead = 0;   // rows that it computes before they are read, see ChainPlan::over
  bool skips = false;  // there may be rows that nobody reads
};

struct ChainPlan : Chain {
  LinkPlan* plans = nullptr;
  // What the output is written over, nullptr for nothing: links that read a row of it have done so
  // before that row is written.
  const Tensor* over = nullptr;
  int64_t call_count = 0;  // of all shares; in an estimate, about

  const LinkPlan& last() const { return plans[count - 1]; }
  Part share(int32_t i) const { return part_of(last().out_rows, 1, shares, i); }
  // What it keeps between invocations.
  ByteCount list_bytes() const {
    return ByteCount(call_count) * sizeof(ChainCall) + ByteCount(count) * sizeof(Link) +
           sizeof(Chain);
  }
};

// Joins steps of the graph into chains where that lowers the most bytes that are alive at a step.
Status form_chains(State& state, Graph& graph, const Planning& planning);

enum class Measure : bool { kExact, kEstimate };

// Whether so much has been looked at for chains that no more is. What the search leaves is for
// measuring those that it found.
inline bool looked_enough(const State& state, Measure measure) {
  const uint64_t most = most_looks(state.model.file().size());
  return state.chain_looks > (measure == Measure::kEstimate ? most / 8 : most);
}

// The steps of a chain, and a tensor whose bytes its output may take, if there is one.
struct ChainSteps {
  int32_t from = 0, end = 0;
  const Tensor* over = nullptr;
  int32_t thickness = 0;  // of bands: so many times RowsPlan::least rows, at least
};

// The chain of these steps, with the sizes that it takes; `links` has room for them. The estimate
// looks at its first rows only. Its size is unbounded when there are too many to look at.
ChainPlan make_chain(State& state, const Graph& graph, const Planning& planning,
                     const ChainSteps& steps, Measure measure, LinkPlan* links);

// The same as a chain that stays; nullptr when there is no memory for it.
Chain* keep_chain(State& state, const ChainPlan& plan);

// The run function of a chain's step; its parameters are the chain.
Status run_chain(const Step& step, Run& run);

inline const Chain* chain_of(const Step& step) {
  return step.run == run_chain ? step.params<Chain>() : nullptr;
}

}  // namespace pipit
