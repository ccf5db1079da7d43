// SPDX-License-Identifier: Apache-2.0
// SCATTER_ND: slices are added up at given indices of a tensor of zeros.
//
//   out[indices[i, 0], indices[i, 1], ..., s] += updates[i, s]      s: the dimensions of a slice
//
//   shape [3, 2], indices [0, 1] [2, 0] [0, 1], updates 1 2 3:   0 4
//                                                                0 0
//                                                                2 0
#include <algorithm>

#include "kernels/math/fold.h"
#include "kernels/ops.h"
#include "kernels/ops/by_type.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int kIndices = 0, kUpdates = 1, kShape = 2;

struct Params {
  int32_t slices, slice;  // their number and their elements
  int32_t numbers;        // of an index
};

// The first number of an index that lies outside, or -1.
int32_t find_outside(const Params& p, const Shape& out, const int32_t* index) {
  for (int32_t d = 0; d < p.numbers; ++d) {
    if (index[d] < 0 || index[d] >= out[d]) return d;
  }
  return -1;
}

// Where the slice of an index begins.
int64_t find_slice(const Params& p, const Shape& out, const int32_t* index) {
  int64_t at = 0;
  for (int32_t d = 0; d < p.numbers; ++d) at = at * out[d] + index[d];
  return at * p.slice;
}

template <class T, class Fold>
Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const int32_t* index = s.input(kIndices).as<int32_t>();
  const T* in = s.input(kUpdates).as<T>();
  T* out = s.output(0).as<T>();
  const Fold add;
  std::fill_n(out, s.output(0).elements(), T{0});
  for (int32_t i = 0; i < p.slices; ++i, index += p.numbers, in += p.slice) {
    const Shape& shape = s.output(0).shape;
    if (const int32_t d = find_outside(p, shape, index); d >= 0) {
      return run.fail(s, "index ", i, " is ", index[d], " in dimension ", d, " of ", shape);
    }
    const int64_t at = find_slice(p, shape, index);
    for (int32_t j = 0; j < p.slice; ++j) out[at + j] = add(out[at + j], in[j]);
  }
  return {};
}

RunFn run_for(Type type) {
  if (type == Type::kBool) return run<uint8_t, FoldAny>;
  return by_type<float, uint8_t, int8_t, int64_t, int32_t>(
      type, []<class T> { return run<T, FoldSum<T>>; });
}

// Indices [outer dimensions, numbers], updates [outer dimensions, dimensions of a slice], where a
// slice has the output's dimensions behind the first `numbers`.
Status check_shapes(const Prepare& p, const Shape& out, Params* params) {
  const Shape& indices = p.input(kIndices).shape;
  const Shape& updates = p.input(kUpdates).shape;
  const int32_t outer = indices.rank - 1;
  const int32_t numbers = outer < 0 ? 0 : indices[outer];
  const bool fits =
      outer >= 0 && updates.rank >= 1 && outer <= updates.rank && numbers <= out.rank &&
      updates.rank - outer == out.rank - numbers &&
      std::equal(indices.dims, indices.dims + outer, updates.dims) &&
      std::equal(updates.dims + outer, updates.dims + updates.rank, out.dims + numbers);
  if (!fits) {
    return p.bad("indices ", p.input(kIndices), " and updates ", p.input(kUpdates),
                 " do not fit into ", out);
  }
  *params = {updates.product(0, outer), updates.product(outer, updates.rank), numbers};
  return {};
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(3, 3, 1));
  PIPIT_TRY(need_type(p, p.input(kIndices), types(Type::kInt32)));
  PIPIT_TRY(same_type(p, p.input(kIndices), p.input(kShape)));
  if (p.input(kShape).shape.rank != 1) return p.bad("shape ", p.input(kShape), " is not a list");
  const RunFn run = run_for(p.input(kUpdates).type);
  if (run == nullptr) return p.unsupported("updates ", p.input(kUpdates));
  p.set_output_type(0, p.input(kUpdates).type);
  if (!p.values_known(kShape)) return p.defer();
  Shape out;
  PIPIT_TRY(shape_from(p, p.input(kShape), &out));
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(check_shapes(p, out, params));
  PIPIT_TRY(p.set_output(0, out));
  return p.run(run, params, "portable");
}

}  // namespace

const Op kScatterNd = {builtin(fb::BuiltinOperator::SCATTER_ND), "SCATTER_ND", prepare};

}  // namespace pipit
