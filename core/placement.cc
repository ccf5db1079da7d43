// SPDX-License-Identifier: Apache-2.0
// Offline memory planning: interval placement with several greedy orders.
#include "core/placement.h"

#include <algorithm>

namespace pipit {
namespace {

bool overlap_in_time(const Block& a, const Block& b) {
  return a.first <= b.last && b.first <= a.last;
}

// The lowest of the smallest gaps between the placed blocks that are alive with `block`. `placed`
// is sorted by offset.
ByteCount best_gap(const Block& block, Span<const Block> blocks, Span<const uint16_t> placed) {
  ByteCount best = ByteCount::unbounded(), best_waste = ByteCount::unbounded(), end;
  for (const uint16_t i : placed) {
    const Block& other = blocks[i];
    if (!overlap_in_time(block, other)) continue;
    if (other.offset >= end + block.bytes && other.offset - end - block.bytes < best_waste) {
      best = end;
      best_waste = other.offset - end - block.bytes;
    }
    end = std::max(end, other.offset + other.bytes);
  }
  return best.bounded() ? best : end;
}

// The lowest offset from `at` on where the block meets none that is placed.
ByteCount lowest_gap(const Block& block, ByteCount at, Span<const Block> blocks,
                     Span<const uint16_t> placed) {
  for (const uint16_t i : placed) {
    const Block& other = blocks[i];
    const bool meets = other.offset < at + block.bytes && at < other.offset + other.bytes;
    if (meets && overlap_in_time(block, other)) at = other.offset + other.bytes;
  }
  return at;
}

// A block and those over it as one.
Block joined(int32_t index, Span<const Block> blocks, Span<const int32_t> rider) {
  Block all = blocks[static_cast<size_t>(index)];
  for (int32_t i = index; i >= 0; i = rider[static_cast<size_t>(i)]) {
    const Block& b = blocks[static_cast<size_t>(i)];
    all.bytes = std::max(all.bytes, b.bytes);
    all.last = std::max(all.last, b.last);
  }
  return all;
}

// The lowest offset at which a block and those over it fit.
ByteCount common_gap(int32_t index, Span<const Block> blocks, Span<const int32_t> rider,
                     Span<const uint16_t> placed) {
  constexpr int kPasses = 16;  // then above all
  ByteCount at;
  for (int pass = 0; pass < kPasses; ++pass) {
    const ByteCount from = at;
    for (int32_t i = index; i >= 0; i = rider[static_cast<size_t>(i)]) {
      at = lowest_gap(blocks[static_cast<size_t>(i)], at, blocks, placed);
    }
    if (at == from) return at;
  }
  for (const uint16_t i : placed) {
    const Block& other = blocks[i];
    at = std::max(at, other.offset + other.bytes);
  }
  return at;
}

// Places all blocks, of which `order` has those that are over no other; returns the end of the
// highest. `rider` names the block over each, or -1: it shares its gap, or a gap that is wide
// enough for both all the time.
ByteCount place_in_order(Span<Block> blocks, Span<const uint16_t> order, Span<const int32_t> rider,
                         bool join, Span<uint16_t> placed) {
  const Span<const Block> all = {blocks.data(), blocks.size()};
  ByteCount total;
  size_t count = 0;
  for (const uint16_t first : order) {
    const Span<const uint16_t> before = {placed.data(), count};
    const bool alone = join || rider[first] < 0;
    const ByteCount offset = alone ? best_gap(joined(first, all, rider), all, before)
                                   : common_gap(first, all, rider, before);
    for (int32_t i = first; i >= 0; i = rider[static_cast<size_t>(i)]) {
      Block& block = blocks[static_cast<size_t>(i)];
      block.offset = offset;
      total = std::max(total, block.offset + block.bytes);
      size_t at = count++;
      for (; at > 0 && blocks[placed[at - 1]].offset > block.offset; --at) {
        placed[at] = placed[at - 1];
      }
      placed[at] = static_cast<uint16_t>(i);
    }
  }
  return total;
}

ByteCount area(const Block& b) { return b.bytes * (int64_t{b.last} - b.first + 1); }

using Before = bool (*)(const Block&, const Block&);

// The orders in which greedy placement is tried.
constexpr Before kOrders[] = {
    [](const Block& a, const Block& b) { return a.bytes > b.bytes; },
    [](const Block& a, const Block& b) { return area(a) > area(b); },
    [](const Block& a, const Block& b) {
      return a.first != b.first ? a.first < b.first : a.bytes > b.bytes;
    },
    [](const Block& a, const Block& b) {
      return a.last - a.first != b.last - b.first ? a.last - a.first > b.last - b.first
                                                  : a.bytes > b.bytes;
    },
};

// Tries orders of the blocks that are over no other, and keeps the best places that one has led to.
struct OrderSearch {
  Span<Block> blocks;
  ByteCount lower_bound;
  size_t roots = 0;
  uint16_t* order = nullptr;
  uint16_t* best_order = nullptr;
  uint16_t* placed = nullptr;
  int32_t* rider = nullptr;  // the block over each, or -1
  ByteCount* best = nullptr;
  ByteCount total = ByteCount::unbounded();

  bool prepare(Arena& arena) {
    const size_t n = blocks.size();
    order = arena.temporary_array<uint16_t>(n);
    best_order = arena.temporary_array<uint16_t>(n);
    placed = arena.temporary_array<uint16_t>(n);
    rider = arena.temporary_array<int32_t>(n);
    best = arena.temporary_array<ByteCount>(n);
    if (!order || !best_order || !placed || !rider || !best) return false;
    std::fill_n(rider, n, -1);
    for (size_t i = 0; i < n; ++i) {
      if (blocks[i].over >= 0) rider[blocks[i].over] = static_cast<int32_t>(i);
      if (blocks[i].over < 0) order[roots++] = static_cast<uint16_t>(i);
    }
    return true;
  }

  bool done() const { return total == lower_bound; }
  bool any_over() const { return roots != blocks.size(); }

  Block whole(uint16_t root) const {
    return joined(root, {blocks.data(), blocks.size()}, {rider, blocks.size()});
  }

  // Orders as good as the best replace it, so that a search goes on from there.
  bool try_order() {
    const size_t n = blocks.size();
    bool good = false;
    for (const bool join : {false, true}) {
      if (join && (done() || !any_over())) break;
      const ByteCount reached =
          place_in_order(blocks, {order, roots}, {rider, n}, join, {placed, n});
      if (reached > total) continue;
      total = reached;
      for (size_t i = 0; i < n; ++i) best[i] = blocks[i].offset;
      good = true;
    }
    if (!good) return false;
    std::copy_n(order, roots, best_order);
    take_best();
    return true;
  }

  void take_best() {
    std::copy_n(best_order, roots, order);
    for (size_t i = 0; i < blocks.size(); ++i) blocks[i].offset = best[i];
  }

  void try_sorted(Before before) {
    std::sort(order, order + roots, [&](uint16_t a, uint16_t b) {
      const Block x = whole(a), y = whole(b);
      return before(x, y) || (!before(y, x) && a < b);
    });
    (void)try_order();
  }

  // The place in the order of the block that ends highest.
  size_t highest() const {
    size_t at = 0;
    ByteCount end;
    for (size_t i = 0; i < roots; ++i) {
      const ByteCount its_end = blocks[order[i]].offset + whole(order[i]).bytes;
      if (its_end <= end) continue;
      end = its_end;
      at = i;
    }
    return at;
  }

  // What sticks out is placed earlier: somewhere in front of where it was, the same in each plan.
  void improve(uint64_t* pairs) {
    const uint64_t n = blocks.size();
    uint32_t random = 1;
    for (uint32_t tries = 0; *pairs >= n * n && !done(); ++tries) {
      *pairs -= n * n;
      const size_t at = highest();
      if (at == 0) return;
      random = random * 1664525 + 1013904223;
      const size_t to = (random >> 16) % at;
      std::rotate(order + to, order + at, order + at + 1);
      if (try_order()) continue;
      if (tries % 4 != 3) continue;  // a few worse orders may lead to a better one
      take_best();
    }
  }
};

bool place_exact(Span<Block> blocks, Arena& arena, uint64_t* pairs, Placement* result) {
  OrderSearch search;
  search.blocks = blocks;
  search.lower_bound = result->lower_bound;
  if (!search.prepare(arena)) return false;
  for (const Before before : kOrders) {
    if (!search.done()) search.try_sorted(before);
  }
  search.take_best();
  search.improve(pairs);
  search.take_best();
  result->bytes = search.total;
  return true;
}

// Linear: blocks in order of their first step take a free slot of their size class (a power of two)
// or a new one; slots return to their class after the last step.
struct SlotPlanner {
  static constexpr int kClasses = 64;
  Span<Block> blocks;
  int32_t* next = nullptr;  // chains of blocks by first step, by last step, and of free slots
  int32_t* next_free = nullptr;
  int32_t* starts = nullptr;  // first block of the chain that starts at a step
  int32_t* ends = nullptr;    // first block of the chain that ends at a step
  int32_t* next_end = nullptr;
  int32_t free_slots[kClasses];
  ByteCount top;

  static ByteCount slot_bytes(int c) { return uint64_t{1} << c; }
  static int class_of(ByteCount bytes) {
    int c = 4;
    while (slot_bytes(c) < bytes) ++c;
    return c;
  }

  bool prepare(int32_t steps, Arena& arena) {
    const size_t n = blocks.size();
    next = arena.temporary_array<int32_t>(n);
    next_end = arena.temporary_array<int32_t>(n);
    next_free = arena.temporary_array<int32_t>(n);
    starts = arena.temporary_array<int32_t>(static_cast<size_t>(steps));
    ends = arena.temporary_array<int32_t>(static_cast<size_t>(steps));
    if (!next || !next_end || !next_free || !starts || !ends) return false;
    std::fill(starts, starts + steps, -1);
    std::fill(ends, ends + steps, -1);
    std::fill(free_slots, free_slots + kClasses, -1);
    for (size_t i = n; i-- > 0;) {
      next[i] = starts[blocks[i].first];
      starts[blocks[i].first] = static_cast<int32_t>(i);
      next_end[i] = ends[blocks[i].last];
      ends[blocks[i].last] = static_cast<int32_t>(i);
    }
    return true;
  }

  void start(int32_t i) {
    Block& block = blocks[static_cast<size_t>(i)];
    const int c = class_of(block.bytes);
    const int32_t slot = free_slots[c];
    if (slot >= 0) {
      free_slots[c] = next_free[slot];
      block.offset = blocks[static_cast<size_t>(slot)].offset;
    } else {
      block.offset = top;
      top += slot_bytes(c);
    }
  }

  void run(int32_t steps) {
    for (int32_t step = 0; step < steps; ++step) {
      for (int32_t i = starts[step]; i >= 0; i = next[i]) start(i);
      for (int32_t i = ends[step]; i >= 0; i = next_end[i]) {
        const int c = class_of(blocks[static_cast<size_t>(i)].bytes);
        next_free[i] = free_slots[c];
        free_slots[c] = i;
      }
    }
  }
};

bool find_lower_bound(Span<const Block> blocks, int32_t steps, Arena& arena, ByteCount* bound) {
  int64_t* change = arena.temporary_array<int64_t>(static_cast<size_t>(steps) + 1);
  if (change == nullptr) return false;
  std::fill(change, change + steps + 1, 0);
  for (const Block& b : blocks) {
    // What is over another is counted when that is gone.
    change[b.first + (b.over >= 0 ? 1 : 0)] += static_cast<int64_t>(b.bytes.value());
    change[b.last + 1] -= static_cast<int64_t>(b.bytes.value());
  }
  int64_t alive = 0, most = 0;
  for (int32_t i = 0; i < steps; ++i) most = std::max(most, alive += change[i]);
  *bound = most;
  return true;
}

// The sum of all is below this, so sums of some are in the range of int64_t, and no power of two
// that holds one of them is out of the range of uint64_t.
constexpr ByteCount kMostPlaced = uint64_t{1} << 62;

// Returns the sum of the sizes.
ByteCount align_sizes(Span<Block> blocks) {
  ByteCount sum;
  for (Block& b : blocks) sum += b.bytes = b.bytes.aligned(kArenaAlign);
  return sum;
}

}  // namespace

bool place(Span<Block> blocks, int32_t steps, Arena& arena, uint64_t* pairs, Placement* result) {
  *result = {};
  if (blocks.empty()) return true;
  if (align_sizes(blocks) > kMostPlaced) {
    *result = {ByteCount::unbounded(), ByteCount::unbounded()};
    return true;
  }
  const size_t mark = arena.temporary_mark();
  bool enough =
      find_lower_bound({blocks.data(), blocks.size()}, steps, arena, &result->lower_bound);
  if (enough && blocks.size() <= kExactBlocks) {
    enough = place_exact(blocks, arena, pairs, result);
  } else if (enough) {
    SlotPlanner slots;
    slots.blocks = blocks;
    enough = slots.prepare(steps, arena);
    if (enough) slots.run(steps);
    result->bytes = slots.top;
  }
  arena.release_temporary(mark);
  return enough;
}

}  // namespace pipit
