// SPDX-License-Identifier: Apache-2.0
// CUMSUM: running sums along one dimension, with or without the element itself, from either end.
//
//   out[o, i, j] = sum over k <= i of in[o, k, j]     exclusive: k < i     reverse: k >= i, k > i
//
//   1 2 3 4:  1 3 6 10    exclusive: 0 1 3 6    reverse: 10 9 7 4    both: 9 7 4 0
#include "kernels/math/fold.h"
#include "kernels/ops.h"
#include "kernels/ops/by_type.h"
#include "kernels/ops/moves.h"
#include "kernels/ops/quantized_sum.h"

namespace pipit {
namespace {

struct Params {
  int32_t outer, size, inner;  // the dimensions before, along and behind the axis
  bool exclusive, reverse;
  QuantizedSum quantized;
};

template <class T>
Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const ptrdiff_t block = ptrdiff_t{p.size} * p.inner;
  const ptrdiff_t step = p.reverse ? -ptrdiff_t{p.inner} : p.inner;
  const ptrdiff_t first = p.reverse ? block - p.inner : 0;
  const FoldSum<T> add;
  for (int32_t o = 0; o < p.outer; ++o) {
    const T* in = s.input(0).as<T>() + o * block + first;
    T* out = s.output(0).as<T>() + o * block + first;
    // A step along the axis is a whole row of `inner` numbers, each with a sum of its own.
    for (int32_t j = 0; j < p.inner; ++j) out[j] = p.exclusive ? T{0} : in[j];
    for (int32_t i = 1; i < p.size; ++i, in += step, out += step) {
      const T* next = p.exclusive ? in : in + step;
      for (int32_t j = 0; j < p.inner; ++j) out[step + j] = add(out[j], next[j]);
    }
  }
  return {};
}

// Sums of int8: in units that leave room for a fraction, from which each element is made.
Status run_s8(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const ptrdiff_t step = p.reverse ? -ptrdiff_t{p.inner} : p.inner;
  for (int32_t i = 0; i < p.outer * p.inner; ++i) {
    const ptrdiff_t first =
        (ptrdiff_t{i / p.inner} * p.size + (p.reverse ? p.size - 1 : 0)) * p.inner;
    const int8_t* in = s.input(0).as<int8_t>() + first + i % p.inner;
    int8_t* out = s.output(0).as<int8_t>() + first + i % p.inner;
    uint32_t sum = p.quantized.start();
    for (int32_t k = 0; k < p.size; ++k, in += step, out += step) {
      const uint32_t with = sum + p.quantized.term(*in);
      *out = p.quantized.result(p.exclusive ? sum : with);
      sum = with;
    }
  }
  return {};
}

RunFn run_for(Type type) {
  if (type == Type::kInt8) return run_s8;
  return by_type<float, int32_t, int64_t>(type, []<class T> { return run<T>; });
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& in = p.input(0);
  const Tensor& axes = p.input(1);
  const RunFn run = run_for(in.type);
  if (run == nullptr) return p.unsupported("input ", in);
  PIPIT_TRY(same_type(p, in, p.output(0)));
  if (axes.type != Type::kInt32 || axes.elements() != 1) {
    return p.bad("axis ", axes, " is not one int32");
  }
  if (!p.values_known(1)) return p.defer();
  int32_t axis = 0;
  PIPIT_TRY(resolve_axis(p, integer(axes, 0), in.shape.rank, &axis));
  PIPIT_TRY(p.set_output(0, in.shape));
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  const auto* o = options<fb::CumsumOptions>(p);
  *params = {in.shape.product(0, axis),
             in.shape[axis],
             in.shape.product(axis + 1, in.shape.rank),
             o != nullptr && o->exclusive(),
             o != nullptr && o->reverse(),
             {}};
  if (in.type == Type::kInt8) PIPIT_TRY(find_quantized_sum(p, &params->quantized));
  // run() begins with the first row, which is not there then.
  if (in.elements() == 0) params->outer = 0;
  return p.run(run, params, "portable");
}

}  // namespace

const Op kCumsum = {builtin(fb::BuiltinOperator::CUMSUM), "CUMSUM", prepare};

}  // namespace pipit
