// SPDX-License-Identifier: Apache-2.0
// Weight matrices [rows][depth] that are not stored plainly: packed, shuffled or sparse ones. Rows
// are expanded into scratch memory as they are needed.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "kernels/contracts/row_sums.h"
#include "kernels/ops/index_list.h"
#include "pipit/op.h"

namespace pipit {

// Row r has the blocks starts[r] up to starts[r + 1]; block i holds the columns from columns[i] *
// block on.
struct SparseRows {
  int32_t block = 1;
  IndexList starts, columns;
};

struct WeightRows {
  enum class Form : uint8_t {
    kPlain,
    kInt4,      // two values a byte, the low bits first
    kInt2,      // four values a byte
    kShuffled,  // tiles of 4 rows by 16 columns of uint8, less 128 here
    kSparse,
  };
  Form form = Form::kPlain;
  int32_t rows = 0;
  int32_t depth = 0;
  const SparseRows* sparse = nullptr;

  void (*sum_bytes)(const RowSums&) = row_sums_portable;

  bool plain() const { return form == Form::kPlain; }
};

// How `weights`, of rank 2, are stored; checks all indices of a sparse tensor.
Status find_weight_rows(Prepare& p, const Tensor& weights, bool shuffled, WeightRows* w);

// The sums of `count` rows from `first` on, which wrap. Of plain bytes, `holds_min` is set if one
// is the least number, and else left.
void row_sums(const WeightRows& w, const int8_t* data, int32_t first, int32_t count, int32_t* sums,
              bool* holds_min = nullptr);
void row_sums(const WeightRows& w, const uint8_t* data, int32_t first, int32_t count, int32_t* sums,
              bool* holds_min = nullptr);
void row_sums(const WeightRows& w, const int16_t* data, int32_t first, int32_t count, int32_t* sums,
              bool* holds_min = nullptr);

// `count` rows from `first` on, as plain values.
void expand_rows(const WeightRows& w, const int8_t* data, int32_t first, int32_t count, int8_t* to);
void expand_rows(const WeightRows& w, const float* data, int32_t first, int32_t count, float* to);

// The same: where they lie, or expanded into `buffer`.
template <class T>
const T* weight_rows(const WeightRows& w, const T* data, int32_t first, int32_t count, T* buffer) {
  if constexpr (std::is_same_v<T, int8_t> || std::is_same_v<T, float>) {
    if (!w.plain()) {
      expand_rows(w, data, first, count, buffer);
      return buffer;
    }
  }
  return data + static_cast<ptrdiff_t>(first) * w.depth;
}

}  // namespace pipit
