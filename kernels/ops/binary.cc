// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/binary.h"

#include <algorithm>

namespace pipit {
namespace {

struct BinaryParams {
  BinaryFn kernel;
  const void* constants;
  const Broadcast* walk;  // nullptr where one run is all
  int32_t n;              // results of a run
  int8_t step_a, step_b;
  int8_t a_bytes, b_bytes, out_bytes;  // of an element
};

BroadcastDims dims(const Shape& shape) { return {shape.dims, shape.rank}; }

// Lets the output take the place of an input of its shape that nobody needs later. One that is
// repeated will not do: its elements are read again after the first results are written.
void reuse_input(Prepare& p, const BinaryParams& params) {
  for (const int i : {0, 1}) {
    if ((i == 0 ? params.a_bytes : params.b_bytes) != params.out_bytes) continue;
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

Status check_alike(const Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(same_type(p, p.input(0), p.input(1)));
  PIPIT_TRY(same_type(p, p.input(0), p.output(0)));
  if (p.input(0).shape == p.input(1).shape) return {};
  return p.bad("inputs ", p.input(0), " and ", p.input(1), " differ in shape");
}

Broadcast walk_inputs(const Prepare& p, const Shape& shape, int inputs) {
  BroadcastDims operands[kBroadcastOperands];
  for (int i = 0; i < inputs; ++i) operands[i] = dims(p.input(i).shape);
  return make_broadcast(dims(shape), operands, inputs);
}

double align_scales(const Tensor& a, const Tensor& b, AddQuantized* q) {
  const double largest = 2.0 * static_cast<double>(std::max(a.scale, b.scale));
  const Multiplier of_a = quantize_multiplier(a.scale / largest);
  const Multiplier of_b = quantize_multiplier(b.scale / largest);
  q->multiplier_a = of_a.multiplier;
  q->shift_a = of_a.shift;
  q->multiplier_b = of_b.multiplier;
  q->shift_b = of_b.shift;
  return largest;
}

namespace {

// Shares begin at full vectors, and there are a few cycles to a result.
constexpr int32_t kUnit = 64;
constexpr int64_t kCycles = 2;

// Some results of a run.
Binary part_of_run(const BinaryParams& p, const Binary& run, const Part& part) {
  Binary r = run;
  r.a = static_cast<const uint8_t*>(r.a) + ptrdiff_t{part.first} * r.step_a * p.a_bytes;
  r.b = static_cast<const uint8_t*>(r.b) + ptrdiff_t{part.first} * r.step_b * p.b_bytes;
  r.out = static_cast<uint8_t*>(r.out) + ptrdiff_t{part.first} * p.out_bytes;
  r.n = part.count;
  return r;
}

}  // namespace

Status run_binary(const Step& s, Run& run) {
  const auto& p = *s.params<BinaryParams>();
  const auto* a = s.input(0).as<uint8_t>();
  const auto* b = s.input(1).as<uint8_t>();
  auto* out = s.output(0).as<uint8_t>();
  // Shares are parts of the one run that there is, or else whole runs of the walk.
  const Binary first = {a, b, out, p.n, p.step_a, p.step_b, p.constants};
  if (p.walk == nullptr) {
    run.for_each_part(p.n, kUnit, kCycles * p.n,
                      [&](const Part& part) { p.kernel(part_of_run(p, first, part)); });
    return {};
  }
  run.for_each_part(p.walk->runs, 1, kCycles * p.walk->runs * p.n, [&](const Part& runs) {
    for_runs(*p.walk, runs.first, runs.count, [&](const int32_t* at, int32_t to) {
      Binary r = first;
      r.a = a + ptrdiff_t{at[0]} * p.a_bytes;
      r.b = b + ptrdiff_t{at[1]} * p.b_bytes;
      r.out = out + ptrdiff_t{to} * p.out_bytes;
      p.kernel(r);
    });
  });
  return {};
}

namespace {

// Rows of operands that have one shape, [1, rows, ...]. Each row of the result needs the same row
// of both operands: rows and elements behind each other are one run.
void run_rows(const Step& s, const RowsCall& call) {
  const auto& p = *s.params<BinaryParams>();
  const int32_t row = s.output(0).shape.product(2, s.output(0).shape.rank);
  const auto at = [&](const Band& band, int32_t bytes) {
    return band.at + ptrdiff_t{call.rows.first - band.first} * row * bytes;
  };
  p.kernel({.a = at(call.in[0], p.a_bytes),
            .b = at(call.in[1], p.b_bytes),
            .out = at(call.out, p.out_bytes),
            .n = call.rows.count * row,
            .constants = p.constants});
}

RowsPlan by_rows(const Step&) {
  RowsPlan plan;
  plan.run = run_rows;
  plan.inputs = 2;
  return plan;
}

// Rows of elements of less than a byte need not begin at a byte. An operand that is repeated would
// have no rows of its own.
bool has_rows(const Prepare& p) {
  const Shape& shape = p.output(0).shape;
  return shape.rank == 4 && shape[0] == 1 && p.input(0).shape == shape &&
         p.input(1).shape == shape && type_bits(p.output(0).type) >= 8;
}

}  // namespace

Status plan_binary(Prepare& p, BinaryFn kernel, const void* constants, RunFn run) {
  return plan_binary(p, {"portable", kCpuPortable, kernel}, constants, run);
}

Status plan_binary(Prepare& p, const BinaryVariant& kernel, const void* constants, RunFn run,
                   int32_t b_bytes) {
  Shape shape;
  PIPIT_TRY(broadcast_shape(p, 2, &shape));
  PIPIT_TRY(p.set_output(0, shape));
  auto* params = p.allocate<BinaryParams>();
  if (params == nullptr) return Code::kArenaTooSmall;
  const Broadcast walk = walk_inputs(p, shape, 2);
  const auto small = [](int32_t n) { return static_cast<int8_t>(n); };
  *params = {.kernel = kernel.run,
             .constants = constants,
             .walk = nullptr,
             .n = walk.n,
             .step_a = small(walk.step[0]),
             .step_b = small(walk.step[1]),
             .a_bytes = whole_bytes(p.input(0).type),
             .b_bytes = b_bytes != 0 ? small(b_bytes) : whole_bytes(p.input(1).type),
             .out_bytes = whole_bytes(p.output(0).type)};
  // Operands of one shape, and those of which one is a single value, are one run: no walk is kept.
  if (walk.runs != 1) {
    params->walk = keep(p, walk);
    if (params->walk == nullptr) return Code::kArenaTooSmall;
  }
  reuse_input(p, *params);
  if (run == run_binary && has_rows(p)) p.by_rows(by_rows);
  return p.run(run, params, kernel.name);
}

}  // namespace pipit
