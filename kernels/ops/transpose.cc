// SPDX-License-Identifier: Apache-2.0
// TRANSPOSE: dimensions in another order.
//
//   out[i_0, i_1, ...] = in[j_0, j_1, ...] with j[permutation[d]] = i[d]
//
//   a tensor [2, 3, 4] and the permutation 2 0 1 give [4, 2, 3]: out[k, i, j] = in[i, j, k]
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int kInput = 0, kPermutation = 1;

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& input = p.input(kInput);
  const Tensor& permutation = p.input(kPermutation);
  PIPIT_TRY(need_type(p, input, kByteTypes | types(Type::kInt4)));
  PIPIT_TRY(same_type(p, input, p.output(0)));
  PIPIT_TRY(need_type(p, permutation, types(Type::kInt32)));
  if (permutation.shape != Shape::of(input.shape.rank)) {
    return p.bad("permutation ", permutation, " is not one number for each dimension of ", input);
  }
  if (!p.values_known(kPermutation)) return p.defer();
  CopyDims dims;
  dims.element = element_bytes(input.type);
  const Steps in = dense_steps(input.shape, dims.element);
  Shape shape;
  int32_t from[Shape::kMaxRank];
  bool used[Shape::kMaxRank] = {};
  for (int32_t d = 0; d < input.shape.rank; ++d) {
    PIPIT_TRY(resolve_axis(p, integer(permutation, d), input.shape.rank, &from[d]));
    if (used[from[d]]) return p.bad("permutation ", permutation, " names a dimension twice");
    used[from[d]] = true;
    shape[shape.rank++] = input.shape[from[d]];
  }
  PIPIT_TRY(p.set_output(0, shape));
  const Steps out = dense_steps(shape, dims.element);
  // The loops are those of the output, and step through the input as its dimensions lie there.
  for (int32_t d = 0; d < shape.rank; ++d) dims.add(shape[d], in.of[from[d]], out.of[d]);
  return move(p, 0, 0, dims);
}

}  // namespace

const Op kTranspose = {builtin(fb::BuiltinOperator::TRANSPOSE), "TRANSPOSE", prepare};

}  // namespace pipit
