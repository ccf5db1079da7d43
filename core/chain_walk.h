// SPDX-License-Identifier: Apache-2.0
// The order in which a share of a chain computes its rows, found when it is planned. It is pulled
// from the end: before a link computes some rows, those that it reads are computed, and no more of
// them. Nothing is computed twice within a share.
#pragma once

#include <algorithm>

#include "core/chains.h"

namespace pipit {

// The rows of input k that a link reads for `rows` of its output: at least one, even where all of
// the window lies outside.
inline Part rows_read(const LinkPlan& link, int k, const Part& rows) {
  const RowsPlan& p = link.rows;
  if (p.reads != nullptr) return p.reads(link.step, rows);
  const int64_t in = link.in_rows[k];
  const int64_t begin = int64_t{rows.first} * p.stride - p.pad;
  const int64_t end =
      begin + int64_t{rows.count - 1} * p.stride + int64_t{p.taps - 1} * p.dilation + 1;
  const int64_t first = std::clamp<int64_t>(begin, 0, in - 1);
  return {static_cast<int32_t>(first),
          static_cast<int32_t>(std::clamp<int64_t>(end - first, 1, in - first))};
}

class ChainWalk {
 public:
  // The rows `part` of the last link.
  ChainWalk(const ChainPlan& chain, const Part& part)
      : chain_(chain), last_(chain.count - 1), goal_(part.first + part.count) {
    at_[last_] = {part.first, 0};
    for (int32_t i = last_; i-- > 0;) at_[i].made = at_[i].kept = needed_from(i);
  }

  // The next link to run, and the rows that it is to compute; false when all are computed. Links
  // whose turn comes when others have computed rows for them wait.
  bool next(int32_t* link, Part* rows) {
    if (waiting_ == 0) {
      if (at_[last_].made == goal_) return false;
      wait(last_, goal_);
    }
    for (int32_t end = 0;;) {
      const Waiting& w = wait_[waiting_ - 1];
      const int32_t source = missing_source(w.link, w.rows, &end);
      if (source < 0) break;
      wait(source, end);
    }
    --waiting_;
    *link = wait_[waiting_].link;
    *rows = wait_[waiting_].rows;
    return true;
  }
  void made(int32_t link, const Part& rows) { at_[link].made = rows.first + rows.count; }

  // Up to which row the link has computed.
  int32_t end_of(int32_t link) const { return at_[link].made; }

  // The first row that the link's ring has.
  int32_t kept(int32_t link) const { return at_[link].kept; }
  // Forgets those that nobody needs any more; returns how many.
  int32_t forget(int32_t link) {
    const int32_t from = std::min(needed_from(link), at_[link].made);
    const int32_t n = from - at_[link].kept;
    at_[link].kept = from;
    return n;
  }

 private:
  struct Rows {
    int32_t made, kept;  // up to, and from
  };
  struct Waiting {
    int32_t link;
    Part rows;
  };

  // Some rows of the link, of those before `end`. The few that a first window reads beyond a band
  // are no call of their own.
  void wait(int32_t link, int32_t end) {
    const int32_t from = at_[link].made, left = end - from, band = chain_.plans[link].band;
    const int32_t few = link == last_ ? 0 : std::max(band / 2, 1);
    wait_[waiting_++] = {link, {from, left - few <= band ? left : band}};
  }

  // The first row of a link's output that is read for rows yet to come.
  int32_t needed_from(int32_t link) const {
    const LinkPlan& l = chain_.plans[link];
    int32_t from = l.out_rows;
    for (int32_t r = 0; r < l.reader_count; ++r) {
      const LinkPlan& reader = chain_.plans[l.readers[r]];
      const int32_t next = at_[l.readers[r]].made;
      if (next == reader.out_rows) continue;
      const int k = reader.source[0] == link ? 0 : 1;
      from = std::min(from, rows_read(reader, k, {next, 1}).first);
    }
    return from;
  }

  // The link whose rows are not there yet that `link` reads; *end: up to which.
  int32_t missing_source(int32_t link, const Part& rows, int32_t* end) {
    const LinkPlan& l = chain_.plans[link];
    for (int k = 0; k < l.rows.inputs; ++k) {
      const int32_t source = l.source[k];
      if (source < 0) continue;
      const Part read = rows_read(l, k, rows);
      const LinkPlan& from = chain_.plans[source];
      const int32_t wanted = std::min(read.first + read.count + from.ahead, from.out_rows);
      if (at_[source].made >= wanted) continue;
      if (from.skips) skip(source);
      *end = wanted;
      return source;
    }
    return -1;
  }

  // Rows that nobody reads are not computed.
  void skip(int32_t link) {
    Rows& at = at_[link];
    const int32_t from = needed_from(link);
    if (from > at.made) at = {from, from};
  }

  const ChainPlan& chain_;
  int32_t last_;
  int32_t goal_;
  Rows at_[kMaxLinks];
  Waiting wait_[kMaxLinks];
  int32_t waiting_ = 0;
};

}  // namespace pipit
