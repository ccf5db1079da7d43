// SPDX-License-Identifier: Apache-2.0
// What STABLEHLO_GATHER and STABLEHLO_SCATTER share: vectors of indices that lie along one
// dimension of a tensor, and sets of dimensions.
#pragma once

#include <cstdint>

#include "core/schema.h"
#include "pipit/op.h"

namespace pipit {

// A bit for each dimension that the list names; nullptr is the empty list. Fails unless each is
// below `rank` and named once. `what` names the list.
Status dimension_set(const Prepare& p, const char* what, const Int64List* list, int32_t rank,
                     uint32_t* set);

inline bool contains(uint32_t set, int32_t d) { return (set >> d & 1) != 0; }

// Number k of each vector is the index along dimension map[k] of the operand.
//
//   a tensor [2, 3, 4], along = 1:  2 * 4 vectors of size 3, whose numbers are step = 4 apart;
//                                   dims = {2, 4} and steps = {12, 1} walk over their beginnings
struct IndexVectors {
  int32_t size = 0;
  int32_t step = 0;  // elements from one number of a vector to the next
  int32_t map[Shape::kMaxRank] = {};
  // The dimensions of the tensor of vectors, outermost first.
  int32_t rank = 0;
  int32_t dims[Shape::kMaxRank] = {};
  int32_t steps[Shape::kMaxRank] = {};
};

// The vectors along dimension `along` of an int32 or int64 tensor; one past its last dimension
// means that every element is a vector of one number.
Status find_index_vectors(const Prepare& p, const Tensor& indices, int64_t along,
                          const Int64List* map, int32_t operand_rank, IndexVectors* v);

}  // namespace pipit
