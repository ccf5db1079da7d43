// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/binary.h"

#include <algorithm>

#include "kernels/broadcast.h"

namespace pipit {
namespace {

struct BinaryParams {
  Broadcast walk;
  BinaryFn kernel;
  const void* constants;
  int32_t in_bytes;  // of an element
  int32_t out_bytes;
};

BroadcastDims dims(const Shape& shape) { return {shape.dims, shape.rank}; }

// Lets the output take the place of an input of its shape that nobody needs later.
void reuse_input(Prepare& p) {
  if (type_bits(p.input(0).type) != type_bits(p.output(0).type)) return;
  for (const int i : {0, 1}) {
    if (p.input(i).constant() || p.input(i).shape != p.output(0).shape) continue;
    p.in_place(0, i);
    return;
  }
}

}  // namespace

Status broadcast_shape(const Prepare& p, int inputs, Shape* shape) {
  *shape = p.input(0).shape;
  for (int i = 1; i < inputs; ++i) {
    const Shape& a = *shape;
    const Shape& b = p.input(i).shape;
    Shape s;
    s.rank = std::max(a.rank, b.rank);
    for (int d = 0; d < s.rank; ++d) {
      const int32_t x = d < s.rank - a.rank ? 1 : a[d - (s.rank - a.rank)];
      const int32_t y = d < s.rank - b.rank ? 1 : b[d - (s.rank - b.rank)];
      if (x != y && x != 1 && y != 1) {
        return p.bad("shape ", b, " of input ", i, " does not broadcast with ", a);
      }
      s[d] = x == 1 ? y : x;
    }
    *shape = s;
  }
  return {};
}

Status run_binary(const Step& s, Run&) {
  const auto& p = *s.params<BinaryParams>();
  const auto* a = s.input(0).as<uint8_t>();
  const auto* b = s.input(1).as<uint8_t>();
  auto* out = s.output(0).as<uint8_t>();
  Binary r = {
      .n = p.walk.n, .step_a = p.walk.step[0], .step_b = p.walk.step[1], .constants = p.constants};
  for_each_run(p.walk, [&](const int32_t* at, int32_t to) {
    r.a = a + static_cast<ptrdiff_t>(at[0]) * p.in_bytes;
    r.b = b + static_cast<ptrdiff_t>(at[1]) * p.in_bytes;
    r.out = out + static_cast<ptrdiff_t>(to) * p.out_bytes;
    p.kernel(r);
  });
  return {};
}

Status plan_binary(Prepare& p, const BinaryVariant& kernel, const void* constants) {
  Shape shape;
  PIPIT_TRY(broadcast_shape(p, 2, &shape));
  PIPIT_TRY(p.set_output(0, shape));
  reuse_input(p);
  auto* params = p.allocate<BinaryParams>();
  if (params == nullptr) return Code::kArenaTooSmall;
  const BroadcastDims operands[] = {dims(p.input(0).shape), dims(p.input(1).shape)};
  params->walk = make_broadcast(dims(shape), operands, 2);
  params->kernel = kernel.run;
  params->constants = constants;
  params->in_bytes = type_bits(p.input(0).type) / 8;
  params->out_bytes = type_bits(p.output(0).type) / 8;
  return p.run(run_binary, params, kernel.name);
}

}  // namespace pipit
