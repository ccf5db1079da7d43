// SPDX-License-Identifier: Apache-2.0
// MATRIX_DIAG: vectors as diagonals of matrices of zeros; MATRIX_SET_DIAG: matrices with another
// diagonal.
//
//   out[n, i, i] = diagonal[n, i],  out[n, i, j] = 0 or in[n, i, j] elsewhere
//
// From one element of a diagonal to the next is a row and one element more.
#include <algorithm>

#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr TypeSet kTypes = types(Type::kInt64, Type::kInt32, Type::kInt16, Type::kInt8,
                                 Type::kUInt8, Type::kFloat32, Type::kBool);

// Copies the vectors of input `from` to the diagonals of the output.
Status copy_diagonals(const Prepare& p, int32_t from, Moves* moves) {
  const Shape& out = p.output(0).shape;
  if (out.elements() == 0) return {};
  const int32_t rows = out[out.rank - 2], columns = out.last();
  const int32_t length = std::min(rows, columns);
  CopyDims dims;
  dims.element = element_bytes(p.output(0).type);
  dims.add(out.product(0, out.rank - 2), length * dims.element, rows * columns * dims.element);
  dims.add(length, dims.element, (columns + 1) * dims.element);
  return moves->add(from, 0, 0, 0, dims);
}

Status prepare_diag(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  const Tensor& input = p.input(0);
  PIPIT_TRY(need_type(p, input, kTypes));
  p.set_output_type(0, input.type);
  if (input.shape.rank < 1) return p.bad(input, " is a scalar");
  if (input.shape.rank == Shape::kMaxRank) return p.unsupported(input, " has no room for one more");
  Shape shape = input.shape;
  shape[shape.rank++] = input.shape.last();
  PIPIT_TRY(p.set_output(0, shape));
  Moves moves(p);
  PIPIT_TRY(moves.begin(2));
  PIPIT_TRY(moves.fill(Moves::kValue));
  PIPIT_TRY(copy_diagonals(p, 0, &moves));
  return moves.finish();
}

Status prepare_set_diag(Prepare& p) {
  constexpr int kInput = 0, kDiagonal = 1;
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& input = p.input(kInput);
  const Tensor& diagonal = p.input(kDiagonal);
  PIPIT_TRY(need_type(p, input, kTypes));
  PIPIT_TRY(same_type(p, input, diagonal));
  p.set_output_type(0, input.type);
  const Shape& shape = input.shape;
  if (shape.rank < 2) return p.bad(input, " is no matrix");
  const int32_t length = std::min(shape[shape.rank - 2], shape.last());
  if (diagonal.elements() != int64_t{shape.product(0, shape.rank - 2)} * length) {
    return p.bad(diagonal, " does not fill the diagonal of ", input);
  }
  PIPIT_TRY(p.set_output(0, shape));
  Moves moves(p);
  PIPIT_TRY(moves.begin(2));
  CopyDims all;
  all.element = static_cast<int32_t>(input.bytes);
  PIPIT_TRY(moves.add(kInput, 0, 0, 0, all));
  PIPIT_TRY(copy_diagonals(p, kDiagonal, &moves));
  PIPIT_TRY(moves.finish());
  // The first copy does nothing then.
  p.in_place(0, kInput);
  return {};
}

}  // namespace

const Op kMatrixDiag = {builtin(fb::BuiltinOperator::MATRIX_DIAG), "MATRIX_DIAG", prepare_diag};
const Op kMatrixSetDiag = {builtin(fb::BuiltinOperator::MATRIX_SET_DIAG), "MATRIX_SET_DIAG",
                           prepare_set_diag};

}  // namespace pipit
