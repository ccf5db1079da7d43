// SPDX-License-Identifier: Apache-2.0
// POW, SQUARED_DIFFERENCE and ATAN2.
//
//   POW:                 a^b; integers wrap
//   SQUARED_DIFFERENCE:  (a - b)^2; quantized:
//                        zo + ((a - za) * a_scale - (b - zb) * b_scale)^2 / out_scale
//   ATAN2:               the angle of (x, y) from the x axis, of inputs y and x
#include "kernels/contracts/arithmetic_f32.h"
#include "kernels/math/half.h"
#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/binary.h"

namespace pipit {
namespace {

Status begin(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(same_type(p, p.input(0), p.input(1)));
  p.set_output_type(0, p.input(0).type);
  return {};
}

// ---- POW

void powers_f32(const Binary& r) {
  each_pair_small<float, float>(r, [](float a, float b) { return real::pow(a, b); });
}

// By squaring; wraps.
void powers_s32(const Binary& r) {
  each_pair_small<int32_t, int32_t>(r, [](int32_t a, int32_t b) {
    uint32_t power = 1, square = static_cast<uint32_t>(a);
    for (; b > 0; b >>= 1, square *= square) {
      if ((b & 1) != 0) power *= square;
    }
    return static_cast<int32_t>(power);
  });
}

// Exponents are values of a tensor, and negative ones have no integer result.
Status run_powers_s32(const Step& s, Run& run) {
  const Tensor& exponents = s.input(1);
  const int32_t* e = exponents.as<int32_t>();
  for (int32_t i = 0; i < exponents.elements(); ++i) {
    if (e[i] < 0) return run.fail(s, "exponent ", e[i], " of ", exponents, " is negative");
  }
  return run_binary(s, run);
}

Status prepare_pow(Prepare& p) {
  PIPIT_TRY(begin(p));
  PIPIT_TRY(need_type(p, p.input(0), types(Type::kFloat32, Type::kInt32)));
  if (p.input(0).type == Type::kFloat32) return plan_binary(p, powers_f32);
  return plan_binary(p, powers_s32, nullptr, run_powers_s32);
}

// ---- SQUARED_DIFFERENCE

void squared_difference_s32(const Binary& r) {
  each_pair_small<uint32_t, uint32_t>(r, [](uint32_t a, uint32_t b) { return (a - b) * (a - b); });
}

// How many bits each operand gets before it is scaled by at most a half (align_scales): as many as
// leave the square of a difference within 32 bits. (Operands then have 15 bits, halved 14; a
// difference 15, and its square 30.)
template <class T>
constexpr int kMoreBits = sizeof(T) == 1 ? 7 : 0;

template <class T>
void squared_difference(const Binary& r) {
  constexpr int32_t kUnit = 1 << kMoreBits<T>;
  const auto& q = *static_cast<const AddQuantized*>(r.constants);
  each_pair_small<T, T>(r, [&](T a, T b) {
    const int32_t d = multiply((a - q.zero_point_a) * kUnit, q.multiplier_a, q.shift_a) -
                      multiply((b - q.zero_point_b) * kUnit, q.multiplier_b, q.shift_b);
    return static_cast<T>(requantize(d * d, q.multiplier, q.shift, q.zero_point, q.min, q.max));
  });
}

template <class T>
Status prepare_squared_difference_of(Prepare& p) {
  const Tensor& a = p.input(0);
  const Tensor& b = p.input(1);
  const Tensor& out = p.output(0);
  for (const Tensor* t : {&a, &b, &out}) {
    PIPIT_TRY(need_scale(p, *t));
    if (sizeof(T) == 1 || t->zero_point == 0) continue;
    return p.unsupported(*t, " has zero point ", t->zero_point, ", which int16 may not have");
  }
  const Range range = type_range(out.type);
  AddQuantized q = {.zero_point_a = a.zero_point,
                    .zero_point_b = b.zero_point,
                    .zero_point = out.zero_point,
                    .min = range.min,
                    .max = range.max};
  const double largest = align_scales(a, b, &q);
  // The square has both operands' bits and scales.
  constexpr double kUnit = 1 << (2 * kMoreBits<T>);
  const Multiplier m = quantize_multiplier(largest * largest / (kUnit * out.scale));
  q.multiplier = m.multiplier;
  q.shift = m.shift;
  const auto* kept = keep(p, q);
  if (kept == nullptr) return Code::kArenaTooSmall;
  return plan_binary(p, squared_difference<T>, kept);
}

Status prepare_squared_difference(Prepare& p) {
  PIPIT_TRY(begin(p));
  switch (p.input(0).type) {
    case Type::kFloat32:
      return plan_binary(p, choose(squared_difference_f32_variants(), p.cpu()), nullptr);
    case Type::kInt32:
      return plan_binary(p, squared_difference_s32);
    case Type::kInt8:
      return prepare_squared_difference_of<int8_t>(p);
    case Type::kInt16:
      return prepare_squared_difference_of<int16_t>(p);
    default:
      return p.unsupported("input ", p.input(0));
  }
}

// ---- ATAN2

template <class T>
void angles(const Binary& r) {
  each_pair_small<T, T>(r, [](T y, T x) { return real::atan2(y, x); });
}

template <float (*widen)(uint16_t), uint16_t (*narrow)(float)>
void angles_16_bits(const Binary& r) {
  each_pair_small<uint16_t, uint16_t>(
      r, [](uint16_t y, uint16_t x) { return narrow(real::atan2(widen(y), widen(x))); });
}

// ATAN2 does not broadcast.
Status prepare_atan2(Prepare& p) {
  PIPIT_TRY(check_alike(p));
  switch (p.input(0).type) {
    case Type::kFloat32:
      return plan_binary(p, angles<float>);
    case Type::kFloat64:
      return plan_binary(p, angles<double>);
    case Type::kFloat16:
      return plan_binary(p, angles_16_bits<half_to_float, float_to_half>);
    case Type::kBFloat16:
      return plan_binary(p, angles_16_bits<bfloat16_to_float, float_to_bfloat16>);
    default:
      return p.unsupported("type ", p.input(0).type);
  }
}

}  // namespace

const Op kPow = {builtin(fb::BuiltinOperator::POW), "POW", prepare_pow};
const Op kSquaredDifference = {builtin(fb::BuiltinOperator::SQUARED_DIFFERENCE),
                               "SQUARED_DIFFERENCE", prepare_squared_difference};
const Op kAtan2 = {builtin(fb::BuiltinOperator::ATAN2), "ATAN2", prepare_atan2};

}  // namespace pipit
