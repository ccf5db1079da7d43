// SPDX-License-Identifier: Apache-2.0
// STABLEHLO_GATHER: slices of the operand, all of one size, that begin at given indices. An index
// is moved so far that its slice lies inside.
//
//   out[result index] = operand[start + offset]
//
// The dimensions of the result that offset_dims name are `offset`, an index into a slice; the
// others say which vector of indices is `start`, whose number k counts along dimension
// start_index_map[k]. Collapsed dimensions have slices of one, and no place in the result.
//
// For example, rows of a matrix [5, 4] by indices [3], each of which is a vector, to [3, 4]:
//
//   index_vector_dim 1, start_index_map 0, slice_sizes 1 4, collapsed_slice_dims 0, offset_dims 1
#include <algorithm>
#include <cstring>

#include "kernels/ops.h"
#include "kernels/ops/index_vectors.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int kOperand = 0, kIndices = 1;

struct Params {
  IndexVectors vectors;
  // For each number of a vector: the largest index, and elements of the operand for each.
  int32_t limits[Shape::kMaxRank], operand_steps[Shape::kMaxRank];
  // For each dimension of the result, elements of the operand and of the indices from one index to
  // the next; one of the two is 0.
  int32_t slice_steps[Shape::kMaxRank], vector_steps[Shape::kMaxRank];
  size_t element;  // bytes
};

// Where in the operand the slice of a vector begins.
int64_t slice_start(const Params& p, const Tensor& indices, int32_t vector) {
  int64_t start = 0;
  for (int32_t k = 0; k < p.vectors.size; ++k) {
    const int64_t index = integer(indices, vector + k * p.vectors.step);
    start += std::clamp<int64_t>(index, 0, p.limits[k]) * p.operand_steps[k];
  }
  return start;
}

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const Shape& shape = s.output(0).shape;
  const uint8_t* in = s.input(kOperand).as<uint8_t>();
  uint8_t* out = s.output(0).as<uint8_t>();
  int32_t at[Shape::kMaxRank] = {};
  for (int32_t i = 0; i < s.output(0).elements(); ++i, out += p.element) {
    int32_t vector = 0;
    int64_t from = 0;
    for (int32_t d = 0; d < shape.rank; ++d) {
      vector += at[d] * p.vector_steps[d];
      from += int64_t{at[d]} * p.slice_steps[d];
    }
    from += slice_start(p, s.input(kIndices), vector);
    std::memcpy(out, in + static_cast<size_t>(from) * p.element, p.element);
    for (int32_t d = shape.rank - 1; d >= 0 && ++at[d] == shape[d]; --d) at[d] = 0;
  }
  return {};
}

// Slice sizes that fit into the operand; collapsed dimensions must have something to take.
Status check_slices(const Prepare& p, const Int64List* sizes, uint32_t collapsed) {
  const Shape& operand = p.input(kOperand).shape;
  if (sizes == nullptr || sizes->size() != static_cast<unsigned>(operand.rank)) {
    return p.bad("has not one slice size for each dimension of ", p.input(kOperand));
  }
  for (int32_t d = 0; d < operand.rank; ++d) {
    const int64_t size = element(*sizes, d);
    if (size < (contains(collapsed, d) ? 1 : 0) || size > operand[d]) {
      return p.bad("slices of ", size, " in dimension ", d, " of ", p.input(kOperand));
    }
  }
  return {};
}

// The result's dimensions are those of a slice that are not collapsed, at the places that
// `offset_dims` say, and between them those of the indices.
Status find_result(const Prepare& p, const fb::StablehloGatherOptions& o, Params* params,
                   Shape* result) {
  const Shape& operand = p.input(kOperand).shape;
  const IndexVectors& v = params->vectors;
  const unsigned dropped = o.collapsed_slice_dims() ? o.collapsed_slice_dims()->size() : 0;
  const int32_t kept = operand.rank - static_cast<int32_t>(dropped);
  const int32_t rank = kept + v.rank;
  uint32_t collapsed = 0, offsets = 0;
  PIPIT_TRY(
      dimension_set(p, "collapsed_slice_dims", o.collapsed_slice_dims(), operand.rank, &collapsed));
  if (rank > Shape::kMaxRank) return p.unsupported("the result would have ", rank, " dimensions");
  PIPIT_TRY(dimension_set(p, "offset_dims", o.offset_dims(), rank, &offsets));
  if (kept != (o.offset_dims() ? static_cast<int64_t>(o.offset_dims()->size()) : 0)) {
    return p.bad("has not ", kept, " offset_dims, one for each dimension of a slice");
  }
  PIPIT_TRY(check_slices(p, o.slice_sizes(), collapsed));
  const Steps steps = dense_steps(operand, 1);
  int32_t from_slice = 0, from_vectors = 0;
  result->rank = rank;
  for (int32_t d = 0; d < rank; ++d) {
    if (contains(offsets, d)) {
      while (contains(collapsed, from_slice)) ++from_slice;
      (*result)[d] = static_cast<int32_t>(element(*o.slice_sizes(), from_slice));
      params->slice_steps[d] = steps.of[from_slice++];
    } else {
      (*result)[d] = v.dims[from_vectors];
      params->vector_steps[d] = v.steps[from_vectors++];
    }
  }
  return {};
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& operand = p.input(kOperand);
  PIPIT_TRY(need_type(p, operand, kByteTypes));
  PIPIT_TRY(same_type(p, operand, p.output(0)));
  const auto* o = options2<fb::StablehloGatherOptions>(p);
  if (o == nullptr) return p.bad("has no StablehloGatherOptions");
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  IndexVectors& v = params->vectors;
  PIPIT_TRY(find_index_vectors(p, p.input(kIndices), o->index_vector_dim(), o->start_index_map(),
                               operand.shape.rank, &v));
  Shape result;
  PIPIT_TRY(find_result(p, *o, params, &result));
  PIPIT_TRY(p.set_output(0, result));
  const Steps steps = dense_steps(operand.shape, 1);
  for (int32_t k = 0; k < v.size; ++k) {
    const int32_t d = v.map[k];
    params->limits[k] = operand.shape[d] - static_cast<int32_t>(element(*o->slice_sizes(), d));
    params->operand_steps[k] = steps.of[d];
  }
  params->element = static_cast<size_t>(element_bytes(operand.type));
  return p.run(run, params, "portable");
}

}  // namespace

const Op kStablehloGather = {builtin(fb::BuiltinOperator::STABLEHLO_GATHER), "STABLEHLO_GATHER",
                             prepare};

}  // namespace pipit
