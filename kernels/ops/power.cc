// SPDX-License-Identifier: Apache-2.0
// POW, SQUARED_DIFFERENCE and ATAN2.
#include <cmath>

#include "kernels/arithmetic_f32.h"
#include "kernels/half.h"
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
  each_pair_small<float, float>(r, [](float a, float b) { return std::pow(a, b); });
}

// Wraps.
void powers_s32(const Binary& r) {
  each_pair_small<int32_t, int32_t>(r, [](int32_t a, int32_t b) {
    uint32_t power = 1, square = static_cast<uint32_t>(a);
    for (; b > 0; b >>= 1, square *= square) {
      if ((b & 1) != 0) power *= square;
    }
    return static_cast<int32_t>(power);
  });
}

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

constexpr int kMoreBits = 7;  // of each operand before it is scaled

void squared_difference_s8(const Binary& r) {
  const auto& q = *static_cast<const AddQuantized*>(r.constants);
  each_pair_small<int8_t, int8_t>(r, [&](int8_t a, int8_t b) {
    const int32_t d = multiply((a - q.zero_point_a) * (1 << kMoreBits), q.multiplier_a, q.shift_a) -
                      multiply((b - q.zero_point_b) * (1 << kMoreBits), q.multiplier_b, q.shift_b);
    const int64_t out = int64_t{multiply(d * d, q.multiplier, q.shift)} + q.zero_point;
    return static_cast<int8_t>(out < q.min ? q.min : (out > q.max ? q.max : out));
  });
}

Status prepare_squared_difference_s8(Prepare& p) {
  const Tensor& a = p.input(0);
  const Tensor& b = p.input(1);
  const Tensor& out = p.output(0);
  for (const Tensor* t : {&a, &b, &out}) PIPIT_TRY(need_scale(p, *t));
  AddQuantized q = {.zero_point_a = a.zero_point,
                    .zero_point_b = b.zero_point,
                    .zero_point = out.zero_point,
                    .min = INT8_MIN,
                    .max = INT8_MAX};
  const double largest = align_scales(a, b, &q);
  const Multiplier m = quantize_multiplier(largest * largest /
                                           (static_cast<double>(1 << (2 * kMoreBits)) * out.scale));
  q.multiplier = m.multiplier;
  q.shift = m.shift;
  const auto* kept = keep(p, q);
  if (kept == nullptr) return Code::kArenaTooSmall;
  return plan_binary(p, squared_difference_s8, kept);
}

Status prepare_squared_difference(Prepare& p) {
  PIPIT_TRY(begin(p));
  PIPIT_TRY(need_type(p, p.input(0), types(Type::kFloat32, Type::kInt32, Type::kInt8)));
  if (p.input(0).type == Type::kFloat32) {
    return plan_binary(p, choose(squared_difference_f32_variants(), p.cpu()), nullptr);
  }
  if (p.input(0).type == Type::kInt32) return plan_binary(p, squared_difference_s32);
  return prepare_squared_difference_s8(p);
}

// ---- ATAN2

template <class T>
void angles(const Binary& r) {
  each_pair_small<T, T>(r, [](T y, T x) { return std::atan2(y, x); });
}

template <float (*widen)(uint16_t), uint16_t (*narrow)(float)>
void angles_16_bits(const Binary& r) {
  each_pair_small<uint16_t, uint16_t>(
      r, [](uint16_t y, uint16_t x) { return narrow(std::atan2(widen(y), widen(x))); });
}

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
