// SPDX-License-Identifier: Apache-2.0
// How the file stores a sparse constant, and how it scales blocks of a quantized one. For programs
// that show models; running them needs none of it.
#pragma once

#include <cstdint>

#include "pipit/span.h"
#include "pipit/tensor.h"

namespace pipit {

// Numbers of 1, 2 or 4 bytes each; those of less than 4 have no sign.
struct IndexList {
  const void* data = nullptr;
  int32_t count = 0;
  int32_t bytes = 4;
};

// One dimension in storage order: dense, or only the places that `indices` lists, those of row i
// from segments[i] to segments[i + 1].
struct SparseDimension {
  bool sparse = false;
  int32_t dense_size = 0;
  IndexList segments;
  IndexList indices;
};

struct Sparsity {
  Span<const int32_t> traversal_order;  // dimensions, then blocks of them
  Span<const int32_t> block_map;        // the dimension that each block divides
  int dimensions = 0;                   // 0: the tensor is dense
};

Sparsity sparsity(const Tensor& tensor);
// `i` is in [0, sparsity().dimensions).
SparseDimension sparse_dimension(const Tensor& tensor, int i);

// Elements along the last dimension that share a scale, and the tensor (its index) that has the
// scales; a size of 0 when there are no blocks.
struct ScaleBlocks {
  int32_t size = 0;
  int32_t scales = -1;
};
ScaleBlocks scale_blocks(const Tensor& tensor);

}  // namespace pipit
