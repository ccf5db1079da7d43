// SPDX-License-Identifier: Apache-2.0
// RESHAPE, SQUEEZE, EXPAND_DIMS: the same bytes under another shape.
//
//   RESHAPE [2, 6] to [3, -1] is [3, 4]; SQUEEZE [1, 3, 1] is [3]; EXPAND_DIMS [3] at 0 is [1, 3]
#include <cstring>

#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int kInput = 0, kShape = 1, kAxis = 1;

Status run(const Step& s, Run&) {
  const Tensor& in = s.input(kInput);
  const Tensor& out = s.output(0);
  if (out.data != in.data && out.bytes != 0) std::memcpy(out.data, in.data, out.bytes);
  return {};
}

// Mostly an alias, and nothing to do while running. A string tensor's buffer has the count and the
// bytes of its strings in it, so its size is known only with them.
Status reinterpret(Prepare& p, const Shape& shape) {
  const Tensor& input = p.input(kInput);
  if (input.type == Type::kString) {
    if (!p.late()) return p.defer();
    PIPIT_TRY(p.set_output_strings(0, shape, input.bytes));
    return p.run(run);
  }
  PIPIT_TRY(p.set_output(0, shape));
  p.alias(0, kInput);
  return p.run(run);
}

Status check_types(const Prepare& p) {
  if (p.input(kInput).type == Type::kVariant) return p.unsupported(p.input(kInput));
  return same_type(p, p.input(kInput), p.output(0));
}

// ---- RESHAPE

// Stops as soon as the product is too large for a shape: the file's numbers are not checked yet.
int64_t product_without_zeros(const Shape& shape) {
  int64_t n = 1;
  for (int32_t i = 0; i < shape.rank; ++i) {
    if (shape[i] != 0) n *= shape[i];
    if (n > INT32_MAX) return n;
  }
  return n;
}

// Finds the size of the one dimension that may be -1. Zeros are counted as ones where they are in
// both shapes: [0,6] as [0,-1,2] is [0,3,2].
Status infer_dimension(const Prepare& p, const Shape& from, Shape* to) {
  const Shape asked = *to;
  int32_t unknown = -1;
  bool has_zero = false;
  for (int32_t i = 0; i < to->rank; ++i) {
    if (asked[i] < -1) return p.bad("dimension ", i, " of the new shape ", asked, " is negative");
    has_zero |= asked[i] == 0;
    if (asked[i] != -1) continue;
    if (unknown >= 0) return p.bad("the new shape ", asked, " leaves two dimensions open");
    unknown = i;
    (*to)[i] = 1;
  }
  if (unknown >= 0) {
    const int64_t rest = product_without_zeros(*to);
    const bool empty = from.elements() == 0 && !has_zero;
    (*to)[unknown] = empty ? 0 : static_cast<int32_t>(product_without_zeros(from) / rest);
  }
  if (product_without_zeros(*to) > INT32_MAX || to->elements() != from.elements()) {
    return p.bad("input of shape ", from, " cannot be reshaped to ", asked);
  }
  return {};
}

// The new shape: a vector of int32 as second input, or else the options. A second input of another
// kind is passed over, as in TensorFlow Lite.
bool has_shape_input(const Prepare& p) {
  return p.has_input(kShape) && p.input(kShape).shape.rank == 1 &&
         p.input(kShape).type == Type::kInt32;
}

Status shape_input(const Prepare& p, Shape* shape) {
  const Tensor& t = p.input(kShape);
  if (t.elements() > Shape::kMaxRank) {
    return p.unsupported(t, " asks for more than ", Shape::kMaxRank, " dimensions");
  }
  shape->rank = t.elements();
  for (int32_t i = 0; i < shape->rank; ++i) (*shape)[i] = t.as<int32_t>()[i];
  return {};
}

Status shape_option(const Prepare& p, Shape* shape) {
  const auto* o = options<fb::ReshapeOptions>(p);
  if (o == nullptr || o->new_shape() == nullptr) return {};
  const auto& dims = *o->new_shape();
  if (dims.size() > Shape::kMaxRank) {
    return p.unsupported("the new shape has ", dims.size(), " dimensions, more than ",
                         Shape::kMaxRank);
  }
  for (const int32_t d : dims) (*shape)[shape->rank++] = d;
  if (shape->rank == 1 && dims[0] == 0) shape->rank = 0;  // how old converters wrote a scalar
  return {};
}

Status prepare_reshape(Prepare& p) {
  PIPIT_TRY(p.arity(1, 2, 1));
  PIPIT_TRY(check_types(p));
  Shape shape;
  if (has_shape_input(p)) {
    if (!p.values_known(kShape)) return p.defer();
    PIPIT_TRY(shape_input(p, &shape));
  } else {
    PIPIT_TRY(shape_option(p, &shape));
  }
  PIPIT_TRY(infer_dimension(p, p.input(kInput).shape, &shape));
  return reinterpret(p, shape);
}

// ---- SQUEEZE

Status prepare_squeeze(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(check_types(p));
  const Shape& in = p.input(kInput).shape;
  const auto* o = options<fb::SqueezeOptions>(p);
  const auto* axes = o == nullptr ? nullptr : o->squeeze_dims();
  const bool all = axes == nullptr || axes->size() == 0;
  bool drop[Shape::kMaxRank] = {};
  for (int32_t i = 0; i < in.rank; ++i) drop[i] = all && in[i] == 1;
  // Without a list of dimensions, all of size 1 go.
  for (unsigned i = 0; !all && i < axes->size(); ++i) {
    int32_t axis = 0;
    PIPIT_TRY(resolve_axis(p, axes->Get(i), in.rank, &axis));
    if (in[axis] != 1) return p.bad("dimension ", axis, " of ", in, " is not 1");
    drop[axis] = true;
  }
  Shape out;
  for (int32_t i = 0; i < in.rank; ++i) {
    if (!drop[i]) out[out.rank++] = in[i];
  }
  return reinterpret(p, out);
}

// ---- EXPAND_DIMS

Status prepare_expand_dims(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& input = p.input(kInput);
  const Tensor& axis_tensor = p.input(kAxis);
  p.set_output_type(0, input.type);
  PIPIT_TRY(check_types(p));
  PIPIT_TRY(same_quantization(p, input, p.output(0)));
  if (input.type == Type::kInt16 && input.zero_point != 0) {
    return p.unsupported(input, ": int16 with zero point ", input.zero_point);
  }
  PIPIT_TRY(need_type(p, axis_tensor, types(Type::kInt32, Type::kInt64)));
  if (axis_tensor.elements() != 1) return p.bad("axis ", axis_tensor, " is not one number");
  if (input.shape.rank == Shape::kMaxRank) return p.unsupported(input, " has no room for one more");
  if (!p.values_known(kAxis)) return p.defer();
  int32_t axis = 0;
  PIPIT_TRY(resolve_axis(p, integer(axis_tensor, 0), input.shape.rank + 1, &axis));
  Shape out;
  for (int32_t i = 0; i < input.shape.rank; ++i) {
    if (i == axis) out[out.rank++] = 1;
    out[out.rank++] = input.shape[i];
  }
  if (axis == input.shape.rank) out[out.rank++] = 1;
  return reinterpret(p, out);
}

}  // namespace

const Op kReshape = {builtin(fb::BuiltinOperator::RESHAPE), "RESHAPE", prepare_reshape};
const Op kSqueeze = {builtin(fb::BuiltinOperator::SQUEEZE), "SQUEEZE", prepare_squeeze};
const Op kExpandDims = {builtin(fb::BuiltinOperator::EXPAND_DIMS), "EXPAND_DIMS",
                        prepare_expand_dims};

}  // namespace pipit
