// SPDX-License-Identifier: Apache-2.0
// LOGISTIC and TANH.
#include <algorithm>
#include <cmath>

#include "core/to_integer.h"
#include "kernels/contracts/activation_f32.h"
#include "kernels/contracts/sigmoid_s16.h"
#include "kernels/math/fixed_exp.h"
#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/float_function.h"
#include "kernels/ops/unary.h"

namespace pipit {
namespace {

constexpr TypeSet kShortFloats = types(Type::kFloat16, Type::kBFloat16);

// Scales that are powers of two are taken as shifts (the input's integer part has 3 bits), others
// by a multiplier of 15 bits. The table has 3/4 of an entry where the shifted input has one.
Status prepare_s16(Prepare& p, UnaryFn kernel, int largest_shift) {
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  for (const Tensor* t : {&in, &out}) {
    PIPIT_TRY(need_scale(p, *t));
    PIPIT_TRY(need_symmetric(p, *t));
  }
  auto* s = p.allocate<SigmoidS16>();
  if (s == nullptr) return Code::kArenaTooSmall;
  fill_sigmoid_table(s->table);
  int log = 0;
  const bool power = is_power_of_two(in.scale, &log);
  const int shift = 12 + log;
  if (power && shift >= 0 && shift <= largest_shift) {
    s->multiplier = 3 << shift;
    return plan_unary(p, kernel, s);
  }
  // The table's unit, 2^-9 / 24, is a part of 3 * 4096 of 1. The loop leaves 15 bits, or a bit
  // more.
  double multiplier = in.scale * 4096.0 * 3.0;
  while (multiplier <= 32767.0 / 2.0 && s->shift <= 30) {
    ++s->shift;
    multiplier *= 2;
  }
  if (multiplier >= 65536 || s->shift > 30) {
    return p.unsupported("input scale ", static_cast<double>(in.scale), " of int16");
  }
  s->multiplier = to_integer<int32_t>(multiplier);
  return plan_unary(p, kernel, s);
}

Status need_output_scale(const Prepare& p, float scale) {
  if (p.output(0).scale == scale) return {};
  return p.unsupported(p.output(0), " has scale ", static_cast<double>(p.output(0).scale), ", not ",
                       static_cast<double>(scale));
}

// ---- int8 as TensorFlow Lite Micro has it

// An output of scale 1/255 is computed as if it were 1/256.
bool is_micro(const Tensor& out) {
  return out.type == Type::kInt8 && std::abs(out.scale * 255 - 1) < 1e-5f;
}

// The logistic function in fixed point, with 4 integer bits; outside of them it is 0 or 1.
Status prepare_micro(Prepare& p) {
  constexpr int kIntegerBits = 4;
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  PIPIT_TRY(need_scale(p, in));
  if (out.zero_point != -128) return p.unsupported(out, " has zero point ", out.zero_point);
  int shift = 0;
  const double mantissa = std::frexp(std::ldexp(in.scale, 31 - kIntegerBits), &shift);
  if (shift < 0) return p.unsupported("input scale ", static_cast<double>(in.scale));
  const auto multiplier = static_cast<int32_t>(std::ldexp(mantissa, 31));  // exact
  // Inputs at which 15 is reached: the 4 integer bits hold no more.
  const double radius = std::floor(std::ldexp((1 << kIntegerBits) - 1, 31 - kIntegerBits - shift));
  return plan_lookup(p, [&](int32_t value) {
    const int32_t x = value - in.zero_point;
    if (x <= -radius) return -128;
    if (x >= radius) return 127;
    const int32_t real = fixed::logistic(multiply(x, multiplier, shift), kIntegerBits);
    // From 31 bits behind the point to 8, the output's 1/256.
    return std::min(rounding_shift_right(real, 31 - 8) - 128, 127);
  });
}

Status prepare_logistic(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  switch (p.input(0).type) {
    case Type::kInt8:
    case Type::kUInt8:
      if (is_micro(p.output(0))) return prepare_micro(p);
      PIPIT_TRY(need_output_scale(p, 1.0f / 256));
      return plan_lookup_real(p, real::logistic);
    case Type::kInt16:
      PIPIT_TRY(need_output_scale(p, 1.0f / 32768));
      return prepare_s16(p, logistic_s16, 0);
    case Type::kFloat32:
      return plan_unary(p, choose(logistic_f32_variants(), p.cpu()), nullptr);
    default:
      return plan_float_function(p, real::logistic, kShortFloats);
  }
}

Status prepare_tanh(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  switch (p.input(0).type) {
    case Type::kInt8:
    case Type::kUInt8:
      return plan_lookup_real(p, real::tanh);
    case Type::kInt16: {
      int log = 0;
      PIPIT_TRY(need_scale(p, p.output(0)));
      if (!is_power_of_two(p.output(0).scale, &log) || log != -15) {
        return need_output_scale(p, 1.0f / 32768);
      }
      return prepare_s16(p, tanh_s16, 1);
    }
    case Type::kFloat32:
      return plan_unary(p, choose(tanh_f32_variants(), p.cpu()), nullptr);
    default:
      return plan_float_function(p, real::tanh, kShortFloats);
  }
}

}  // namespace

const Op kLogistic = {builtin(fb::BuiltinOperator::LOGISTIC), "LOGISTIC", prepare_logistic};
const Op kTanh = {builtin(fb::BuiltinOperator::TANH), "TANH", prepare_tanh};

}  // namespace pipit
