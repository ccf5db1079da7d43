// SPDX-License-Identifier: Apache-2.0
// SELECT and SELECT_V2: x where the condition holds, y elsewhere. Values are moved as they are.
//
//   out[...] = condition[...] ? x[...] : y[...], for SELECT_V2 with broadcasting
#include "kernels/ops.h"
#include "kernels/ops/binary.h"

namespace pipit {
namespace {

constexpr int kCondition = 0, kX = 1, kY = 2;

template <class T>
void select(const Broadcast& b, const uint8_t* condition, const T* x, const T* y, T* out) {
  for_each_run(b, [&](const int32_t* at, int32_t to) {
    for (int32_t i = 0; i < b.n; ++i) {
      const bool holds = condition[at[kCondition] + i * b.step[kCondition]] != 0;
      out[to + i] = holds ? x[at[kX] + i * b.step[kX]] : y[at[kY] + i * b.step[kY]];
    }
  });
}

template <class T>
Status run(const Step& s, Run&) {
  select(*s.params<Broadcast>(), s.input(kCondition).as<uint8_t>(), s.input(kX).as<T>(),
         s.input(kY).as<T>(), s.output(0).as<T>());
  return {};
}

RunFn run_for(Type type) {
  switch (type_bits(type)) {
    case 8:
      return run<uint8_t>;
    case 16:
      return run<uint16_t>;
    case 32:
      return run<uint32_t>;
    case 64:
      return run<uint64_t>;
    default:
      return nullptr;
  }
}

// SELECT: x and y have one shape. The condition has it, too, or is a scalar, or has one value for
// each index of their first dimension: then it is taken as [n,1,1,...].
Status find_shape(const Prepare& p, Shape* condition, Shape* out) {
  const Shape& x = p.input(kX).shape;
  if (x != p.input(kY).shape) {
    return p.bad(p.input(kX), " and ", p.input(kY), " differ in shape");
  }
  *out = x;
  if (*condition == x || condition->rank == 0) return {};
  if (condition->rank != 1 || x.rank < 1 || condition->dims[0] != x[0]) {
    return p.bad("condition ", p.input(kCondition), " does not fit ", p.input(kX));
  }
  condition->rank = x.rank;
  for (int i = 1; i < x.rank; ++i) condition->dims[i] = 1;
  return {};
}

Status plan(Prepare& p, const Shape& condition, const Shape& shape) {
  const RunFn run = run_for(p.input(kX).type);
  if (run == nullptr) return p.unsupported("type ", p.input(kX).type);
  PIPIT_TRY(p.set_output(0, shape));
  // The output can take the place of one operand that has its shape. Its elements are then read
  // where the results are written, one for one.
  for (const int i : {kX, kY}) {
    if (p.input(i).constant() || p.input(i).shape != shape) continue;
    p.in_place(0, i);
    break;
  }
  const Shape* shapes[] = {&condition, &p.input(kX).shape, &p.input(kY).shape};
  BroadcastDims operands[3];
  for (int i = 0; i < 3; ++i) operands[i] = {shapes[i]->dims, shapes[i]->rank};
  const auto* kept = keep(p, make_broadcast({shape.dims, shape.rank}, operands, 3));
  return kept == nullptr ? Status(Code::kArenaTooSmall) : p.run(run, kept, "portable");
}

template <bool broadcasts>
Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(3, 3, 1));
  PIPIT_TRY(need_type(p, p.input(kCondition), types(Type::kBool)));
  PIPIT_TRY(same_type(p, p.input(kX), p.input(kY)));
  p.set_output_type(0, p.input(kX).type);
  Shape condition = p.input(kCondition).shape;
  Shape shape = p.output(0).shape;
  const bool single = condition.elements() == 1 && p.input(kX).elements() == 1 &&
                      p.input(kY).elements() == 1 && p.output(0).elements() == 1;
  // Single values keep whatever rank the file gives the output.
  if (single) return plan(p, condition, shape);
  PIPIT_TRY(broadcasts ? broadcast_shape(p, 3, &shape) : find_shape(p, &condition, &shape));
  return plan(p, condition, shape);
}

}  // namespace

const Op kSelect = {builtin(fb::BuiltinOperator::SELECT), "SELECT", prepare<false>};
const Op kSelectV2 = {builtin(fb::BuiltinOperator::SELECT_V2), "SELECT_V2", prepare<true>};

}  // namespace pipit
