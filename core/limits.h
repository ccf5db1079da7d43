// SPDX-License-Identifier: Apache-2.0
// How large tensors may be, and what a file may cost before it runs: something for any file, and
// more for each of its bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pipit {

// Elements, and bytes, of a tensor. Kernels count them in 32 bits and take several at a time, so
// what they count needs room above the largest.
constexpr int32_t kMostItems = INT32_MAX - UINT16_MAX;

// Bytes of constants that its operators read, and products that folding them takes.
constexpr uint64_t most_planning_work(size_t file_bytes) {
  return (uint64_t{1} << 28) + uint64_t{4096} * file_bytes;
}

// Looks at what has been looked at before: at tensors, steps and rows while chains are searched and
// measured, and at tensors and operators of subgraphs that are called with several shapes.
constexpr uint64_t most_looks(size_t file_bytes) {
  return (uint64_t{1} << 22) + uint64_t{4} * file_bytes;
}

// Pairs of blocks that are compared to place activations better than the first orders do, in all
// graphs of a model.
constexpr uint64_t kMostPlacementPairs = uint64_t{1} << 21;

// Bytes of tables that operators make of its numbers.
constexpr uint64_t most_table_bytes(size_t file_bytes) {
  return (uint64_t{16} << 20) + uint64_t{64} * file_bytes;
}

// Bytes of names, each counted wherever it is named.
constexpr uint64_t most_name_bytes(size_t file_bytes) {
  return (uint64_t{1} << 20) + uint64_t{16} * file_bytes;
}

}  // namespace pipit
