// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/index_vectors.h"

#include "kernels/ops/moves.h"

namespace pipit {

Status dimension_set(const Prepare& p, const char* what, const Int64List* list, int32_t rank,
                     uint32_t* set) {
  *set = 0;
  const int32_t size = list == nullptr ? 0 : static_cast<int32_t>(list->size());
  for (int32_t i = 0; i < size; ++i) {
    const int64_t d = element(*list, i);
    if (d < 0 || d >= rank) return p.bad(what, " name ", d, " of ", rank, " dimensions");
    if (contains(*set, static_cast<int32_t>(d))) return p.bad(what, " name ", d, " twice");
    *set |= uint32_t{1} << d;
  }
  return {};
}

Status find_index_vectors(const Prepare& p, const Tensor& indices, int64_t along,
                          const Int64List* map, int32_t operand_rank, IndexVectors* v) {
  PIPIT_TRY(need_type(p, indices, types(Type::kInt32, Type::kInt64)));
  const Shape& shape = indices.shape;
  if (along < 0 || along > shape.rank) {
    return p.bad("index vectors lie along dimension ", along, " of ", indices);
  }
  const Steps steps = dense_steps(shape, 1);
  // What remains where no dimension is the vectors'.
  v->size = 1;
  for (int32_t i = 0; i < shape.rank; ++i) {
    if (i == along) {
      v->size = shape[i];
      v->step = steps.of[i];
    } else {
      v->dims[v->rank] = shape[i];
      v->steps[v->rank++] = steps.of[i];
    }
  }
  uint32_t set = 0;
  PIPIT_TRY(dimension_set(p, "index vectors", map, operand_rank, &set));
  if (v->size != (map == nullptr ? 0 : static_cast<int64_t>(map->size()))) {
    return p.bad("index vectors in ", indices, " have ", v->size, " numbers, which are not mapped");
  }
  // dimension_set() has checked each of them.
  for (int32_t k = 0; k < v->size; ++k) v->map[k] = static_cast<int32_t>(element(*map, k));
  return {};
}

}  // namespace pipit
