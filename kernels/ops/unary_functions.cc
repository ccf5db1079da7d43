// SPDX-License-Identifier: Apache-2.0
// Functions of one real number, which quantized types take from tables: EXP, LOG, SQRT, RSQRT,
// SQUARE, SIN, COS, CEIL, FLOOR, ROUND, ELU, GELU.
#include <cmath>

#include "kernels/activation_f32.h"
#include "kernels/fixed_point_functions.h"
#include "kernels/function_f32.h"
#include "kernels/half.h"
#include "kernels/lookup_s16.h"
#include "kernels/ops.h"
#include "kernels/ops/float_function.h"
#include "kernels/ops/unary.h"

namespace pipit {
namespace {

constexpr TypeSet kFloat = types(Type::kFloat32);
constexpr TypeSet kAllFloats = types(Type::kFloat32, Type::kFloat16, Type::kBFloat16);

// Plans output 0 = f(input 0) for int16, rounded as TensorFlow Lite's tables are.
template <class F>
Status plan_lookup_s16(Prepare& p, F f, RunFn run = run_unary) {
  for (const Tensor* t : {&p.input(0), &p.output(0)}) {
    PIPIT_TRY(need_scale(p, *t));
    PIPIT_TRY(need_symmetric(p, *t));
  }
  auto* table = p.allocate<LookupS16>();
  if (table == nullptr) return Code::kArenaTooSmall;
  fill_table_s16<float>({p.input(0).scale, 0}, {p.output(0).scale, 0}, f, table);
  return plan_unary(p, lookup_s16_portable, table, run);
}

// ---- real numbers only

float sine(float x) { return std::sin(x); }
float cosine(float x) { return std::cos(x); }

template <float (*f)(float), TypeSet accepted>
Status prepare_function(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  return plan_float_function(p, f, accepted);
}

// The functions that are worth a choice of kernels.
Status plan_f32(Prepare& p, Span<const UnaryVariant> variants) {
  PIPIT_TRY(need_type(p, p.input(0), kFloat));
  return plan_unary(p, choose(variants, p.cpu()), nullptr);
}

template <Span<const UnaryVariant> (*variants)()>
Status prepare_f32(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  return plan_f32(p, variants());
}

// A kernel's result for one number: for tables, and for numbers of 16 bits.
template <UnaryFn kernel>
float one(float x) {
  kernel({.in = &x, .out = &x, .n = 1});
  return x;
}

template <UnaryFn portable>
Status plan_rounding(Prepare& p, Span<const UnaryVariant> variants) {
  if (p.input(0).type == Type::kFloat32) return plan_f32(p, variants);
  return plan_float_function(p, one<portable>, kAllFloats);
}

Status prepare_floor(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  p.set_output_type(0, p.input(0).type);
  return plan_rounding<floor_f32_portable>(p, floor_f32_variants());
}

Status prepare_round(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  return plan_rounding<round_f32_portable>(p, round_f32_variants());
}

// ---- EXP, LOG

float logarithm(float x) { return std::log(x); }

Status prepare_exp(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  p.set_output_type(0, p.input(0).type);
  if (p.input(0).type == Type::kInt8) return plan_lookup_real(p, one<exp_f32_portable>);
  if (p.input(0).type == Type::kInt16) return plan_lookup_s16(p, one<exp_f32_portable>);
  return plan_f32(p, exp_f32_variants());
}

// What has no logarithm gets the smallest output; in the table of bytes that comes by itself.
Status prepare_log(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  if (p.input(0).type == Type::kInt8) return plan_lookup_real(p, logarithm);
  if (p.input(0).type == Type::kInt16) {
    const float least = INT16_MIN * p.output(0).scale;
    return plan_lookup_s16(p, [&](float x) { return x <= 0 ? least : std::log(x); });
  }
  return plan_float_function(p, logarithm, kFloat);
}

// ---- RSQRT

template <class T>
Status run_rsqrt(const Step& s, Run& run) {
  const Tensor& in = s.input(0);
  const T* x = in.as<T>();
  for (int32_t i = 0; i < in.elements(); ++i) {
    if (x[i] < in.zero_point) return run.fail(s, "value ", int{x[i]}, " of ", in, " is negative");
  }
  return run_unary(s, run);
}

// From the root's units to the output's, by way of 20 more bits.
int32_t rsqrt(const Multiplier& m, int32_t x, int32_t zero_point, const Range& range) {
  constexpr int kMoreBits = 20;
  if (x <= 0) return range.max;
  int shift = 0;
  const int32_t root = inverse_root(x, &shift);
  const int32_t fine = multiply(1, root, kMoreBits - shift);
  const int32_t right = m.shift - kMoreBits;
  const int64_t out = right < -31 ? 0 : multiply(fine, m.multiplier, right);
  return static_cast<int32_t>(
      std::min<int64_t>(std::max<int64_t>(out + zero_point, range.min), range.max));
}

Status prepare_rsqrt(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  if (in.type == Type::kInt16) {
    const float most = INT16_MAX * out.scale;
    const auto f = [&](float x) { return x <= 0 ? most : 1.0f / std::sqrt(x); };
    return plan_lookup_s16(p, f, run_rsqrt<int16_t>);
  }
  if (in.type != Type::kInt8) return plan_f32(p, rsqrt_f32_variants());
  PIPIT_TRY(need_scale(p, in));
  PIPIT_TRY(need_scale(p, out));
  const double real = 1.0 / static_cast<double>(std::sqrt(in.scale) * out.scale);
  const Multiplier m = quantize_multiplier(real);
  const auto f = [&](int32_t x) {
    return rsqrt(m, x - in.zero_point, out.zero_point, type_range(Type::kInt8));
  };
  return plan_lookup(p, f, run_rsqrt<int8_t>);
}

// ---- ELU, GELU

constexpr float kRootOfHalf = 0.70710678118654752440f;
constexpr float kRootOf2OverPi = 0.79788456080286535588f;
constexpr float kCubicPart = 0.044715f;

// float16 is computed as such: each step is rounded.
float half(float x) { return half_to_float(float_to_half(x)); }

float gelu_half(float x) { return half(0.5f * x) * half(std::erfc(half(x * half(-kRootOfHalf)))); }

float gelu_by_tanh_half(float x) {
  const float cube = half(half(x * x) * x);
  const float inner = half(x + half(half(kCubicPart) * cube));
  const float tangent = half(std::tanh(half(half(kRootOf2OverPi) * inner)));
  return half(0.5f * x) * half(1.0f + tangent);
}

Status prepare_elu(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  if (p.input(0).type == Type::kInt8) return plan_lookup_real(p, one<elu_f32_portable>);
  return plan_f32(p, elu_f32_variants());
}

Status prepare_gelu(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  const auto* o = options<fb::GeluOptions>(p);
  const bool approximate = o != nullptr && o->approximate();
  const auto f = approximate ? one<gelu_by_tanh_f32_portable> : one<gelu_f32_portable>;
  switch (p.input(0).type) {
    case Type::kInt8:
    case Type::kUInt8:
      return plan_lookup_real(p, f);
    case Type::kInt16:
      return plan_lookup_s16(p, f);
    case Type::kFloat16:
      return plan_float_function(p, approximate ? gelu_by_tanh_half : gelu_half,
                                 types(Type::kFloat16));
    default:
      return plan_f32(p, approximate ? gelu_by_tanh_f32_variants() : gelu_f32_variants());
  }
}

constexpr TypeSet kTrigonometric = types(Type::kFloat32, Type::kFloat16);

}  // namespace

const Op kExp = {builtin(fb::BuiltinOperator::EXP), "EXP", prepare_exp};
const Op kLog = {builtin(fb::BuiltinOperator::LOG), "LOG", prepare_log};
const Op kSqrt = {builtin(fb::BuiltinOperator::SQRT), "SQRT", prepare_f32<sqrt_f32_variants>};
const Op kRsqrt = {builtin(fb::BuiltinOperator::RSQRT), "RSQRT", prepare_rsqrt};
const Op kSquare = {builtin(fb::BuiltinOperator::SQUARE), "SQUARE",
                    prepare_f32<square_f32_variants>};
const Op kSin = {builtin(fb::BuiltinOperator::SIN), "SIN", prepare_function<sine, kTrigonometric>};
const Op kCos = {builtin(fb::BuiltinOperator::COS), "COS",
                 prepare_function<cosine, kTrigonometric>};
const Op kCeil = {builtin(fb::BuiltinOperator::CEIL), "CEIL", prepare_f32<ceil_f32_variants>};
const Op kFloor = {builtin(fb::BuiltinOperator::FLOOR), "FLOOR", prepare_floor};
const Op kRound = {builtin(fb::BuiltinOperator::ROUND), "ROUND", prepare_round};
const Op kElu = {builtin(fb::BuiltinOperator::ELU), "ELU", prepare_elu};
const Op kGelu = {builtin(fb::BuiltinOperator::GELU), "GELU", prepare_gelu};

}  // namespace pipit
