// SPDX-License-Identifier: Apache-2.0
// MAXIMUM and MINIMUM. Quantized numbers are compared as they are.
#include "kernels/arithmetic_f32.h"
#include "kernels/half.h"
#include "kernels/ops.h"
#include "kernels/ops/binary.h"
#include "kernels/variant.h"

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

template <bool larger>
BinaryFn kernel_for(Type type) {
  switch (type) {
    case Type::kFloat16:
      return pick_16_bits<half_to_float, larger>;
    case Type::kBFloat16:
      return pick_16_bits<bfloat16_to_float, larger>;
    case Type::kInt8:
      return pick<int8_t, larger>;
    case Type::kUInt8:
      return pick<uint8_t, larger>;
    case Type::kInt16:
      return pick<int16_t, larger>;
    case Type::kInt32:
      return pick<int32_t, larger>;
    case Type::kInt64:
      return pick<int64_t, larger>;
    default:
      return nullptr;
  }
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
