// SPDX-License-Identifier: Apache-2.0
// What the kinds of BATCH_MATMUL share.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/ops/common.h"
#include "kernels/ops/scratch.h"
#include "pipit/op.h"

namespace pipit::batch_matmul {

constexpr int kLeft = 0, kRight = 1;
constexpr int kBatchDims = 3;

// left [m][k], or [k][m] when it is adjoint; right [k][n], or [n][k] when it is adjoint.
struct Size {
  int32_t m = 0, n = 0, k = 0;
  int32_t batch[kBatchDims] = {1, 1, 1};
  int64_t left_step[kBatchDims] = {};  // elements; 0 where an operand is broadcast
  int64_t right_step[kBatchDims] = {};
  bool left_adjoint = false;
  bool right_adjoint = false;

  int32_t batches() const { return batch[0] * batch[1] * batch[2]; }
};

// Calls f(left offset, right offset, output offset) for every batch, in elements.
template <class F>
void for_each_batch(const Size& z, const F& f) {
  int64_t out = 0;
  for (int32_t i = 0; i < z.batch[0]; ++i) {
    for (int32_t j = 0; j < z.batch[1]; ++j) {
      for (int32_t l = 0; l < z.batch[2]; ++l, out += int64_t{z.m} * z.n) {
        f(i * z.left_step[0] + j * z.left_step[1] + l * z.left_step[2],
          i * z.right_step[0] + j * z.right_step[1] + l * z.right_step[2], out);
      }
    }
  }
}

// Products want both operands contiguous along k. Rows [first, first + count) of a matrix
// [total][k]: where they lie, or, of one that is stored as [k][total], collected in `buffer`.
template <class T>
const T* rows_along_k(const T* in, bool along_k, int32_t total, int32_t k, int32_t first,
                      int32_t count, T* buffer) {
  if (along_k) return in + int64_t{first} * k;
  in += first;
  for (int32_t j = 0; j < k; ++j, in += total) {
    T* out = buffer + j;
    for (int32_t i = 0; i < count; ++i, out += k) *out = in[i];
  }
  return buffer;
}

// How many rows of k elements fit a buffer of moderate size.
inline int32_t tile_rows(int32_t rows, int32_t k, size_t element_size) {
  constexpr int64_t kBytes = 32768;
  const int64_t row = std::max<int64_t>(1, int64_t{k} * static_cast<int64_t>(element_size));
  return static_cast<int32_t>(
      std::min<int64_t>(std::max(rows, 1), std::max<int64_t>(4, kBytes / row)));
}

Status prepare_hybrid(Prepare& p, const Size& z, bool asymmetric);

}  // namespace pipit::batch_matmul
