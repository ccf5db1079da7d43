// SPDX-License-Identifier: Apache-2.0
// TOPK_V2: the k largest values of each row and where they are, largest first. Of equal values the
// earlier one comes first, NaNs come last.
//
//   of 3 9 NaN 9 the 3 largest are 9 9 3, at 1 3 0
#include <algorithm>
#include <limits>

#include "kernels/ops.h"
#include "kernels/ops/by_type.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

struct Params {
  int32_t rows, size, k;
};

// Leaves the indices of the k largest values in `top`, which is kept as a heap whose front is the
// one to be replaced next. As no two indices are equal in this order, what comes out does not
// depend on how the heap is kept.
template <class T, class Index>
void find_top(const T* values, int32_t size, Index* top, int32_t k) {
  const auto before = [values](Index a, Index b) {
    const T x = values[a];
    const T y = values[b];
    const bool x_is_number = x == x;
    if (x_is_number != (y == y)) return x_is_number;
    return y < x || (!(x < y) && a < b);
  };
  Index* end = top + k;
  for (int32_t i = 0; i < k; ++i) top[i] = static_cast<Index>(i);
  std::make_heap(top, end, before);
  for (int32_t i = k; i < size; ++i) {
    const auto index = static_cast<Index>(i);
    if (!before(index, *top)) continue;
    std::pop_heap(top, end, before);
    end[-1] = index;
    std::push_heap(top, end, before);
  }
  std::sort_heap(top, end, before);
}

template <class T, class Index>
Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const T* in = s.input(0).as<T>();
  T* values = s.output(0).as<T>();
  Index* indices = s.output(1).as<Index>();
  for (int32_t r = 0; r < p.rows; ++r, in += p.size, values += p.k, indices += p.k) {
    find_top(in, p.size, indices, p.k);
    for (int32_t i = 0; i < p.k; ++i) values[i] = in[indices[i]];
  }
  return {};
}

template <class Index>
RunFn run_for(Type type) {
  return by_type<float, uint8_t, int8_t, int16_t, int32_t, int64_t>(
      type, []<class T> { return run<T, Index>; });
}

// A negative k counts as none.
Status set_shapes(Prepare& p, Params* params) {
  const Tensor& in = p.input(0);
  const int64_t k = std::max<int64_t>(integer(p.input(1), 0), 0);
  if (k > in.shape.last()) return p.bad("k is ", k, " for rows of ", in.shape.last());
  // Every place of a row must have a number of the index type.
  if (p.output(1).type == Type::kInt16 && in.shape.last() > std::numeric_limits<int16_t>::max()) {
    return p.bad("rows of ", in.shape.last(), " have no int16 indices");
  }
  Shape out = in.shape;
  out[out.rank - 1] = static_cast<int32_t>(k);
  // Nothing is searched for no values: the heap has a front.
  *params = {k == 0 ? 0 : in.shape.product(0, in.shape.rank - 1), in.shape.last(),
             static_cast<int32_t>(k)};
  PIPIT_TRY(p.set_output(0, out));
  return p.set_output(1, out);
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 2));
  const Tensor& in = p.input(0);
  const Tensor& k = p.input(1);
  PIPIT_TRY(same_type(p, in, p.output(0)));
  if ((k.type != Type::kInt32 && k.type != Type::kInt16) || k.elements() != 1) {
    return p.bad("k ", k, " is not one int32 or int16");
  }
  if (in.shape.rank < 1) return p.bad("input ", in, " has no dimensions");
  const Type index = p.output(1).type;
  if (index != Type::kInt32 && index != Type::kInt16) {
    return p.unsupported("indices ", p.output(1), ": int32 or int16 only");
  }
  const RunFn run = index == Type::kInt32 ? run_for<int32_t>(in.type) : run_for<int16_t>(in.type);
  if (run == nullptr) return p.unsupported("input ", in);
  if (!p.values_known(1)) return p.defer();
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(set_shapes(p, params));
  return p.run(run, params, "portable");
}

}  // namespace

const Op kTopkV2 = {builtin(fb::BuiltinOperator::TOPK_V2), "TOPK_V2", prepare};

}  // namespace pipit
