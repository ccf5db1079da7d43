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
ByteCount best_gap(const Block& block, Span<const Block> blocks, Span<const int32_t> placed) {
  ByteCount best = ByteCount::unbounded(), best_waste = ByteCount::unbounded(), end;
  for (const int32_t i : placed) {
    const Block& other = blocks[static_cast<size_t>(i)];
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
                     Span<const int32_t> placed) {
  for (const int32_t i : placed) {
    const Block& other = blocks[static_cast<size_t>(i)];
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
                     Span<const int32_t> placed) {
  constexpr int kPasses = 16;  // then above all
  ByteCount at;
  for (int pass = 0; pass < kPasses; ++pass) {
    const ByteCount from = at;
    for (int32_t i = index; i >= 0; i = rider[static_cast<size_t>(i)]) {
      at = lowest_gap(blocks[static_cast<size_t>(i)], at, blocks, placed);
    }
    if (at == from) return at;
  }
  for (const int32_t i : placed) {
    const Block& other = blocks[static_cast<size_t>(i)];
    at = std::max(at, other.offset + other.bytes);
  }
  return at;
}

// Places all blocks in the given order; returns the end of the highest. `rider` names the block
// over each, or -1: it shares its gap, or a gap that is wide enough for both all the time.
ByteCount place_in_order(Span<Block> blocks, Span<const int32_t> order, Span<const int32_t> rider,
                         bool join, Span<int32_t> placed) {
  const Span<const Block> all = {blocks.data(), blocks.size()};
  ByteCount total;
  size_t count = 0;
  for (const int32_t first : order) {
    if (blocks[static_cast<size_t>(first)].over >= 0) continue;
    const Span<const int32_t> before = {placed.data(), count};
    const bool alone = join || rider[static_cast<size_t>(first)] < 0;
    const ByteCount offset = alone ? best_gap(joined(first, all, rider), all, before)
                                   : common_gap(first, all, rider, before);
    for (int32_t i = first; i >= 0; i = rider[static_cast<size_t>(i)]) {
      Block& block = blocks[static_cast<size_t>(i)];
      block.offset = offset;
      total = std::max(total, block.offset + block.bytes);
      size_t at = count++;
      for (; at > 0 && blocks[static_cast<size_t>(placed[at - 1])].offset > block.offset; --at) {
        placed[at] = placed[at - 1];
      }
      placed[at] = i;
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

bool place_exact(Span<Block> blocks, Arena& arena, ByteCount lower_bound, ByteCount* total) {
  const size_t n = blocks.size();
  int32_t* order = arena.temporary_array<int32_t>(n);
  int32_t* placed = arena.temporary_array<int32_t>(n);
  int32_t* rider = arena.temporary_array<int32_t>(n);
  ByteCount* best = arena.temporary_array<ByteCount>(n);
  if (!order || !placed || !rider || !best) return false;
  std::fill_n(rider, n, -1);
  bool any_over = false;
  for (size_t i = 0; i < n; ++i) {
    if (blocks[i].over < 0) continue;
    rider[blocks[i].over] = static_cast<int32_t>(i);
    any_over = true;
  }
  *total = ByteCount::unbounded();
  for (const Before before : kOrders) {
    for (size_t i = 0; i < n; ++i) order[i] = static_cast<int32_t>(i);
    std::sort(order, order + n, [&](int32_t a, int32_t b) {
      const Block x = joined(a, {blocks.data(), n}, {rider, n});
      const Block y = joined(b, {blocks.data(), n}, {rider, n});
      return before(x, y) || (!before(y, x) && a < b);
    });
    for (const bool join : {false, true}) {
      const ByteCount reached = place_in_order(blocks, {order, n}, {rider, n}, join, {placed, n});
      if (reached < *total) {
        *total = reached;
        for (size_t i = 0; i < n; ++i) best[i] = blocks[i].offset;
      }
      if (*total == lower_bound || !any_over) break;
    }
    if (*total == lower_bound) break;
  }
  for (size_t i = 0; i < n; ++i) blocks[i].offset = best[i];
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

bool place(Span<Block> blocks, int32_t steps, Arena& arena, Placement* result) {
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
    enough = place_exact(blocks, arena, result->lower_bound, &result->bytes);
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
