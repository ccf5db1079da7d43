// SPDX-License-Identifier: Apache-2.0
// LOGICAL_AND, LOGICAL_OR, BITWISE_XOR and RIGHT_SHIFT.
//
// Bools are bytes, of which any but 0 counts as true; results are 0 and 1. RIGHT_SHIFT keeps the
// sign of signed types.
#include "kernels/ops.h"
#include "kernels/ops/binary.h"
#include "kernels/ops/by_type.h"

namespace pipit {
namespace {

void both(const Binary& r) {
  each_pair_small<uint8_t, uint8_t>(
      r, [](uint8_t a, uint8_t b) { return static_cast<uint8_t>(a != 0 && b != 0); });
}

void either(const Binary& r) {
  each_pair_small<uint8_t, uint8_t>(
      r, [](uint8_t a, uint8_t b) { return static_cast<uint8_t>(a != 0 || b != 0); });
}

template <BinaryFn kernel>
Status prepare_bools(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(same_type(p, p.input(0), p.input(1)));
  PIPIT_TRY(need_type(p, p.input(0), types(Type::kBool)));
  p.set_output_type(0, Type::kBool);
  return plan_binary(p, kernel);
}

template <class T>
void exclusive(const Binary& r) {
  each_pair_small<T, T>(r, [](T a, T b) { return static_cast<T>(a ^ b); });
}

// A shift by less than 0 is none, one by more bits than there are leaves the sign.
template <class T>
void shift_right(const Binary& r) {
  constexpr int kMost = static_cast<int>(sizeof(T)) * 8 - 1;
  each_pair_small<T, T>(r, [](T a, T b) {
    const int bits = b < T{0} ? 0 : (b > static_cast<T>(kMost) ? kMost : static_cast<int>(b));
    return static_cast<T>(a >> bits);
  });
}

BinaryFn xor_kernel(Type type) {
  switch (type) {
    case Type::kInt8:
    case Type::kUInt8:
      return exclusive<uint8_t>;
    case Type::kInt16:
    case Type::kUInt16:
      return exclusive<uint16_t>;
    case Type::kInt32:
    case Type::kUInt32:
      return exclusive<uint32_t>;
    default:
      return nullptr;
  }
}

BinaryFn shift_kernel(Type type) {
  return by_type<int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t>(
      type, []<class T> { return shift_right<T>; });
}

template <BinaryFn (*kernel_for)(Type)>
Status prepare_bits(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(same_type(p, p.input(0), p.input(1)));
  p.set_output_type(0, p.input(0).type);
  const BinaryFn kernel = kernel_for(p.input(0).type);
  return kernel == nullptr ? p.unsupported("type ", p.input(0).type) : plan_binary(p, kernel);
}

}  // namespace

const Op kLogicalAnd = {builtin(fb::BuiltinOperator::LOGICAL_AND), "LOGICAL_AND",
                        prepare_bools<both>};
const Op kLogicalOr = {builtin(fb::BuiltinOperator::LOGICAL_OR), "LOGICAL_OR",
                       prepare_bools<either>};
const Op kBitwiseXor = {builtin(fb::BuiltinOperator::BITWISE_XOR), "BITWISE_XOR",
                        prepare_bits<xor_kernel>};
const Op kRightShift = {builtin(fb::BuiltinOperator::RIGHT_SHIFT), "RIGHT_SHIFT",
                        prepare_bits<shift_kernel>};

}  // namespace pipit
