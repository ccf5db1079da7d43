// SPDX-License-Identifier: Apache-2.0
// STABLEHLO_SCATTER: a copy of the operand into which updates are folded at given indices. Updates
// that fall outside are left out. The function is a subgraph of one operator, or of none: the
// update then replaces.
//
//   out = operand, then for each update:  out[start + offset] = f(out[start + offset], update)
//
// with `start` and `offset` as in STABLEHLO_GATHER. Updates come in the order of their elements, so
// where two meet the later one is folded last.
//
// For example, updates [3, 4] to rows of a matrix [5, 4] by indices [3]:
//
//   index_vector_dim 1, scatter_dims_to_operand_dims 0, inserted_window_dims 0,
//   update_window_dims 1
#include <algorithm>
#include <cstring>

#include "kernels/math/fold.h"
#include "kernels/math/half.h"
#include "kernels/ops.h"
#include "kernels/ops/accumulate.h"
#include "kernels/ops/by_type.h"
#include "kernels/ops/index_vectors.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int kOperand = 0, kIndices = 1, kUpdates = 2;

// ---- functions

template <template <class> class F>
struct OfHalves {
  uint16_t operator()(uint16_t a, uint16_t b) const {
    return float_to_half(F<float>()(half_to_float(a), half_to_float(b)));
  }
};

template <class T>
struct Replace {
  T operator()(T, T x) const { return x; }
};

// `OfBools` folds bytes that are 0 or 1.
template <template <class> class F, class OfBools>
Accumulate of_type(Type type) {
  if (type == Type::kFloat16) return accumulate<uint16_t, OfHalves<F>>;
  if (type == Type::kBool) return accumulate<uint8_t, OfBools>;
  return by_type<float, double, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t,
                 uint64_t>(type, []<class T> { return accumulate<T, F<T>>; });
}

constexpr int32_t kNoOperator = -1;

Status find_function(const Prepare& p, int subgraph, Accumulate* fold) {
  int32_t code = 0;
  PIPIT_TRY(p.only_operator(subgraph, &code));
  const Type type = p.input(kOperand).type;
  *fold = nullptr;
  if (code == kNoOperator) *fold = of_type<Replace, Replace<uint8_t>>(type);
  if (code == builtin(fb::BuiltinOperator::STABLEHLO_ADD)) *fold = of_type<FoldSum, FoldAny>(type);
  if (code == builtin(fb::BuiltinOperator::STABLEHLO_MULTIPLY)) {
    *fold = of_type<FoldProduct, FoldAll>(type);
  }
  if (code == builtin(fb::BuiltinOperator::STABLEHLO_MAXIMUM)) {
    *fold = of_type<FoldMax, FoldAny>(type);
  }
  if (code == builtin(fb::BuiltinOperator::STABLEHLO_MINIMUM)) {
    *fold = of_type<FoldMin, FoldAll>(type);
  }
  if (*fold != nullptr) return {};
  return p.unsupported("function ", code, " of operand ", p.input(kOperand));
}

// ---- running

struct Params {
  IndexVectors vectors;
  // For each dimension of the updates: the operand's that it moves along, or -1 and elements of the
  // indices from one vector to the next.
  int32_t operand_dims[Shape::kMaxRank], vector_steps[Shape::kMaxRank];
  size_t element;  // bytes
  Accumulate fold;
};

// The operand's element that an update goes to, or -1.
int64_t find_target(const Step& s, const Params& p, const int32_t* update) {
  const Shape& updates = s.input(kUpdates).shape;
  const Shape& operand = s.input(kOperand).shape;
  int64_t at[Shape::kMaxRank] = {};
  int32_t vector = 0;
  for (int32_t d = 0; d < updates.rank; ++d) {
    if (p.operand_dims[d] >= 0) {
      at[p.operand_dims[d]] = update[d];
    } else {
      vector += update[d] * p.vector_steps[d];
    }
  }
  for (int32_t k = 0; k < p.vectors.size; ++k) {
    const int64_t index = integer(s.input(kIndices), vector + k * p.vectors.step);
    at[p.vectors.map[k]] += std::clamp<int64_t>(index, INT32_MIN, INT32_MAX);
  }
  int64_t target = 0;
  for (int32_t d = 0; d < operand.rank; ++d) {
    if (at[d] < 0 || at[d] >= operand[d]) return -1;
    target = target * operand[d] + at[d];
  }
  return target;
}

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const Tensor& updates = s.input(kUpdates);
  const uint8_t* in = updates.as<uint8_t>();
  uint8_t* out = s.output(0).as<uint8_t>();
  if (out != s.input(kOperand).data) {
    std::memcpy(out, s.input(kOperand).data, s.input(kOperand).bytes);
  }
  int32_t at[Shape::kMaxRank] = {};
  for (int32_t i = 0; i < updates.elements(); ++i, in += p.element) {
    const int64_t target = find_target(s, p, at);
    if (target >= 0) p.fold(out + static_cast<size_t>(target) * p.element, in);
    for (int32_t d = updates.shape.rank - 1; d >= 0 && ++at[d] == updates.shape[d]; --d) at[d] = 0;
  }
  return {};
}

// ---- preparing

// The updates' dimensions are those of a window, at the places that `update_window_dims` say, and
// between them those of the indices. A window has the operand's dimensions that are not inserted.
Status find_dimensions(const Prepare& p, const fb::StablehloScatterOptions& o, Params* params) {
  const Shape& updates = p.input(kUpdates).shape;
  const int32_t operand_rank = p.input(kOperand).shape.rank;
  const IndexVectors& v = params->vectors;
  uint32_t windows = 0, inserted = 0;
  PIPIT_TRY(dimension_set(p, "update_window_dims", o.update_window_dims(), updates.rank, &windows));
  PIPIT_TRY(
      dimension_set(p, "inserted_window_dims", o.inserted_window_dims(), operand_rank, &inserted));
  int32_t from_operand = 0, from_vectors = 0;
  const auto skip_inserted = [&] {
    while (from_operand < operand_rank && contains(inserted, from_operand)) ++from_operand;
  };
  bool fits = true;
  for (int32_t d = 0; d < updates.rank && fits; ++d) {
    if (contains(windows, d)) {
      skip_inserted();
      fits = from_operand < operand_rank;
      params->operand_dims[d] = from_operand++;
    } else {
      fits = from_vectors < v.rank && updates[d] == v.dims[from_vectors];
      params->operand_dims[d] = -1;
      params->vector_steps[d] = fits ? v.steps[from_vectors++] : 0;
    }
  }
  skip_inserted();
  if (fits && from_operand == operand_rank && from_vectors == v.rank) return {};
  return p.bad("updates ", p.input(kUpdates), " are not windows of ", p.input(kOperand),
               " for indices ", p.input(kIndices));
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(3, 3, 1));
  const Tensor& operand = p.input(kOperand);
  PIPIT_TRY(same_type(p, operand, p.input(kUpdates)));
  PIPIT_TRY(same_type(p, operand, p.output(0)));
  const auto* o = options2<fb::StablehloScatterOptions>(p);
  if (o == nullptr) return p.bad("has no StablehloScatterOptions");
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(find_function(p, o->update_computation_subgraph_index(), &params->fold));
  PIPIT_TRY(find_index_vectors(p, p.input(kIndices), o->index_vector_dim(),
                               o->scatter_dims_to_operand_dims(), operand.shape.rank,
                               &params->vectors));
  PIPIT_TRY(find_dimensions(p, *o, params));
  PIPIT_TRY(p.set_output(0, operand.shape));
  params->element = static_cast<size_t>(element_bytes(operand.type));
  // Updates or indices that are the operand itself would change while they are read.
  const bool read_twice = &operand == &p.input(kUpdates) || &operand == &p.input(kIndices);
  if (!read_twice) p.in_place(0, kOperand);
  return p.run(run, params, "portable");
}

}  // namespace

const Op kStablehloScatter = {builtin(fb::BuiltinOperator::STABLEHLO_SCATTER), "STABLEHLO_SCATTER",
                              prepare};

}  // namespace pipit
