// SPDX-License-Identifier: Apache-2.0
// MAXIMUM and MINIMUM. Quantized numbers are compared as they are.
#include "kernels/contracts/arithmetic_f32.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/half.h"
#include "kernels/ops.h"
#include "kernels/ops/binary.h"
#include "kernels/ops/by_type.h"

namespace pipit {
namespace {

// A NaN on the left gives the right operand.
template <class T, bool larger>
void pick(const Binary& r) {
  each_pair_small<T, T>(r, [](T a, T b) { return (larger ? a > b : a < b) ? a : b; });
}

template <float (*to_float)(uint16_t), bool larger>
void pick_16_bits(const Binary& r) {
  each_pair_small<uint16_t, uint16_t>(r, [](uint16_t a, uint16_t b) {
    const float x = to_float(a), y = to_float(b);
    return (larger ? x > y : x < y) ? a : b;
  });
}

// Floats of 16 bits are compared as float32, and stored as they were.
template <bool larger>
BinaryFn kernel_for(Type type) {
  if (type == Type::kFloat16) return pick_16_bits<half_to_float, larger>;
  if (type == Type::kBFloat16) return pick_16_bits<bfloat16_to_float, larger>;
  return by_type<int8_t, uint8_t, int16_t, int32_t, int64_t>(
      type, []<class T> { return pick<T, larger>; });
}

template <bool larger>
Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(same_type(p, p.input(0), p.input(1)));
  p.set_output_type(0, p.input(0).type);
  if (p.input(0).type == Type::kFloat32) {
    const auto variants = larger ? max_f32_variants() : min_f32_variants();
    return plan_binary(p, choose(variants, p.cpu()), nullptr);
  }
  const BinaryFn kernel = kernel_for<larger>(p.input(0).type);
  if (kernel == nullptr) return p.unsupported("type ", p.input(0).type);
  return plan_binary(p, kernel);
}

}  // namespace

const Op kMaximum = {builtin(fb::BuiltinOperator::MAXIMUM), "MAXIMUM", prepare<true>};
const Op kMinimum = {builtin(fb::BuiltinOperator::MINIMUM), "MINIMUM", prepare<false>};

}  // namespace pipit
