// SPDX-License-Identifier: Apache-2.0
// GATHER: slices of the input along an axis, by number; GATHER_ND: by their first few coordinates.
//
//   GATHER:     out[b, o, i, s] = in[b, o, indices[b, i], s]
//   GATHER_ND:  out[i, s] = in[indices[i, 0], indices[i, 1], ..., s]
//
// where b are batch dimensions, o those before the axis, and s those of a slice.
//
//   of a vector a b c d:         GATHER by 2 0 2 is c a c
//   of a matrix of rows r s t:   GATHER_ND by [2] [0] is the rows t r, by [2, 1] one element of t
#include <cstring>

#include "kernels/math/int4.h"
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int kInput = 0, kIndices = 1;
constexpr TypeSet kIndexTypes = types(Type::kInt16, Type::kInt32, Type::kInt64);
constexpr TypeSet kGatherNdTypes =
    kFloat8Types | types(Type::kFloat32, Type::kFloat16, Type::kBFloat16, Type::kUInt8, Type::kInt8,
                         Type::kInt16, Type::kInt64, Type::kInt32, Type::kBool, Type::kString);
constexpr TypeSet kGatherTypes = kGatherNdTypes | types(Type::kInt4);

// Both operators copy `count` slices for each of `outer` parts of the input; indices are those of
// the part's batch. GATHER has one coordinate, GATHER_ND one part.
struct Params {
  int32_t batches, outer, count;
  int32_t part;  // bytes
  int32_t slice;
  int32_t depth;  // coordinates of a slice
  int32_t sizes[Shape::kMaxRank];
  int32_t steps[Shape::kMaxRank];  // bytes
};

// The first index that does not exist, or -1. All are looked at before the first copy, which then
// needs no checks.
int32_t find_bad_index(const Params& p, const Tensor& indices) {
  const int32_t n = indices.elements();
  for (int32_t i = 0; i < n; ++i) {
    const int64_t index = integer(indices, i);
    if (index < 0 || index >= p.sizes[i % p.depth]) return i;
  }
  return -1;
}

void gather(const Params& p, const Tensor& indices, const uint8_t* in, uint8_t* out) {
  for (int32_t b = 0; b < p.batches; ++b) {
    for (int32_t o = 0; o < p.outer; ++o, in += p.part) {
      for (int32_t i = 0; i < p.count; ++i, out += p.slice) {
        ptrdiff_t from = 0;
        for (int32_t d = 0; d < p.depth; ++d) {
          const int64_t index = integer(indices, (b * p.count + i) * p.depth + d);
          from += static_cast<ptrdiff_t>(index) * p.steps[d];
        }
        std::memcpy(out, in + from, static_cast<size_t>(p.slice));
      }
    }
  }
}

Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const Tensor& in = s.input(kInput);
  const Tensor& indices = s.input(kIndices);
  const Tensor& out = s.output(0);
  const int32_t bad = find_bad_index(p, indices);
  if (bad >= 0) return run.fail(s, "index ", integer(indices, bad), " is not in ", in);
  if (out.elements() == 0) return {};
  if (in.type != Type::kInt4) {
    gather(p, indices, in.as<uint8_t>(), out.as<uint8_t>());
    return {};
  }
  // Scratch memory: the input's elements, then the output's, a byte each.
  uint8_t* gathered = s.scratch + in.elements();
  unpack_int4(in.as<uint8_t>(), in.elements(), s.scratch);
  gather(p, indices, s.scratch, gathered);
  pack_int4(gathered, out.elements(), out.as<uint8_t>());
  return {};
}

// Strings are gathered by number before their sizes are known.
Status prepare_strings(Prepare& p, const Params& params) {
  if (!p.late()) return p.defer();
  const Tensor& indices = p.input(kIndices);
  const int32_t bad = find_bad_index(params, indices);
  if (bad >= 0) return p.bad("index ", integer(indices, bad), " is not in ", p.input(kInput));
  StringNumbers numbers;
  PIPIT_TRY(begin_strings(p, kInput, &numbers));
  if (p.output(0).elements() != 0) {
    gather(params, indices, reinterpret_cast<uint8_t*>(numbers.in),
           reinterpret_cast<uint8_t*>(numbers.out));
  }
  return finish_strings(p, numbers);
}

Status finish(Prepare& p, const Shape& shape, const Params& params) {
  const Tensor& input = p.input(kInput);
  PIPIT_TRY(p.set_output(0, shape));
  if (input.type == Type::kString) return prepare_strings(p, params);
  if (input.type == Type::kInt4) {
    p.scratch(ByteCount(input.elements()) + shape.elements());
  }
  Params* kept = p.allocate<Params>();
  if (kept == nullptr) return Code::kArenaTooSmall;
  *kept = params;
  return p.run(run, kept, "portable");
}

// Appends the dimensions [from, to) of `in`.
Status append(const Prepare& p, const Shape& in, int32_t from, int32_t to, Shape* out) {
  if (out->rank + to - from > Shape::kMaxRank) {
    return p.unsupported("the output would have more than ", Shape::kMaxRank, " dimensions");
  }
  for (int32_t d = from; d < to; ++d) (*out)[out->rank++] = in[d];
  return {};
}

// ---- GATHER

// Batch dimensions are the first ones of input and indices, and alike in both. Negative numbers of
// them count from the end of the indices'.
Status resolve_batch_dims(const Prepare& p, int32_t axis, int32_t* batch_dims) {
  const Shape& in = p.input(kInput).shape;
  const Shape& indices = p.input(kIndices).shape;
  const int32_t asked = *batch_dims;
  if (*batch_dims < 0) *batch_dims += indices.rank;
  if (*batch_dims < 0 || *batch_dims > axis || *batch_dims > indices.rank) {
    return p.bad(asked, " batch dimensions do not fit axis ", axis, " and indices of shape ",
                 indices);
  }
  for (int32_t d = 0; d < *batch_dims; ++d) {
    if (in[d] != indices[d]) return p.bad("input ", in, " and indices ", indices, " differ");
  }
  return {};
}

Status prepare_gather(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& input = p.input(kInput);
  const Shape& in = input.shape;
  const Shape& indices = p.input(kIndices).shape;
  PIPIT_TRY(need_type(p, p.input(kIndices), kIndexTypes));
  PIPIT_TRY(need_type(p, input, kGatherTypes));
  p.set_output_type(0, input.type);
  if (input.type == Type::kString && in.rank != 1) return p.unsupported(input, " is no vector");
  const auto* o = options<fb::GatherOptions>(p);
  int32_t axis = 0, batch_dims = o == nullptr ? 0 : o->batch_dims();
  PIPIT_TRY(resolve_axis(p, o == nullptr ? 0 : o->axis(), in.rank, &axis));
  PIPIT_TRY(resolve_batch_dims(p, axis, &batch_dims));
  Shape shape;
  PIPIT_TRY(append(p, in, 0, axis, &shape));
  PIPIT_TRY(append(p, indices, batch_dims, indices.rank, &shape));
  PIPIT_TRY(append(p, in, axis + 1, in.rank, &shape));
  const Steps steps = dense_steps(in, element_bytes(input.type));
  Params params = {};
  // The input is [batches][outer][in[axis]][slice], of which a part is the last two.
  params.batches = in.product(0, batch_dims);
  params.outer = in.product(batch_dims, axis);
  params.count = indices.product(batch_dims, indices.rank);
  params.part = in[axis] * steps.of[axis];
  params.slice = steps.of[axis];
  params.depth = 1;
  params.sizes[0] = in[axis];
  params.steps[0] = steps.of[axis];
  return finish(p, shape, params);
}

// ---- GATHER_ND

Status prepare_gather_nd(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& input = p.input(kInput);
  const Tensor& indices = p.input(kIndices);
  PIPIT_TRY(need_type(p, input, kGatherNdTypes));
  PIPIT_TRY(need_type(p, indices, kIndexTypes));
  p.set_output_type(0, input.type);
  if (input.shape.rank < 1 || indices.shape.rank < 1) {
    return p.bad(input, " or ", indices, " is a scalar");
  }
  const int32_t depth = indices.shape.last();
  if (depth > input.shape.rank) return p.bad(indices, " has more coordinates than ", input);
  Shape shape;
  PIPIT_TRY(append(p, indices.shape, 0, indices.shape.rank - 1, &shape));
  PIPIT_TRY(append(p, input.shape, depth, input.shape.rank, &shape));
  const Steps steps = dense_steps(input.shape, element_bytes(input.type));
  Params params = {};
  params.batches = params.outer = 1;
  params.count = indices.shape.product(0, indices.shape.rank - 1);
  params.slice = input.shape.product(depth, input.shape.rank) * element_bytes(input.type);
  params.depth = depth;
  for (int32_t d = 0; d < depth; ++d) {
    params.sizes[d] = input.shape[d];
    params.steps[d] = steps.of[d];
  }
  return finish(p, shape, params);
}

}  // namespace

const Op kGather = {builtin(fb::BuiltinOperator::GATHER), "GATHER", prepare_gather};
const Op kGatherNd = {builtin(fb::BuiltinOperator::GATHER_ND), "GATHER_ND", prepare_gather_nd};

}  // namespace pipit
