// SPDX-License-Identifier: Apache-2.0
// Borders around a tensor: how many elements to add before and behind each dimension.
#pragma once

#include <cstdint>

#include "kernels/ops/moves.h"

namespace pipit {

struct Padding {
  int32_t before[Shape::kMaxRank] = {};
  int32_t after[Shape::kMaxRank] = {};
};

// Fails unless input `i` is [rank of input 0, 2].
Status check_paddings(const Prepare& p, int i);

// The values of input `i`, none negative, and the shape of input 0 with that border.
Status read_paddings(const Prepare& p, int i, Padding* padding, Shape* shape);

// Copies input 0 to where it lies in output 0.
Status copy_interior(const Prepare& p, const Padding& padding, Moves* moves);

// What the borders of one dimension are made of: all of output 0 that lies in the interior of the
// dimensions before it, whole in those behind it. The size of the dimension itself is left open.
//
//   dims before `dim`   the interior: their own borders are slabs of theirs
//   `dim` itself        one index; `step` bytes to the next
//   dims behind it      whole, borders included
struct Slab {
  CopyDims dims;  // in_step and out_step are both the output's
  int32_t offset = 0;
  int32_t step = 0;  // of the dimension
};
Slab border_slab(const Prepare& p, const Padding& padding, int32_t dim);

}  // namespace pipit
