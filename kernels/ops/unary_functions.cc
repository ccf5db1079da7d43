// SPDX-License-Identifier: Apache-2.0
// Functions of one real number, which quantized types take from tables: EXP, LOG, SQRT, RSQRT,
// SQUARE, SIN, COS, CEIL, FLOOR, ROUND, ELU, GELU.
//
//   tables of 8 bits, but for the roots:  clamp(zo + round(f((in - zi) * in_scale) / out_scale))
#include <algorithm>
#include <cmath>

#include "kernels/contracts/activation_f32.h"
#include "kernels/contracts/function_f32.h"
#include "kernels/contracts/lookup_s16.h"
#include "kernels/math/fixed_point_functions.h"
#include "kernels/math/half.h"
#include "kernels/math/real.h"
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

Status prepare_exp(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  p.set_output_type(0, p.input(0).type);
  if (p.input(0).type == Type::kInt8) return plan_lookup_real(p, one<exp_f32_portable>);
  if (p.input(0).type == Type::kInt16) return plan_lookup_s16(p, one<exp_f32_portable>);
  return plan_f32(p, exp_f32_variants());
}

// In tables, what has no logarithm gets the smallest output.
float log_or_least(float x) { return x > 0 ? real::log(x) : -INFINITY; }

Status prepare_log(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  if (p.input(0).type == Type::kInt8) return plan_lookup_real(p, log_or_least);
  if (p.input(0).type == Type::kInt16) {
    const float least = INT16_MIN * p.output(0).scale;
    return plan_lookup_s16(p, [&](float x) { return x <= 0 ? least : real::log(x); });
  }
  return plan_float_function(p, real::log, kFloat);
}

// ---- SQRT, RSQRT

// Numbers without a root are values of a tensor: all are looked at before the table is asked.
template <class T>
Status run_root(const Step& s, Run& run) {
  const Tensor& in = s.input(0);
  const T* x = in.as<T>();
  for (int32_t i = 0; i < in.elements(); ++i) {
    if (x[i] < in.zero_point) return run.fail(s, "value ", int{x[i]}, " of ", in, " is negative");
  }
  return run_unary(s, run);
}

// The root as a real number, of which TensorFlow Lite drops what is behind the point.
struct RealRoot {
  float in_scale, out_scale;
  int32_t in_zero_point, out_zero_point;
  Range range;

  int32_t operator()(int32_t x) const {
    constexpr float kBeyondAllTypes = 1 << 17;
    if (x <= in_zero_point) return out_zero_point;
    const float real = std::sqrt(in_scale * static_cast<float>(x - in_zero_point)) / out_scale;
    const auto whole = static_cast<int32_t>(std::min(real, kBeyondAllTypes));
    return clamp(whole + out_zero_point, range.min, range.max);
  }
};

void root_s16(const Unary& r) {
  const auto& root = *static_cast<const RealRoot*>(r.constants);
  each<int16_t, int16_t>(r, [&](int16_t x) { return static_cast<int16_t>(root(x)); });
}

Status prepare_sqrt(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  if (in.type != Type::kInt8 && in.type != Type::kInt16) return plan_f32(p, sqrt_f32_variants());
  PIPIT_TRY(need_scale(p, in));
  PIPIT_TRY(need_scale(p, out));
  const RealRoot root = {in.scale, out.scale, in.zero_point, out.zero_point, type_range(in.type)};
  if (in.type == Type::kInt8) return plan_lookup(p, root, run_root<int8_t>);
  PIPIT_TRY(need_symmetric(p, in));
  PIPIT_TRY(need_symmetric(p, out));
  const auto* kept = keep(p, root);
  if (kept == nullptr) return Code::kArenaTooSmall;
  return plan_unary(p, root_s16, kept, run_root<int16_t>);
}

// From the root's units to the output's, by way of 20 more bits. The roundings are those of
// TensorFlow Lite.
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
    return plan_lookup_s16(p, f, run_root<int16_t>);
  }
  if (in.type != Type::kInt8) return plan_f32(p, rsqrt_f32_variants());
  PIPIT_TRY(need_scale(p, in));
  PIPIT_TRY(need_scale(p, out));
  // 1 / sqrt(in.scale * x) over the output's scale, without the x.
  const double real = 1.0 / static_cast<double>(std::sqrt(in.scale) * out.scale);
  const Multiplier m = quantize_multiplier(real);
  const auto f = [&](int32_t x) {
    return rsqrt(m, x - in.zero_point, out.zero_point, type_range(Type::kInt8));
  };
  return plan_lookup(p, f, run_root<int8_t>);
}

// ---- ELU, GELU

constexpr float kRootOfHalf = 0.70710678118654752440f;
constexpr float kRootOf2OverPi = 0.79788456080286535588f;
constexpr float kCubicPart = 0.044715f;

// float16 is computed as such: each step is rounded.
float half(float x) { return half_to_float(float_to_half(x)); }

float gelu_half(float x) { return half(0.5f * x) * half(real::erfc(half(x * half(-kRootOfHalf)))); }

float gelu_by_tanh_half(float x) {
  const float cube = half(half(x * x) * x);
  const float inner = half(x + half(half(kCubicPart) * cube));
  const float tangent = half(real::tanh(half(half(kRootOf2OverPi) * inner)));
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
const Op kSqrt = {builtin(fb::BuiltinOperator::SQRT), "SQRT", prepare_sqrt};
const Op kRsqrt = {builtin(fb::BuiltinOperator::RSQRT), "RSQRT", prepare_rsqrt};
const Op kSquare = {builtin(fb::BuiltinOperator::SQUARE), "SQUARE",
                    prepare_f32<square_f32_variants>};
const Op kSin = {builtin(fb::BuiltinOperator::SIN), "SIN",
                 prepare_function<real::sin, kTrigonometric>};
const Op kCos = {builtin(fb::BuiltinOperator::COS), "COS",
                 prepare_function<real::cos, kTrigonometric>};
const Op kCeil = {builtin(fb::BuiltinOperator::CEIL), "CEIL", prepare_f32<ceil_f32_variants>};
const Op kFloor = {builtin(fb::BuiltinOperator::FLOOR), "FLOOR", prepare_floor};
const Op kRound = {builtin(fb::BuiltinOperator::ROUND), "ROUND", prepare_round};
const Op kElu = {builtin(fb::BuiltinOperator::ELU), "ELU", prepare_elu};
const Op kGelu = {builtin(fb::BuiltinOperator::GELU), "GELU", prepare_gelu};

}  // namespace pipit
