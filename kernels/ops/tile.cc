// SPDX-License-Identifier: Apache-2.0
// TILE, BROADCAST_TO: the input again and again.
//
//   TILE:          out[i, j, ...] = in[i % size_0, j % size_1, ...]
//   BROADCAST_TO:  out[..., i, j] = in[i or 0, j or 0], 0 where the input's dimension is 1
//
// A dimension that is repeated is one whose step in the input is 0.
//
//   TILE of [a b] by 2 is a b a b; BROADCAST_TO of columns a, b to [2, 3] is a a a, b b b
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int kInput = 0, kMultiples = 1, kShape = 1;

// ---- TILE

// The output seen as [multiple, size] for each dimension of the input.
CopyDims tiles(const Tensor& input, const Shape& out) {
  CopyDims dims;
  dims.element = element_bytes(input.type);
  if (out.elements() == 0) return {0, 0, {}};
  const Steps in_steps = dense_steps(input.shape, dims.element);
  const Steps out_steps = dense_steps(out, dims.element);
  for (int32_t d = 0; d < out.rank; ++d) {
    const int32_t size = input.shape[d];
    dims.add(out[d] / size, 0, size * out_steps.of[d]);
    dims.add(size, in_steps.of[d], out_steps.of[d]);
  }
  return dims;
}

Status prepare_tile(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& input = p.input(kInput);
  const Tensor& multiples = p.input(kMultiples);
  PIPIT_TRY(need_type(p, input, kByteTypes | types(Type::kString)));
  PIPIT_TRY(same_type(p, input, p.output(0)));
  PIPIT_TRY(need_type(p, multiples, types(Type::kInt32, Type::kInt64)));
  if (multiples.elements() != input.shape.rank) {
    return p.bad("multiples ", multiples, " are not one for each dimension of ", input);
  }
  if (!p.values_known(kMultiples)) return p.defer();
  Shape shape = input.shape;
  for (int32_t d = 0; d < shape.rank; ++d) {
    const int64_t multiple = integer(multiples, d);
    if (multiple < 0 || (shape[d] > 0 && multiple > INT32_MAX / shape[d])) {
      return p.bad("dimension ", d, " of ", input, " cannot be repeated ", multiple, " times");
    }
    shape[d] = shape[d] == 0 ? 0 : static_cast<int32_t>(multiple * shape[d]);
  }
  PIPIT_TRY(p.set_output(0, shape));
  return move(p, 0, 0, tiles(input, shape));
}

// ---- BROADCAST_TO

Status prepare_broadcast_to(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& input = p.input(kInput);
  const Tensor& asked = p.input(kShape);
  PIPIT_TRY(need_type(p, input, kByteTypes));
  PIPIT_TRY(same_type(p, input, p.output(0)));
  PIPIT_TRY(need_type(p, asked, types(Type::kInt32, Type::kInt64)));
  if (asked.shape.rank != 1) return p.bad("shape ", asked, " is not a vector");
  if (!p.values_known(kShape)) return p.defer();
  Shape shape;
  PIPIT_TRY(shape_from(p, asked, &shape));
  const int32_t added = shape.rank - input.shape.rank;
  if (added < 0) return p.bad(input, " has more dimensions than ", shape);
  for (int32_t d = 0; d < input.shape.rank; ++d) {
    if (input.shape[d] == 1 || input.shape[d] == shape[added + d]) continue;
    return p.bad(input, " cannot be broadcast to ", shape);
  }
  PIPIT_TRY(p.set_output(0, shape));
  CopyDims dims;
  dims.element = element_bytes(input.type);
  const Steps in = dense_steps(input.shape, dims.element);
  const Steps out = dense_steps(shape, dims.element);
  for (int32_t d = 0; d < shape.rank; ++d) {
    const bool repeated = d < added || input.shape[d - added] == 1;
    dims.add(shape[d], repeated ? 0 : in.of[d - added], out.of[d]);
  }
  return move(p, 0, 0, dims);
}

}  // namespace

const Op kTile = {builtin(fb::BuiltinOperator::TILE), "TILE", prepare_tile};
const Op kBroadcastTo = {builtin(fb::BuiltinOperator::BROADCAST_TO), "BROADCAST_TO",
                         prepare_broadcast_to};

}  // namespace pipit
