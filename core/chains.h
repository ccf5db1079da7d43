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
  RowsPlan rows;
  int32_t source[2] = {-1, -1};  // the links that compute its inputs' rows; -1: a whole tensor
  int32_t in_rows[2] = {};
  int32_t readers[kMaxReaders] = {};
  int32_t reader_count = 0;
  int32_t out_rows = 0;
  int32_t row_bytes = 0;
  int32_t least = 1;     // rows of one call that it should compute
  int32_t band = 1;      // ...and computes at most
  int32_t capacity = 0;  // rows of its ring
  bool skips = false;    // there may be rows that nobody reads
  size_t ring = 0;       // its place in a share's memory
  size_t kept = 0;       // the place of what its calls share, in the chain's
};

struct Chain {
  const Graph* graph = nullptr;
  Chain* next = nullptr;  // of all graphs, in running order...
  int32_t index = 0;      // ...and its place there
  Link* links = nullptr;
  int32_t count = 0;
  int32_t shares = 1;    // of the rows of the last link; each has its own rings
  size_t scratch = 0;    // behind the rings of a share: what its operators use in turn
  ByteCount kept_bytes;  // in front of the shares' memory
  ByteCount share_bytes;
  int64_t computed_rows = 0;  // of all links...
  int64_t repeated_rows = 0;  // ...and how many of them another share computes, too

  ByteCount bytes() const { return kept_bytes + share_bytes * shares; }
  Part share(int32_t i) const { return part_of(links[count - 1].out_rows, 1, shares, i); }
};

// Joins steps of the graph into chains where that lowers the most bytes that are alive at a step.
Status form_chains(State& state, Graph& graph, const Planning& planning);

enum class Measure : bool { kExact, kEstimate };

// Whether so much has been looked at for chains that no more is. What the search leaves is for
// measuring those that it found.
inline bool looked_enough(const State& state, Measure measure) {
  const uint64_t most = most_looks(state.model.file().size());
  return state.chain_looks > (measure == Measure::kEstimate ? most / 2 : most);
}

// The chain of the steps [from, end), with the sizes that it takes; `links` has room for them. The
// estimate looks at its first rows only. Its size is unbounded when there are too many to look at.
Chain make_chain(State& state, const Graph& graph, const Planning& planning, int32_t from,
                 int32_t end, Measure measure, Link* links);

// The run function of a chain's step; its parameters are the chain.
Status run_chain(const Step& step, Run& run);

inline const Chain* chain_of(const Step& step) {
  return step.run == run_chain ? step.params<Chain>() : nullptr;
}

}  // namespace pipit
