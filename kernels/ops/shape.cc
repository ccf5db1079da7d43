// SPDX-License-Identifier: Apache-2.0
// SHAPE, RANK: what is known of a tensor before it has any value.
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

Status run_shape(const Step& s, Run&) {
  const Shape& shape = s.input(0).shape;
  for (int32_t i = 0; i < shape.rank; ++i) {
    if (s.output(0).type == Type::kInt64) {
      s.output(0).as<int64_t>()[i] = shape[i];
    } else {
      s.output(0).as<int32_t>()[i] = shape[i];
    }
  }
  return {};
}

Status prepare_shape(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  const auto* o = options<fb::ShapeOptions>(p);
  // The format's default, float32, is no type for a shape.
  const Type type = o == nullptr ? Type::kFloat32 : static_cast<Type>(o->out_type());
  if (type != Type::kInt32 && type != Type::kInt64) {
    return p.unsupported("output type ", type, ": int32 or int64 only");
  }
  p.set_output_type(0, type);
  PIPIT_TRY(p.set_output(0, Shape::of(p.input(0).shape.rank)));
  p.fold();
  return p.run(run_shape);
}

Status run_rank(const Step& s, Run&) {
  *s.output(0).as<int32_t>() = s.input(0).shape.rank;
  return {};
}

Status prepare_rank(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  p.set_output_type(0, Type::kInt32);
  PIPIT_TRY(p.set_output(0, Shape()));
  p.fold();
  return p.run(run_rank);
}

}  // namespace

const Op kShape = {builtin(fb::BuiltinOperator::SHAPE), "SHAPE", prepare_shape};
const Op kRank = {builtin(fb::BuiltinOperator::RANK), "RANK", prepare_rank};

}  // namespace pipit
