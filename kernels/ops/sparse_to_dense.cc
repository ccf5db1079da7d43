// SPDX-License-Identifier: Apache-2.0
// SPARSE_TO_DENSE: a tensor of one default value, with other values at given indices.
//
//   out[...] = default, then out[indices[i, 0], indices[i, 1], ...] = values[i] or the only value
//
// Of equal indices the last one stays.
//
//   shape [5], indices 0 3, values a b, default d:   a d d b d
#include <cstring>

#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int kIndices = 0, kShape = 1, kValues = 2, kDefault = 3;

struct Params {
  int32_t count;        // indices
  int32_t element;      // bytes
  int32_t values_step;  // bytes from one value to the next: 0 for a single one
};

Status fail_index(const Step& s, Run& run, int32_t i, int64_t value, int32_t size) {
  return run.fail(s, "number ", i, " of ", s.input(kIndices), " is ", value, " in a dimension of ",
                  size);
}

Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const auto element = static_cast<size_t>(p.element);
  const Shape& shape = s.output(0).shape;
  uint8_t* out = s.output(0).as<uint8_t>();
  for (int32_t i = 0; i < s.output(0).elements(); ++i) {
    std::memcpy(out + static_cast<size_t>(i) * element, s.input(kDefault).data, element);
  }
  const uint8_t* value = s.input(kValues).as<uint8_t>();
  for (int32_t i = 0; i < p.count; ++i, value += p.values_step) {
    size_t at = 0;
    for (int32_t d = 0; d < shape.rank; ++d) {
      const int64_t index = integer(s.input(kIndices), i * shape.rank + d);
      if (index < 0 || index >= shape[d]) {
        return fail_index(s, run, i * shape.rank + d, index, shape[d]);
      }
      at = at * static_cast<size_t>(shape[d]) + static_cast<size_t>(index);
    }
    std::memcpy(out + at * element, value, element);
  }
  return {};
}

// Indices are one number, [n] of them for one dimension, or [n, dimensions].
Status check_indices(const Prepare& p, Params* params) {
  const Tensor& indices = p.input(kIndices);
  const Tensor& values = p.input(kValues);
  // How many dimensions there are is known from the shape of the shape, before its values.
  const int32_t rank = p.input(kShape).elements();
  if (indices.shape.rank > 2) return p.bad("indices ", indices, " have more than 2 dimensions");
  const int32_t numbers = indices.shape.rank == 2 ? indices.shape[1] : 1;
  if (numbers != rank) return p.bad("indices ", indices, " are not for ", rank, " dimensions");
  params->count = indices.shape.rank == 2 ? indices.shape[0] : indices.elements();
  if (values.shape.rank > 1 || (values.shape.rank == 1 && values.elements() != params->count)) {
    return p.bad("values ", values, " are not one or ", params->count);
  }
  return {};
}

Status prepare(Prepare& p) {
  constexpr TypeSet kIndexTypes = types(Type::kInt32, Type::kInt64);
  PIPIT_TRY(p.arity(4, 4, 1));
  PIPIT_TRY(need_type(p, p.input(kIndices), kIndexTypes));
  PIPIT_TRY(need_type(p, p.input(kShape), kIndexTypes));
  PIPIT_TRY(
      need_type(p, p.input(kValues),
                types(Type::kFloat32, Type::kInt32, Type::kInt64, Type::kInt8, Type::kUInt8)));
  PIPIT_TRY(same_type(p, p.input(kValues), p.input(kDefault)));
  if (p.input(kShape).shape.rank != 1) return p.bad("shape ", p.input(kShape), " is not a list");
  if (p.input(kDefault).elements() != 1) {
    return p.bad("default value ", p.input(kDefault), " is not one");
  }
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(check_indices(p, params));
  p.set_output_type(0, p.input(kValues).type);
  if (!p.values_known(kShape)) return p.defer();
  Shape out;
  PIPIT_TRY(shape_from(p, p.input(kShape), &out));
  PIPIT_TRY(p.set_output(0, out));
  params->element = element_bytes(p.input(kValues).type);
  params->values_step = p.input(kValues).shape.rank == 0 ? 0 : params->element;
  return p.run(run, params, "portable");
}

}  // namespace

const Op kSparseToDense = {builtin(fb::BuiltinOperator::SPARSE_TO_DENSE), "SPARSE_TO_DENSE",
                           prepare};

}  // namespace pipit
