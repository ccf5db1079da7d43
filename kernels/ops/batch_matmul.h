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

  bool is_empty() const {
    return m == 0 || n == 0 || batch[0] == 0 || batch[1] == 0 || batch[2] == 0;
  }
  // Of an output that is not empty: no more than an int32 counts.
  int32_t batches() const { return batch[0] * batch[1] * batch[2]; }
};

// Shares begin at full vectors.
constexpr int32_t kColumnUnit = 16;
inline int32_t units_of(int32_t columns) { return (columns - 1) / kColumnUnit + 1; }

// How many threads share the columns of all batches, by the bytes of a right element.
inline int32_t choose_shares(const Prepare& p, const Size& z, size_t bytes) {
  constexpr int64_t kBytes = 8;  // that a small CPU multiplies in a cycle
  if (z.is_empty()) return 1;
  const int64_t products = int64_t{z.batches()} * z.m * z.n;
  const int64_t cycles = (products * static_cast<int64_t>(bytes) + kBytes - 1) / kBytes;
  return p.sharing().shares(z.batches() * units_of(z.n), cycles * z.k);
}

// Where a batch's matrices begin, in elements.
struct Offsets {
  int64_t left = 0, right = 0, out = 0;
};

inline Offsets offsets_of(const Size& z, int32_t index) {
  Offsets at;
  at.out = int64_t{index} * z.m * z.n;
  for (int i = kBatchDims - 1; i >= 0; index /= z.batch[i--]) {
    at.left += index % z.batch[i] * z.left_step[i];
    at.right += index % z.batch[i] * z.right_step[i];
  }
  return at;
}

// Calls f(step, offsets, columns) for what falls to each share: columns of one batch. The step has
// the share's own scratch memory.
template <class F>
void for_each_columns(const Step& s, Run& run, const Size& z, int32_t shares, size_t scratch,
                      const F& f) {
  if (z.is_empty()) return;
  const int32_t units = units_of(z.n);
  run.for_each_share(shares, [&](int32_t share) {
    Step own = s;
    own.scratch += scratch * static_cast<size_t>(share);
    const Part part = part_of(z.batches() * units, 1, shares, share);
    const int32_t end = part.first + part.count;
    for (int32_t i = part.first, n = 0; i < end; i += n) {
      const int32_t unit = i % units;
      n = std::min(units - unit, end - i);
      const int32_t first = unit * kColumnUnit;
      f(own, offsets_of(z, i / units), Part{first, std::min(z.n - first, n * kColumnUnit)});
    }
  });
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

// Fails unless the right operand has one scale, or one for each column and no zero point.
Status check_right(const Prepare& p, const Size& z);

Status prepare_hybrid(Prepare& p, const Size& z, bool asymmetric);

}  // namespace pipit::batch_matmul
