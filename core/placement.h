// SPDX-License-Identifier: Apache-2.0
// Places blocks with known lifetimes into as little memory as it can.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/arena.h"

namespace pipit {

struct Block {
  ByteCount bytes;
  ByteCount offset;   // the answer
  int32_t first = 0;  // alive in steps [first, last]
  int32_t last = 0;
  // The block at whose offset it must be, and may be although that one lives until its first step;
  // -1: none. Of at most kExactBlocks blocks, each may be named once.
  int32_t over = -1;
};

struct Placement {
  ByteCount bytes;        // end of the highest block
  ByteCount lower_bound;  // the largest sum of bytes alive at one step
};

// Gives every block an offset (a multiple of kArenaAlign) such that blocks alive at the same step
// do not overlap. Tries several orders and betters the best of them until it reaches the lower
// bound or has compared `pairs` of blocks, from which it takes those that it has; beyond
// kExactBlocks blocks, one pass that is linear in their number. `steps` is more than any `last`.
// Temporary memory comes from `arena`; false when that does not suffice. Blocks that no machine
// could hold are given no places, and the result is unbounded.
constexpr int32_t kExactBlocks = 2048;
bool place(Span<Block> blocks, int32_t steps, Arena& arena, uint64_t* pairs, Placement* result);

}  // namespace pipit
