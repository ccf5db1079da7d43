// SPDX-License-Identifier: Apache-2.0
// ABS, NEG, SIGN and LOGICAL_NOT.
//
//   ABS of quantized numbers:  zo + |in - zi| * in_scale / out_scale
#include <cmath>

#include "kernels/contracts/function_f32.h"
#include "kernels/ops.h"
#include "kernels/ops/scaling.h"
#include "kernels/ops/unary.h"

namespace pipit {
namespace {

// Integers wrap: the smallest one has no opposite.
template <class T>
T opposite(T x) {
  using Wide = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  return static_cast<T>(Wide{0} - static_cast<Wide>(x));
}

// ---- ABS

template <class T>
void magnitudes(const Unary& r) {
  each<T, T>(r, [](T x) { return x < 0 ? opposite(x) : x; });
}

// The magnitude is taken of what lies above or below the zero point.
int32_t scaled_magnitude(const Scaling& s, int32_t x) {
  return scale_value(s, s.in_zero_point + std::abs(x - s.in_zero_point));
}

void scaled_magnitudes_s16(const Unary& r) {
  const auto& s = *static_cast<const Scaling*>(r.constants);
  each<int16_t, int16_t>(r,
                         [&](int16_t x) { return static_cast<int16_t>(scaled_magnitude(s, x)); });
}

Status prepare_abs(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  const Tensor& in = p.input(0);
  Scaling s;
  switch (in.type) {
    case Type::kFloat32:
      return plan_unary(p, choose(abs_f32_variants(), p.cpu()), nullptr);
    case Type::kInt32:
      return plan_unary(p, magnitudes<int32_t>, nullptr);
    case Type::kInt16: {
      // Without a scale int16 are plain numbers.
      if (in.scale == 0) return plan_unary(p, magnitudes<int16_t>, nullptr);
      PIPIT_TRY(find_scaling(p, 1, &s));
      const auto* kept = keep(p, s);
      if (kept == nullptr) return Code::kArenaTooSmall;
      return plan_unary(p, scaled_magnitudes_s16, kept);
    }
    case Type::kInt8:
      PIPIT_TRY(find_scaling(p, 1, &s));
      return plan_lookup(p, [&](int32_t x) { return scaled_magnitude(s, x); });
    default:
      return p.unsupported("type ", in.type);
  }
}

// ---- NEG

template <class T>
void opposites(const Unary& r) {
  each<T, T>(r, opposite<T>);
}

// Of both kinds of floats the top bit is the sign.
void opposites_16_bits(const Unary& r) {
  each<uint16_t, uint16_t>(r, [](uint16_t x) { return static_cast<uint16_t>(x ^ 0x8000u); });
}

Status prepare_neg(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  p.set_output_type(0, p.input(0).type);
  switch (p.input(0).type) {
    case Type::kFloat32:
      return plan_unary(p, choose(neg_f32_variants(), p.cpu()), nullptr);
    case Type::kFloat16:
    case Type::kBFloat16:
      return plan_unary(p, opposites_16_bits, nullptr);
    case Type::kInt8:
      return plan_unary(p, opposites<int8_t>, nullptr);
    case Type::kInt16:
      return plan_unary(p, opposites<int16_t>, nullptr);
    case Type::kInt32:
      return plan_unary(p, opposites<int32_t>, nullptr);
    case Type::kInt64:
      return plan_unary(p, opposites<int64_t>, nullptr);
    default:
      return p.unsupported("type ", p.input(0).type);
  }
}

// ---- SIGN

template <class T>
void signs(const Unary& r) {
  // A NaN is neither above nor below and stays.
  each<T, T>(r, [](T x) { return x > 0 ? T{1} : x < 0 ? T{-1} : x == 0 ? T{0} : x; });
}

Status prepare_sign(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  switch (p.input(0).type) {
    case Type::kFloat32:
      return plan_unary(p, signs<float>, nullptr);
    case Type::kFloat64:
      return plan_unary(p, signs<double>, nullptr);
    case Type::kInt32:
      return plan_unary(p, signs<int32_t>, nullptr);
    default:
      return p.unsupported("type ", p.input(0).type);
  }
}

// ---- LOGICAL_NOT

void negate_bools(const Unary& r) {
  each<uint8_t, uint8_t>(r, [](uint8_t x) { return static_cast<uint8_t>(x == 0); });
}

Status prepare_logical_not(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  PIPIT_TRY(need_type(p, p.input(0), types(Type::kBool)));
  return plan_unary(p, negate_bools, nullptr);
}

}  // namespace

const Op kAbs = {builtin(fb::BuiltinOperator::ABS), "ABS", prepare_abs};
const Op kNeg = {builtin(fb::BuiltinOperator::NEG), "NEG", prepare_neg};
const Op kSign = {builtin(fb::BuiltinOperator::SIGN), "SIGN", prepare_sign};
const Op kLogicalNot = {builtin(fb::BuiltinOperator::LOGICAL_NOT), "LOGICAL_NOT",
                        prepare_logical_not};

}  // namespace pipit
