// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/unary.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/to_integer.h"

namespace pipit {
namespace {

struct UnaryParams {
  UnaryFn kernel;
  const void* constants;
  int32_t n;                   // elements
  int8_t in_bytes, out_bytes;  // of an element; 0 where it has less than one
};

constexpr int32_t kUnit = 64;   // elements: shares begin at full vectors
constexpr int64_t kCycles = 2;  // of an element, for most kernels

Status run_copy(const Step& s, Run&) {
  if (s.output(0).data != s.input(0).data) {
    std::memmove(s.output(0).data, s.input(0).data, s.output(0).bytes);
  }
  return {};
}

// Rows of a tensor [1, rows, ...].
void run_rows(const Step& s, const RowsCall& call) {
  const auto& p = *s.params<UnaryParams>();
  const int32_t row = s.output(0).shape.product(2, s.output(0).shape.rank);
  const Band &in = call.in[0], &out = call.out;
  p.kernel({.in = in.at + ptrdiff_t{call.rows.first - in.first} * row * p.in_bytes,
            .out = out.at + ptrdiff_t{call.rows.first - out.first} * row * p.out_bytes,
            .n = call.rows.count * row,
            .constants = p.constants});
}

RowsPlan by_rows(const Step&) {
  RowsPlan plan;
  plan.run = run_rows;
  return plan;
}

// Row y of the result is made of row y alone, which is what RowsPlan says unless told otherwise.
bool has_rows(const Shape& shape, const UnaryParams& p) {
  return shape.rank == 4 && shape[0] == 1 && p.in_bytes != 0 && p.out_bytes != 0;
}

}  // namespace

Status run_unary(const Step& s, Run& run) {
  const auto& p = *s.params<UnaryParams>();
  const auto* in = s.input(0).as<uint8_t>();
  auto* out = s.output(0).as<uint8_t>();
  // Where two elements share a byte, two threads must not: one share takes all.
  const bool divisible = p.in_bytes != 0 && p.out_bytes != 0;
  const int32_t unit = divisible ? kUnit : std::max(p.n, 1);
  run.for_each_part(p.n, unit, kCycles * p.n, [&](const Part& part) {
    p.kernel({.in = in + ptrdiff_t{part.first} * p.in_bytes,
              .out = out + ptrdiff_t{part.first} * p.out_bytes,
              .n = part.count,
              .constants = p.constants});
  });
  return {};
}

Status need_unary(const Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  return same_type(p, p.input(0), p.output(0));
}

Status plan_unary(Prepare& p, const UnaryVariant& kernel, const void* constants, RunFn run) {
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  // Elements of one size lie at the same places, and each is read before it is overwritten.
  if (type_bits(p.input(0).type) == type_bits(p.output(0).type)) p.in_place(0, 0);
  auto* params = p.allocate<UnaryParams>();
  if (params == nullptr) return Code::kArenaTooSmall;
  *params = {kernel.run, constants, p.input(0).elements(), whole_bytes(p.input(0).type),
             whole_bytes(p.output(0).type)};
  if (run == run_unary && has_rows(p.output(0).shape, *params)) p.by_rows(by_rows);
  return p.run(run, params, kernel.name);
}

Status plan_unary(Prepare& p, UnaryFn kernel, const void* constants, RunFn run) {
  return plan_unary(p, {"portable", kCpuPortable, kernel}, constants, run);
}

Status plan_copy(Prepare& p, const Shape& shape) {
  PIPIT_TRY(p.set_output(0, shape));
  p.alias(0, 0);
  return p.run(run_copy);
}

Status plan_lookup_real(Prepare& p, float (*f)(float)) {
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  PIPIT_TRY(need_scale(p, in));
  PIPIT_TRY(need_scale(p, out));
  const Range range = type_range(out.type);
  // A product with the inverse instead of a quotient, and the zero point added after rounding: in
  // this order TensorFlow Lite fills its tables, and another would differ by one here and there.
  const float inverse = 1 / out.scale;
  return plan_lookup(p, [&](int32_t x) {
    const float real = in.scale * static_cast<float>(x - in.zero_point);
    const float q = std::round(f(real) * inverse) + static_cast<float>(out.zero_point);
    return std::clamp(to_integer<int32_t>(q, out.zero_point), range.min, range.max);
  });
}

}  // namespace pipit
