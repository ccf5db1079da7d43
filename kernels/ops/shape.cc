// SPDX-License-Identifier: Apache-2.0
// SHAPE, RANK: what is known of a tensor before it has any value; BROADCAST_ARGS: the shape to
// which two shapes broadcast.
#include <algorithm>

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

// ---- BROADCAST_ARGS

// Dimension `i` from the end; dimensions that are not there are 1.
int64_t dimension(const Tensor& shape, int32_t i) {
  return i < shape.elements() ? integer(shape, shape.elements() - 1 - i) : 1;
}

Status run_broadcast_args(const Step& s, Run& run) {
  const Tensor& out = s.output(0);
  const int32_t rank = out.elements();
  for (int32_t i = 0; i < rank; ++i) {
    const int64_t a = dimension(s.input(0), i), b = dimension(s.input(1), i);
    if (a != b && a != 1 && b != 1) return run.fail(s, "sizes ", a, " and ", b, " do not agree");
    const int64_t size = a == 1 ? b : a;
    if (out.type == Type::kInt64) {
      out.as<int64_t>()[rank - 1 - i] = size;
    } else {
      out.as<int32_t>()[rank - 1 - i] = static_cast<int32_t>(size);
    }
  }
  return {};
}

// How many numbers the result has is known from the shapes alone, so nothing waits for the values.
Status prepare_broadcast_args(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor &a = p.input(0), &b = p.input(1);
  PIPIT_TRY(need_type(p, a, types(Type::kInt32, Type::kInt64)));
  PIPIT_TRY(same_type(p, a, b));
  PIPIT_TRY(same_type(p, a, p.output(0)));
  if (a.shape.rank != 1 || b.shape.rank != 1) return p.bad(a, " or ", b, " is not a vector");
  PIPIT_TRY(p.set_output(0, Shape::of(std::max(a.elements(), b.elements()))));
  return p.run(run_broadcast_args, nullptr, "portable");
}

}  // namespace

const Op kShape = {builtin(fb::BuiltinOperator::SHAPE), "SHAPE", prepare_shape};
const Op kRank = {builtin(fb::BuiltinOperator::RANK), "RANK", prepare_rank};
const Op kBroadcastArgs = {builtin(fb::BuiltinOperator::BROADCAST_ARGS), "BROADCAST_ARGS",
                           prepare_broadcast_args};

}  // namespace pipit
