// SPDX-License-Identifier: Apache-2.0
// EMBEDDING_LOOKUP and EMBEDDING_LOOKUP_SPARSE: rows of a table, one for each id, or sums of rows.
//
//   EMBEDDING_LOOKUP:         out[i, ...] = table[ids[i], ...], scaled where the table is quantized
//   EMBEDDING_LOOKUP_SPARSE:  out[row, ...] = sum over its ids of weight * table[id, ...]
//
// The sums are left as they are (SUM), or divided by the sum of their weights (MEAN) or by the root
// of the sum of their squares (SQRTN).
//
//   ids 1 3 0 at [0, 0] [0, 1] [1, 0] with weights 1 2 1, rows t of the table:
//
//     row 0   t1 + 2 * t3, over 3 for MEAN, over sqrt(5) for SQRTN
//     row 1   t0
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/math/half.h"
#include "kernels/ops.h"
#include "kernels/ops/block_scales.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

// Ids are values of a tensor: they are checked while running, each before it is used.
Status check_id(const Step& s, Run& run, int32_t i, int32_t id, int32_t rows) {
  if (id >= 0 && id < rows) return {};
  return run.fail(s, "id ", i, " is ", id, ", but the table has ", rows, " rows");
}

// ---- EMBEDDING_LOOKUP

constexpr int kIds = 0, kTable = 1;

struct Params {
  int32_t rows;
  int32_t columns;   // elements of a row
  size_t row_bytes;  // where rows are copied
  int32_t bits;      // of an element, where they are scaled
  const float* scales;
  int32_t scale_step;  // 1: a scale for each row
  BlockScales blocks;
};

Status run_copy(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const int32_t* ids = s.input(kIds).as<int32_t>();
  uint8_t* out = s.output(0).as<uint8_t>();
  for (int32_t i = 0; i < s.input(kIds).elements(); ++i, out += p.row_bytes) {
    PIPIT_TRY(check_id(s, run, i, ids[i], p.rows));
    const auto id = static_cast<size_t>(ids[i]);
    std::memcpy(out, s.input(kTable).as<uint8_t>() + id * p.row_bytes, p.row_bytes);
  }
  return {};
}

// Element i, with its sign, of elements of 2, 4 or 8 bits, the low ones first.
int32_t element_at(const int8_t* row, int64_t i, int32_t bits) {
  if (bits == 8) return row[i];
  const auto first = static_cast<int32_t>(i * bits % 8);
  const auto byte = static_cast<uint8_t>(row[i * bits / 8]);
  // The element's top bit becomes the byte's, and comes back with its sign.
  const auto top = static_cast<int8_t>(byte << (8 - bits - first));
  return top >> (8 - bits);
}

void store(float x, float* out) { *out = x; }
void store(float x, uint16_t* out) { *out = float_to_half(x); }

// As in TensorFlow Lite, a row of packed elements begins with the low bits of the byte that holds
// its first element.
template <class Out>
Status run_scaled(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const int32_t* ids = s.input(kIds).as<int32_t>();
  Out* out = s.output(0).as<Out>();
  for (int32_t i = 0; i < s.input(kIds).elements(); ++i, out += p.columns) {
    PIPIT_TRY(check_id(s, run, i, ids[i], p.rows));
    const int64_t first = int64_t{ids[i]} * p.columns * p.bits / 8;
    const int8_t* row = s.input(kTable).as<int8_t>() + first;
    const float scale = p.scales[ids[i] * p.scale_step];
    for (int32_t j = 0; j < p.columns; ++j) {
      store(static_cast<float>(element_at(row, j, p.bits)) * scale, out + j);
    }
  }
  return {};
}

template <class Out>
Status run_blocks(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const int32_t* ids = s.input(kIds).as<int32_t>();
  const uint16_t* scales = p.blocks.scales;
  const ptrdiff_t blocks = p.columns / p.blocks.block;
  Out* out = s.output(0).as<Out>();
  for (int32_t i = 0; i < s.input(kIds).elements(); ++i, out += p.columns) {
    PIPIT_TRY(check_id(s, run, i, ids[i], p.rows));
    const int64_t first = int64_t{ids[i]} * p.columns * p.bits / 8;
    const int8_t* row = s.input(kTable).as<int8_t>() + first;
    for (int32_t j = 0; j < p.columns; ++j) {
      const float scale = half_to_float(scales[ids[i] * blocks + j / p.blocks.block]);
      store(static_cast<float>(element_at(row, j, p.bits)) * scale, out + j);
    }
  }
  return {};
}

bool is_quantized(Type type) {
  return type == Type::kInt8 || type == Type::kUInt8 || type == Type::kInt4 || type == Type::kInt2;
}

// One scale or one for each row; the zero points are 0.
Status find_scales(const Prepare& p, Params* params) {
  const Tensor& table = p.input(kTable);
  PIPIT_TRY(need_scales(p, table));
  PIPIT_TRY(check_channel_scales(p, table, params->rows, 0));
  PIPIT_TRY(need_symmetric(p, table));
  const Quantization q = quantization(table);
  params->scales = q.scales.data();
  params->scale_step = q.scales.size() == 1 ? 0 : 1;
  params->bits = type_bits(table.type);
  return {};
}

Status plan_rows(Prepare& p, Params* params) {
  const Tensor& table = p.input(kTable);
  const Type out = p.output(0).type;
  const bool real = out == Type::kFloat32 || out == Type::kFloat16;
  if (has_block_scales(table) && real) {
    PIPIT_TRY(need_type(p, table, types(Type::kInt4, Type::kInt2)));
    PIPIT_TRY(find_block_scales(p, table, &params->blocks));
    params->bits = type_bits(table.type);
    return p.run(out == Type::kFloat32 ? run_blocks<float> : run_blocks<uint16_t>, params,
                 "portable");
  }
  if (is_quantized(table.type) && real) {
    PIPIT_TRY(find_scales(p, params));
    return p.run(out == Type::kFloat32 ? run_scaled<float> : run_scaled<uint16_t>, params,
                 "portable");
  }
  PIPIT_TRY(same_type(p, table, p.output(0)));
  const int64_t bits = int64_t{params->columns} * type_bits(table.type);
  if (bits % 8 != 0 || table.type == Type::kString) {
    return p.unsupported("table ", table, ": rows are not whole bytes");
  }
  params->row_bytes = static_cast<size_t>(bits / 8);
  return p.run(run_copy, params, "portable");
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& ids = p.input(kIds);
  const Shape& table = p.input(kTable).shape;
  if (ids.type != Type::kInt32 || ids.shape.rank != 1) {
    return p.bad("ids ", ids, " are not a list of int32");
  }
  if (table.rank < 2) return p.bad("table ", p.input(kTable), " has less than 2 dimensions");
  Shape out = table;
  out[0] = ids.shape[0];
  PIPIT_TRY(p.set_output(0, out));
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->rows = table[0];
  params->columns = table.product(1, table.rank);
  return plan_rows(p, params);
}

// ---- EMBEDDING_LOOKUP_SPARSE: ids at indices of a sparse tensor; the rows of ids that differ only
// in the last dimension are added up, weighted

constexpr int kSparseIds = 0, kIndices = 1, kDenseShape = 2, kWeights = 3, kSparseTable = 4;

struct SparseParams {
  int32_t rows, columns;  // of the table
  int32_t rank;           // of the sparse tensor
  fb::CombinerType combiner;
};

// The weights so far of the output row that is added up.
struct Total {
  float weight = 0;
  float squares = 0;
  float* row = nullptr;

  void finish(const SparseParams& p) const {
    if (row == nullptr || p.combiner == fb::CombinerType::SUM) return;
    const float divisor = p.combiner == fb::CombinerType::MEAN ? weight : std::sqrt(squares);
    for (int32_t k = 0; k < p.columns; ++k) row[k] /= divisor;
  }
  void add(const SparseParams& p, const float* values, float w) {
    weight += w;
    squares += w * w;
    for (int32_t k = 0; k < p.columns; ++k) row[k] += values[k] * w;
  }
};

// Which output row an index belongs to, or -1.
int64_t find_row(const SparseParams& p, const int32_t* index, const int32_t* shape) {
  int64_t row = 0;
  for (int32_t d = 0; d < p.rank - 1; ++d) {
    if (index[d] < 0 || index[d] >= shape[d]) return -1;
    row = row * shape[d] + index[d];
  }
  return row;
}

Status run_sparse(const Step& s, Run& run) {
  const auto& p = *s.params<SparseParams>();
  const int32_t* ids = s.input(kSparseIds).as<int32_t>();
  const int32_t* index = s.input(kIndices).as<int32_t>();
  float* out = s.output(0).as<float>();
  std::fill_n(out, s.output(0).elements(), 0.0f);
  Total total;
  for (int32_t i = 0; i < s.input(kSparseIds).elements(); ++i, index += p.rank) {
    PIPIT_TRY(check_id(s, run, i, ids[i], p.rows));
    const int64_t at = find_row(p, index, s.input(kDenseShape).as<int32_t>());
    if (at < 0) return run.fail(s, "index ", i, " lies outside of its shape");
    float* row = out + at * p.columns;
    // Ids of one row follow each other. A row that comes again later is divided again, too.
    if (row != total.row) {
      total.finish(p);
      total = {0, 0, row};
    }
    total.add(p, s.input(kSparseTable).as<float>() + ptrdiff_t{ids[i]} * p.columns,
              s.input(kWeights).as<float>()[i]);
  }
  total.finish(p);
  return {};
}

Status check_sparse(const Prepare& p) {
  const int32_t ids = p.input(kSparseIds).elements();
  PIPIT_TRY(need_type(p, p.input(kSparseIds), types(Type::kInt32)));
  PIPIT_TRY(need_type(p, p.input(kIndices), types(Type::kInt32)));
  PIPIT_TRY(need_type(p, p.input(kDenseShape), types(Type::kInt32)));
  PIPIT_TRY(need_type(p, p.input(kWeights), types(Type::kFloat32)));
  PIPIT_TRY(need_type(p, p.input(kSparseTable), types(Type::kFloat32)));
  PIPIT_TRY(need_type(p, p.output(0), types(Type::kFloat32)));
  const Shape& indices = p.input(kIndices).shape;
  const bool fits = p.input(kSparseIds).shape.rank == 1 &&
                    p.input(kWeights).shape == Shape::of(ids) && indices.rank == 2 &&
                    indices[0] == ids && indices[1] >= 1 &&
                    p.input(kDenseShape).shape == Shape::of(indices[1]);
  if (fits) return {};
  return p.bad("ids ", p.input(kSparseIds), ", indices ", p.input(kIndices), ", shape ",
               p.input(kDenseShape), " and weights ", p.input(kWeights), " do not fit together");
}

Status prepare_sparse(Prepare& p) {
  PIPIT_TRY(p.arity(5, 5, 1));
  PIPIT_TRY(check_sparse(p));
  const Shape& table = p.input(kSparseTable).shape;
  const int32_t rank = p.input(kIndices).shape[1];
  if (table.rank < 2 || int64_t{rank} + table.rank - 2 > Shape::kMaxRank) {
    return p.bad("table ", p.input(kSparseTable), " for indices of ", rank, " dimensions");
  }
  const int32_t* shape = p.values<int32_t>(kDenseShape);
  if (shape == nullptr) return p.defer();
  Shape out;
  for (int32_t i = 0; i < rank - 1; ++i) out[out.rank++] = shape[i];
  for (int32_t i = 1; i < table.rank; ++i) out[out.rank++] = table[i];
  PIPIT_TRY(p.set_output(0, out));
  auto* params = p.allocate<SparseParams>();
  if (params == nullptr) return Code::kArenaTooSmall;
  const auto* o = options<fb::EmbeddingLookupSparseOptions>(p);
  *params = {table[0], table.product(1, table.rank), rank,
             o == nullptr ? fb::CombinerType::SUM : o->combiner()};
  return p.run(run_sparse, params, "portable");
}

}  // namespace

const Op kEmbeddingLookup = {builtin(fb::BuiltinOperator::EMBEDDING_LOOKUP), "EMBEDDING_LOOKUP",
                             prepare};
const Op kEmbeddingLookupSparse = {builtin(fb::BuiltinOperator::EMBEDDING_LOOKUP_SPARSE),
                                   "EMBEDDING_LOOKUP_SPARSE", prepare_sparse};

}  // namespace pipit
