// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/padding.h"

namespace pipit {

Status check_paddings(const Prepare& p, int i) {
  const Shape& s = p.input(i).shape;
  if (s.rank == 2 && s[0] == p.input(0).shape.rank && s[1] == 2) return {};
  return p.bad("paddings ", p.input(i), " are not two for each dimension of ", p.input(0));
}

Status read_paddings(const Prepare& p, int i, Padding* padding, Shape* shape) {
  const Tensor& t = p.input(i);
  *shape = p.input(0).shape;
  for (int32_t d = 0; d < shape->rank; ++d) {
    // Of int64 tensors: each is bounded before they are added up.
    const int64_t before = integer(t, 2 * d), after = integer(t, 2 * d + 1);
    if (before < 0 || after < 0 || before > INT32_MAX || after > INT32_MAX ||
        before + after + (*shape)[d] > INT32_MAX) {
      return p.bad("dimension ", d, " of ", *shape, " cannot be padded by ", before, " and ",
                   after);
    }
    padding->before[d] = static_cast<int32_t>(before);
    padding->after[d] = static_cast<int32_t>(after);
    (*shape)[d] = static_cast<int32_t>(before + after + (*shape)[d]);
  }
  return {};
}

Status copy_interior(const Prepare& p, const Padding& padding, Moves* moves) {
  const Tensor& input = p.input(0);
  CopyDims dims;
  dims.element = element_bytes(input.type);
  const Steps in = dense_steps(input.shape, dims.element);
  const Steps out = dense_steps(p.output(0).shape, dims.element);
  int32_t offset = 0;
  for (int32_t d = 0; d < input.shape.rank; ++d) {
    dims.add(input.shape[d], in.of[d], out.of[d]);
    offset += padding.before[d] * out.of[d];
  }
  return moves->add(0, 0, 0, offset, dims);
}

Slab border_slab(const Prepare& p, const Padding& padding, int32_t dim) {
  const Shape& out = p.output(0).shape;
  Slab slab;
  slab.dims.element = element_bytes(p.output(0).type);
  const Steps steps = dense_steps(out, slab.dims.element);
  slab.step = steps.of[dim];
  for (int32_t d = 0; d < out.rank; ++d) {
    const int32_t interior = p.input(0).shape[d];
    // The caller sets the size of dimension `dim` itself, and whatever it reads from.
    slab.dims.add(d < dim ? interior : out[d], steps.of[d], steps.of[d]);
    if (d < dim) slab.offset += padding.before[d] * steps.of[d];
  }
  return slab;
}

}  // namespace pipit
