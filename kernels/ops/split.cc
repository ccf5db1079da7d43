// SPDX-License-Identifier: Apache-2.0
// SPLIT, SPLIT_V, UNPACK: a tensor cut along an axis.
//
// As CONCATENATION, from the other end: rows are the dimensions before the axis, and each output
// has its columns of every row.
//
//   SPLIT_V of a b c d e f into sizes 1 -1 2:   a | b c d | e f
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr TypeSet kSplitTypes = kFloat8Types | types(Type::kFloat32, Type::kUInt8, Type::kInt8,
                                                     Type::kInt16, Type::kInt32, Type::kInt64);
constexpr TypeSet kUnpackTypes =
    kFloat8Types | types(Type::kInt32, Type::kFloat32, Type::kFloat16, Type::kBFloat16,
                         Type::kUInt8, Type::kInt8, Type::kInt16, Type::kBool);

// Copies columns of the input to the outputs; its rows are the dimensions before `axis`.
Status copy_columns(Prepare& p, int32_t from, int32_t axis) {
  const Tensor& input = p.input(from);
  const int32_t rows = input.shape.product(0, axis);
  Moves moves(p);
  PIPIT_TRY(moves.begin(p.outputs()));
  // Without elements there might be no rows to divide by.
  if (input.elements() == 0) return moves.finish();
  const int32_t row = input.elements() / rows * element_bytes(input.type);
  int32_t column = 0;
  for (int i = 0; i < p.outputs(); ++i) {
    CopyDims dims;
    dims.element = p.output(i).elements() / rows * element_bytes(input.type);
    dims.add(rows, row, dims.element);
    PIPIT_TRY(moves.add(from, column, i, 0, dims));
    column += dims.element;
  }
  return moves.finish();
}

void set_output_types(Prepare& p, Type type) {
  for (int i = 0; i < p.outputs(); ++i) p.set_output_type(i, type);
}

Status read_axis(const Prepare& p, int tensor, int value, int32_t* axis) {
  return resolve_axis(p, integer(p.input(tensor), 0), p.input(value).shape.rank, axis);
}

Status check_axis(const Prepare& p, int i) {
  PIPIT_TRY(need_type(p, p.input(i), types(Type::kInt32)));
  return p.input(i).elements() == 1 ? Status() : p.bad("axis ", p.input(i), " is not one number");
}

// ---- SPLIT: parts of one size

Status prepare_split(Prepare& p) {
  constexpr int kAxis = 0, kValue = 1;
  const auto* o = options<fb::SplitOptions>(p);
  const int32_t parts = o == nullptr ? 0 : o->num_splits();
  if (parts < 1) return p.bad("splits into ", parts, " parts");
  PIPIT_TRY(p.arity(2, 2, parts));
  const Tensor& value = p.input(kValue);
  PIPIT_TRY(need_type(p, value, kSplitTypes));
  set_output_types(p, value.type);
  PIPIT_TRY(check_axis(p, kAxis));
  if (!p.values_known(kAxis)) return p.defer();
  int32_t axis = 0;
  PIPIT_TRY(read_axis(p, kAxis, kValue, &axis));
  Shape shape = value.shape;
  if (shape[axis] % parts != 0) {
    return p.bad("dimension ", axis, " of ", value, " does not split into ", parts);
  }
  shape[axis] /= parts;
  for (int i = 0; i < parts; ++i) PIPIT_TRY(p.set_output(i, shape));
  return copy_columns(p, kValue, axis);
}

// ---- SPLIT_V: parts of given sizes, of which one may be -1: what is left

Status read_sizes(Prepare& p, const Tensor& sizes, int32_t axis) {
  Shape shape = p.input(0).shape;
  const int32_t whole = shape[axis];
  int64_t sum = 0;
  int open = -1;
  for (int i = 0; i < p.outputs(); ++i) {
    const int64_t size = integer(sizes, i);
    if (size < -1 || size > whole) return p.bad("part ", i, " would have size ", size);
    if (size == -1 && open >= 0) return p.bad("parts ", open, " and ", i, " both have size -1");
    if (size == -1) open = i;
    sum += size == -1 ? 0 : size;
  }
  if (sum > whole || (open < 0 && sum != whole)) {
    return p.bad("the parts of dimension ", axis, " of ", shape, " have ", sum, " in all");
  }
  for (int i = 0; i < p.outputs(); ++i) {
    shape[axis] = static_cast<int32_t>(i == open ? whole - sum : integer(sizes, i));
    PIPIT_TRY(p.set_output(i, shape));
  }
  return {};
}

Status prepare_split_v(Prepare& p) {
  constexpr int kValue = 0, kSizes = 1, kAxis = 2;
  const auto* o = options<fb::SplitVOptions>(p);
  const int32_t parts = o == nullptr ? 0 : o->num_splits();
  if (parts < 1) return p.bad("splits into ", parts, " parts");
  PIPIT_TRY(p.arity(3, 3, parts));
  const Tensor& value = p.input(kValue);
  const Tensor& sizes = p.input(kSizes);
  PIPIT_TRY(need_type(p, value, kSplitTypes));
  set_output_types(p, value.type);
  PIPIT_TRY(need_type(p, sizes, types(Type::kInt32, Type::kInt64)));
  if (sizes.shape != Shape::of(parts)) return p.bad(sizes, " is not one size for each part");
  PIPIT_TRY(check_axis(p, kAxis));
  if (!p.values_known(kSizes) || !p.values_known(kAxis)) return p.defer();
  int32_t axis = 0;
  PIPIT_TRY(read_axis(p, kAxis, kValue, &axis));
  PIPIT_TRY(read_sizes(p, sizes, axis));
  return copy_columns(p, kValue, axis);
}

// ---- UNPACK: each index of a dimension on its own

Status prepare_unpack(Prepare& p) {
  const auto* o = options<fb::UnpackOptions>(p);
  const int32_t parts = o == nullptr ? 0 : o->num();
  PIPIT_TRY(p.arity(1, 1, parts));
  const Tensor& input = p.input(0);
  PIPIT_TRY(need_type(p, input, kUnpackTypes));
  if (input.elements() == 0) return p.bad(input, " is empty");
  int32_t axis = 0;
  PIPIT_TRY(resolve_axis(p, o == nullptr ? 0 : o->axis(), input.shape.rank, &axis));
  if (input.shape[axis] != parts) {
    return p.bad("dimension ", axis, " of ", input, " does not unpack into ", parts);
  }
  Shape shape;
  for (int32_t d = 0; d < input.shape.rank; ++d) {
    if (d != axis) shape[shape.rank++] = input.shape[d];
  }
  for (int i = 0; i < parts; ++i) {
    PIPIT_TRY(same_type(p, input, p.output(i)));
    PIPIT_TRY(same_quantization(p, input, p.output(i)));
    PIPIT_TRY(p.set_output(i, shape));
  }
  return copy_columns(p, 0, axis);
}

}  // namespace

const Op kSplit = {builtin(fb::BuiltinOperator::SPLIT), "SPLIT", prepare_split};
const Op kSplitV = {builtin(fb::BuiltinOperator::SPLIT_V), "SPLIT_V", prepare_split_v};
const Op kUnpack = {builtin(fb::BuiltinOperator::UNPACK), "UNPACK", prepare_unpack};

}  // namespace pipit
