// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/float_function.h"

#include "kernels/math/half.h"
#include "kernels/ops/unary.h"

namespace pipit {
namespace {

using Function = float (*)(float);

// The function is the kernel's constant: one kernel for a type serves all functions.
Function function(const Unary& r) { return *static_cast<const Function*>(r.constants); }

// Floats of 16 bits are widened, and the result is rounded once.
void apply_f32(const Unary& r) { each<float, float>(r, function(r)); }

void apply_f16(const Unary& r) {
  each<uint16_t, uint16_t>(
      r, [f = function(r)](uint16_t x) { return float_to_half(f(half_to_float(x))); });
}

void apply_bf16(const Unary& r) {
  each<uint16_t, uint16_t>(
      r, [f = function(r)](uint16_t x) { return float_to_bfloat16(f(bfloat16_to_float(x))); });
}

}  // namespace

Status plan_float_function(Prepare& p, float (*f)(float), TypeSet accepted) {
  PIPIT_TRY(need_type(p, p.input(0), accepted));
  const Function* kept = keep(p, f);
  if (kept == nullptr) return Code::kArenaTooSmall;
  switch (p.input(0).type) {
    case Type::kFloat32:
      return plan_unary(p, apply_f32, kept);
    case Type::kFloat16:
      return plan_unary(p, apply_f16, kept);
    case Type::kBFloat16:
      return plan_unary(p, apply_bf16, kept);
    default:
      return p.unsupported("type ", p.input(0).type);
  }
}

}  // namespace pipit
