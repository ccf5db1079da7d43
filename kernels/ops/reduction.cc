// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/reduction.h"

#include "kernels/ops/moves.h"

namespace pipit {
namespace {

// Which of the input's dimensions are reduced, a bit for each. A scalar has none, whatever the
// axes. An axis that is named twice counts once.
Status reduced_dimensions(const Prepare& p, uint32_t* reduced) {
  const int32_t rank = p.input(0).shape.rank;
  const int32_t* axes = p.values<int32_t>(1);
  *reduced = 0;
  for (int32_t i = 0; rank > 0 && i < p.input(1).elements(); ++i) {
    int32_t axis = 0;
    PIPIT_TRY(resolve_axis(p, axes[i], rank, &axis));
    *reduced |= uint32_t{1} << axis;
  }
  return {};
}

}  // namespace

Status check_reduction(const Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  if (p.input(1).type != Type::kInt32) return p.unsupported("axes ", p.input(1), ": int32 only");
  PIPIT_TRY(same_type(p, in, out));
  for (const Tensor* t : {&in, &out}) {
    if (t->type == Type::kInt16) PIPIT_TRY(need_symmetric(p, *t));
  }
  return {};
}

Status plan_reduction(Prepare& p, Reduce* reduce, int64_t* count) {
  const Shape& in = p.input(0).shape;
  const auto* o = options<fb::ReducerOptions>(p);
  const bool keep_dims = o != nullptr && o->keep_dims();
  uint32_t reduced = 0;
  PIPIT_TRY(reduced_dimensions(p, &reduced));
  Shape out, kept = in;
  *count = 1;
  for (int32_t i = 0; i < in.rank; ++i) {
    const bool is_reduced = (reduced >> i & 1) != 0;
    if (is_reduced) {
      *count *= in[i];
      kept[i] = 1;
    }
    if (keep_dims || !is_reduced) out[out.rank++] = kept[i];
  }
  PIPIT_TRY(p.set_output(0, out));
  // The totals are to the input what a repeated operand is to a result: they stand still along
  // reduced dimensions. That the output drops those changes no address.
  const BroadcastDims totals = {kept.dims, kept.rank};
  reduce->walk = make_broadcast({in.dims, in.rank}, &totals, 1);
  reduce->outputs = out.elements();
  return {};
}

}  // namespace pipit
