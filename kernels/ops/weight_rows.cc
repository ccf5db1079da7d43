// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/weight_rows.h"

#include <algorithm>

#include "core/schema.h"

namespace pipit {
namespace {

// Calls f(column, value) for every stored value of a row.
template <class T, class F>
void for_each_value(const WeightRows& w, const T* data, int32_t row, const F& f) {
  const int64_t first = static_cast<int64_t>(row) * w.depth;
  const auto* bytes = reinterpret_cast<const uint8_t*>(data);
  switch (w.form) {
    case WeightRows::Form::kPlain:
      for (int32_t k = 0; k < w.depth; ++k) f(k, data[first + k]);
      return;
    case WeightRows::Form::kInt4:
      for (int32_t k = 0; k < w.depth; ++k) {
        const int bits = bytes[(first + k) / 2] >> ((first + k) % 2 * 4) & 15;
        f(k, static_cast<T>((bits ^ 8) - 8));
      }
      return;
    case WeightRows::Form::kInt2:
      for (int32_t k = 0; k < w.depth; ++k) {
        const int bits = bytes[(first + k) / 4] >> ((first + k) % 4 * 2) & 3;
        f(k, static_cast<T>((bits ^ 2) - 2));
      }
      return;
    case WeightRows::Form::kShuffled: {
      // The file has them with the top bit flipped already. A tile is 64 bytes, 16 columns of row 0
      // and so on, tiles along the depth lie behind each other, and behind them those of the next 4
      // rows:
      //
      //   tile (r / 4, k / 16):  [r % 4][k % 16]
      const T* tiles = data + static_cast<ptrdiff_t>(row / 4) * 4 * w.depth + row % 4 * 16;
      for (int32_t k = 0; k < w.depth; ++k) {
        f(k, tiles[static_cast<ptrdiff_t>(k / 16) * 64 + k % 16]);
      }
      return;
    }
    case WeightRows::Form::kSparse: {
      const SparseRows& s = *w.sparse;
      const int32_t end = s.starts[row + 1];
      for (int32_t i = s.starts[row]; i < end; ++i) {
        const T* values = data + static_cast<ptrdiff_t>(i) * s.block;
        const int32_t column = s.columns[i] * s.block;
        for (int32_t j = 0; j < s.block; ++j) f(column + j, values[j]);
      }
      return;
    }
  }
}

template <class T>
void sum_rows(const WeightRows& w, const T* data, int32_t first, int32_t count, int32_t* sums,
              bool* holds_min) {
  if constexpr (sizeof(T) == 1) {
    if (w.plain()) {
      return w.sum_bytes({data + static_cast<ptrdiff_t>(first) * w.depth, count, w.depth,
                          std::is_same_v<T, uint8_t>, sums, holds_min});
    }
  }
  for (int32_t r = 0; r < count; ++r) {
    uint32_t sum = 0;
    for_each_value(w, data, first + r, [&](int32_t, T v) { sum += static_cast<uint32_t>(v); });
    sums[r] = static_cast<int32_t>(sum);
  }
}

template <class T>
void expand(const WeightRows& w, const T* data, int32_t first, int32_t count, T* row) {
  for (int32_t r = first; r < first + count; ++r, row += w.depth) {
    // Only what is stored is visited below.
    if (w.form == WeightRows::Form::kSparse) std::fill(row, row + w.depth, T{});
    for_each_value(w, data, r, [&](int32_t k, T v) { row[k] = v; });
  }
}

// Rows stored densely, columns compressed, optionally in blocks of some columns. In the file's
// terms: traversal order 0, 1 (and 2, a block of dimension 1), dimension 0 dense, 1 CSR, the block
// dense.
bool is_row_compressed(const fb::SparsityParameters& s) {
  const auto* order = s.traversal_order();
  const auto* dims = s.dim_metadata();
  if (order == nullptr || dims == nullptr || dims->size() != order->size()) return false;
  if (order->size() < 2 || order->size() > 3) return false;
  for (unsigned i = 0; i < order->size(); ++i) {
    if (order->Get(i) != static_cast<int32_t>(i)) return false;
  }
  if (dims->Get(0)->format() != fb::DimensionType::DENSE ||
      dims->Get(1)->format() != fb::DimensionType::SPARSE_CSR) {
    return false;
  }
  if (order->size() == 2) return true;
  const auto* blocks = s.block_map();
  return blocks != nullptr && blocks->size() == 1 && blocks->Get(0) == 1 &&
         dims->Get(2)->format() == fb::DimensionType::DENSE;
}

// Everything that for_each_value() follows blindly afterwards: rows that begin where the last one
// ended, columns inside of the row, and as many stored values as the indices name.
Status check_indices(const Prepare& p, const Tensor& weights, const WeightRows& w) {
  const SparseRows& s = *w.sparse;
  if (s.starts.size != w.rows + 1 || s.starts[0] != 0 || s.starts[w.rows] != s.columns.size) {
    return p.bad(weights, ": the sparse rows do not add up");
  }
  for (int32_t r = 0; r < w.rows; ++r) {
    if (s.starts[r + 1] < s.starts[r]) return p.bad(weights, ": sparse row ", r, " ends too early");
  }
  for (int32_t i = 0; i < s.columns.size; ++i) {
    if (s.columns[i] < 0 || s.columns[i] >= w.depth / s.block) {
      return p.bad(weights, ": sparse column index ", s.columns[i], " is outside");
    }
  }
  const int64_t values = static_cast<int64_t>(s.columns.size) * s.block;
  if (values * type_bits(weights.type) != static_cast<int64_t>(weights.bytes) * 8) {
    return p.bad(weights, ": ", values, " sparse values, but ", weights.bytes, " bytes");
  }
  return {};
}

}  // namespace

Status find_weight_rows(Prepare& p, const Tensor& weights, bool shuffled, WeightRows* w) {
  w->rows = weights.shape[0];
  w->depth = weights.shape[1];
  w->sum_bytes = choose(row_sums_variants(), p.cpu()).run;
  const auto* sparsity = static_cast<const fb::Tensor*>(weights.file_tensor)->sparsity();
  // A tensor that is computed is stored plainly, whatever the file says of it.
  if (sparsity == nullptr || !weights.constant()) {
    w->form = shuffled                      ? WeightRows::Form::kShuffled
              : weights.type == Type::kInt4 ? WeightRows::Form::kInt4
              : weights.type == Type::kInt2 ? WeightRows::Form::kInt2
                                            : WeightRows::Form::kPlain;
    return {};
  }
  if (shuffled || (weights.type != Type::kInt8 && weights.type != Type::kFloat32)) {
    return p.unsupported("sparse weights ", weights);
  }
  if (!is_row_compressed(*sparsity)) {
    return p.unsupported("sparse weights ", weights, " are not stored as compressed rows");
  }
  const auto* dims = sparsity->dim_metadata();
  w->form = WeightRows::Form::kSparse;
  auto* sparse = p.allocate<SparseRows>();
  if (sparse == nullptr) return Code::kArenaTooSmall;
  w->sparse = sparse;
  sparse->block = dims->size() == 3 ? dims->Get(2)->dense_size() : 1;
  if (sparse->block < 1 || w->depth % sparse->block != 0) {
    return p.bad(weights, ": sparse blocks of ", sparse->block, " do not divide the rows");
  }
  const fb::DimensionMetadata* columns = dims->Get(1);
  sparse->starts = index_list(columns->array_segments_type(), columns->array_segments());
  sparse->columns = index_list(columns->array_indices_type(), columns->array_indices());
  return check_indices(p, weights, *w);
}

void row_sums(const WeightRows& w, const int8_t* data, int32_t first, int32_t count, int32_t* sums,
              bool* holds_min) {
  sum_rows(w, data, first, count, sums, holds_min);
}
void row_sums(const WeightRows& w, const uint8_t* data, int32_t first, int32_t count, int32_t* sums,
              bool* holds_min) {
  sum_rows(w, data, first, count, sums, holds_min);
}
void row_sums(const WeightRows& w, const int16_t* data, int32_t first, int32_t count, int32_t* sums,
              bool* holds_min) {
  sum_rows(w, data, first, count, sums, holds_min);
}

void expand_rows(const WeightRows& w, const int8_t* data, int32_t first, int32_t count,
                 int8_t* to) {
  expand(w, data, first, count, to);
}
void expand_rows(const WeightRows& w, const float* data, int32_t first, int32_t count, float* to) {
  expand(w, data, first, count, to);
}

}  // namespace pipit
