// SPDX-License-Identifier: Apache-2.0
// BITCAST: the same bytes as another type. Between types of different size, the last dimension
// holds the parts of a larger element. So int32 [3] becomes int8 [3, 4], and back.
#include "kernels/ops.h"
#include "kernels/ops/unary.h"

namespace pipit {
namespace {

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  const Tensor& in = p.input(0);
  const int from = whole_bytes(in.type), to = whole_bytes(p.output(0).type);
  if (from < 1 || to < 1) return p.unsupported("from ", in.type, " to ", p.output(0).type);
  Shape shape = in.shape;
  if (from > to) {
    if (shape.rank == Shape::kMaxRank) return p.unsupported("input of shape ", shape);
    shape[shape.rank++] = from / to;
  } else if (from < to) {
    if (shape.rank < 1 || shape.last() != to / from) {
      return p.bad("input ", in, " has not ", to / from,
                   " elements in the last dimension for each ", p.output(0).type);
    }
    --shape.rank;
  }
  return plan_copy(p, shape);
}

}  // namespace

const Op kBitcast = {builtin(fb::BuiltinOperator::BITCAST), "BITCAST", prepare};

}  // namespace pipit
