// SPDX-License-Identifier: Apache-2.0
// STABLEHLO_ADD, STABLEHLO_MULTIPLY, STABLEHLO_MAXIMUM, STABLEHLO_MINIMUM, STABLEHLO_AND and
// STABLEHLO_SHIFT_LEFT: two tensors of one shape. Integers wrap; quantized numbers are taken as
// they are.
#include "kernels/math/half.h"
#include "kernels/ops.h"
#include "kernels/ops/binary.h"
#include "kernels/ops/by_type.h"

namespace pipit {
namespace {

struct Add {
  template <class T>
  static T of(T a, T b) {
    return static_cast<T>(a + b);
  }
};

struct Multiply {
  template <class T>
  static T of(T a, T b) {
    return static_cast<T>(a * b);
  }
  // Two uint16 would be multiplied as int, which may overflow.
  static uint16_t of(uint16_t a, uint16_t b) {
    return static_cast<uint16_t>(static_cast<uint32_t>(a) * b);
  }
};

// Of two numbers without order (NaN), the first.
struct Larger {
  template <class T>
  static T of(T a, T b) {
    return a < b ? b : a;
  }
};

struct Smaller {
  template <class T>
  static T of(T a, T b) {
    return b < a ? b : a;
  }
};

struct And {
  template <class T>
  static T of(T a, T b) {
    return static_cast<T>(a & b);
  }
};

// The shift counts modulo 32.
struct ShiftLeft {
  template <class T>
  static T of(T a, T b) {
    const uint32_t shifted = static_cast<uint32_t>(a) << (static_cast<uint32_t>(b) & 31);
    return static_cast<T>(shifted);
  }
};

template <class F, class T>
void pairs(const Binary& r) {
  each_pair_small<T, T>(r, [](T a, T b) { return F::of(a, b); });
}

template <class F>
void half_pairs(const Binary& r) {
  each_pair_small<uint16_t, uint16_t>(r, [](uint16_t a, uint16_t b) {
    return float_to_half(F::of(half_to_float(a), half_to_float(b)));
  });
}

// For functions that do not ask for signs. Sums, products and bits of two's complement are the same
// with and without a sign.
template <class F>
BinaryFn integer_kernel(Type type) {
  switch (type) {
    case Type::kInt8:
    case Type::kUInt8:
      return pairs<F, uint8_t>;
    case Type::kInt16:
    case Type::kUInt16:
      return pairs<F, uint16_t>;
    case Type::kInt32:
    case Type::kUInt32:
      return pairs<F, uint32_t>;
    case Type::kInt64:
    case Type::kUInt64:
      return pairs<F, uint64_t>;
    default:
      return nullptr;
  }
}

template <class F>
BinaryFn real_kernel(Type type) {
  if (type == Type::kFloat16) return half_pairs<F>;
  return by_type<float, double>(type, []<class T> { return pairs<F, T>; });
}

// A sum of bools is their larger one, a product their smaller one.
template <class F, class OfBools>
BinaryFn arithmetic_kernel(Type type) {
  if (type == Type::kBool) return pairs<OfBools, uint8_t>;
  const BinaryFn kernel = real_kernel<F>(type);
  return kernel != nullptr ? kernel : integer_kernel<F>(type);
}

template <class F>
BinaryFn order_kernel(Type type) {
  const BinaryFn found = by_type<int8_t, int16_t, int32_t, int64_t>(
      type, []<class T>() -> BinaryFn { return pairs<F, T>; });
  return found != nullptr ? found : arithmetic_kernel<F, F>(type);
}

BinaryFn and_kernel(Type type) {
  return integer_kernel<And>(type == Type::kBool ? Type::kUInt8 : type);
}

BinaryFn shift_kernel(Type type) {
  const bool accepted = type == Type::kInt8 || type == Type::kInt16 || type == Type::kInt32;
  return accepted ? integer_kernel<ShiftLeft>(type) : nullptr;
}

template <BinaryFn (*kernel_for)(Type)>
Status prepare(Prepare& p) {
  PIPIT_TRY(check_alike(p));
  const BinaryFn kernel = kernel_for(p.input(0).type);
  return kernel == nullptr ? p.unsupported("type ", p.input(0).type) : plan_binary(p, kernel);
}

}  // namespace

const Op kStablehloAdd = {builtin(fb::BuiltinOperator::STABLEHLO_ADD), "STABLEHLO_ADD",
                          prepare<arithmetic_kernel<Add, Larger>>};
const Op kStablehloMultiply = {builtin(fb::BuiltinOperator::STABLEHLO_MULTIPLY),
                               "STABLEHLO_MULTIPLY", prepare<arithmetic_kernel<Multiply, Smaller>>};
const Op kStablehloMaximum = {builtin(fb::BuiltinOperator::STABLEHLO_MAXIMUM), "STABLEHLO_MAXIMUM",
                              prepare<order_kernel<Larger>>};
const Op kStablehloMinimum = {builtin(fb::BuiltinOperator::STABLEHLO_MINIMUM), "STABLEHLO_MINIMUM",
                              prepare<order_kernel<Smaller>>};
const Op kStablehloAnd = {builtin(fb::BuiltinOperator::STABLEHLO_AND), "STABLEHLO_AND",
                          prepare<and_kernel>};
const Op kStablehloShiftLeft = {builtin(fb::BuiltinOperator::STABLEHLO_SHIFT_LEFT),
                                "STABLEHLO_SHIFT_LEFT", prepare<shift_kernel>};

}  // namespace pipit
