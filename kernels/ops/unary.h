// SPDX-License-Identifier: Apache-2.0
// What operators of one operand share while they are prepared.
#pragma once

#include "kernels/contracts/lookup_u8.h"
#include "kernels/contracts/unary.h"
#include "kernels/contracts/variant.h"
#include "kernels/ops/common.h"

namespace pipit {

// Fails unless the node has one input and one output, of one type.
Status need_unary(const Prepare& p);

// The run function of the steps planned here, for operators that look at values first.
Status run_unary(const Step& s, Run& run);

// Plans output 0 = kernel(input 0). `constants` live as long as the plan.
Status plan_unary(Prepare& p, const UnaryVariant& kernel, const void* constants,
                  RunFn run = run_unary);

// The same for a kernel that has but a portable definition.
Status plan_unary(Prepare& p, UnaryFn kernel, const void* constants, RunFn run = run_unary);

// Plans output 0 = input 0, byte for byte, in a shape of as many bytes.
Status plan_copy(Prepare& p, const Shape& shape);

// ---- functions of a byte

// The value that an int8 or uint8 tensor has for a byte.
inline int32_t byte_value(Type type, int byte) {
  return type == Type::kInt8 ? static_cast<int8_t>(byte) : byte;
}

// Plans output 0 = f(input 0) by a table; f takes and gives quantized values, within range.
template <class F>
Status plan_lookup(Prepare& p, F f, RunFn run = run_unary) {
  auto* t = p.allocate<LookupU8>();
  if (t == nullptr) return Code::kArenaTooSmall;
  const Type in = p.input(0).type;
  for (int i = 0; i < 256; ++i) t->table[i] = static_cast<uint8_t>(f(byte_value(in, i)));
  return plan_unary(p, choose(lookup_u8_variants(), p.cpu()), t, run);
}

// Plans output 0 = f(input 0) for a function of real numbers and int8 or uint8 tensors, rounded as
// TensorFlow Lite's tables are.
Status plan_lookup_real(Prepare& p, float (*f)(float));

}  // namespace pipit
