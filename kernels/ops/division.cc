// SPDX-License-Identifier: Apache-2.0
// DIV, FLOOR_DIV and FLOOR_MOD. Divisors are looked at before anything is computed.
//
//   DIV:        a / b, integers towards zero; quantized: zo + (a - za) / (b - zb) * m,
//               m = a_scale / (b_scale * out_scale)
//   FLOOR_DIV:  floor(a / b)
//   FLOOR_MOD:  a - b * floor(a / b)
//
//   -7 and 2:  DIV -3, FLOOR_DIV -4, FLOOR_MOD 1        7 and -2:  -3, -4, -1
#include <cmath>
#include <type_traits>

#include "kernels/contracts/arithmetic_f32.h"
#include "kernels/math/fixed_point_functions.h"
#include "kernels/ops.h"
#include "kernels/ops/binary.h"
#include "kernels/ops/clamp.h"

namespace pipit {
namespace {

// Fails when a divisor is 0, which quantized numbers write as their zero point.
template <class T, bool quantized = false>
Status run_checked(const Step& s, Run& run) {
  const Tensor& divisor = s.input(1);
  const T* d = divisor.as<T>();
  const T zero = quantized ? static_cast<T>(divisor.zero_point) : T{0};
  for (int32_t i = 0; i < divisor.elements(); ++i) {
    if (d[i] == zero) return run.fail(s, "value ", i, " of ", divisor, " divides by zero");
  }
  return run_binary(s, run);
}

// ---- DIV

// The one quotient that does not fit wraps, by way of 64 bits.
void divide_s32(const Binary& r) {
  const auto clamp = *static_cast<const Clamp<int32_t>*>(r.constants);
  each_pair_small<int32_t, int32_t>(
      r, [&](int32_t a, int32_t b) { return clamp(static_cast<int32_t>(int64_t{a} / b)); });
}

struct DivQuantized {
  int32_t zero_point_a, zero_point_b, zero_point;
  int32_t multiplier, shift;
  int32_t min, max;
};

// x < 0 is shifted up to its sign, x >= 0 up to below it.
int sign_bits(int32_t x) {
  if (x >= 0) return x == 0 ? 31 : __builtin_clz(static_cast<uint32_t>(x)) - 1;
  return __builtin_clz(2 * (0u - static_cast<uint32_t>(x)) - 1);
}

// The inverse of b is a number of 31 bits times 2^-bits. `a` is shifted up as far as it goes before
// it meets that, so that no digit is lost; what both shifts amount to is made good at last. As in
// TensorFlow Lite, every rounding included.
int32_t divide_quantized(const DivQuantized& q, int32_t a, int32_t b) {
  a -= q.zero_point_a;
  b -= q.zero_point_b;
  if (b < 0) {
    a = -a;
    b = -b;
  }
  int bits = 0;
  const int32_t inverse = reciprocal(static_cast<uint32_t>(b), 31, &bits);
  const int headroom = sign_bits(a);
  const int32_t quotient = multiply(a, inverse, headroom);
  const int shift = q.shift - bits - headroom;
  // Beyond 31 bits nothing is left; there the reference's rounding makes a 0 to 1.
  const int64_t scaled =
      shift < -31 ? int64_t{quotient == 0} : multiply(quotient, q.multiplier, shift);
  const int64_t out = scaled + q.zero_point;
  return static_cast<int32_t>(out < q.min ? q.min : (out > q.max ? q.max : out));
}

template <class T>
void divide_q(const Binary& r) {
  const auto& q = *static_cast<const DivQuantized*>(r.constants);
  each_pair_small<T, T>(r, [&](T a, T b) { return static_cast<T>(divide_quantized(q, a, b)); });
}

template <class T>
Status prepare_div_quantized(Prepare& p, fb::ActivationFunctionType activation) {
  const Tensor& a = p.input(0);
  const Tensor& b = p.input(1);
  const Tensor& out = p.output(0);
  for (const Tensor* t : {&a, &b, &out}) PIPIT_TRY(need_scale(p, *t));
  const Multiplier m = quantize_multiplier(static_cast<double>(a.scale / (b.scale * out.scale)));
  const Range range = activation_range(activation, out);
  const auto* kept = keep(p, DivQuantized{.zero_point_a = a.zero_point,
                                          .zero_point_b = b.zero_point,
                                          .zero_point = out.zero_point,
                                          .multiplier = m.multiplier,
                                          .shift = m.shift,
                                          .min = range.min,
                                          .max = range.max});
  if (kept == nullptr) return Code::kArenaTooSmall;
  return plan_binary(p, divide_q<T>, kept, run_checked<T, true>);
}

Status prepare_div(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(same_type(p, p.input(0), p.input(1)));
  p.set_output_type(0, p.input(0).type);
  const auto* o = options<fb::DivOptions>(p);
  const auto activation =
      o == nullptr ? fb::ActivationFunctionType::NONE : o->fused_activation_function();
  switch (p.input(0).type) {
    case Type::kFloat32: {
      const auto* kept = keep(p, clamp_to<float>(activation));
      if (kept == nullptr) return Code::kArenaTooSmall;
      return plan_binary(p, choose(div_f32_variants(), p.cpu()), kept);
    }
    case Type::kInt32: {
      const auto* kept = keep(p, clamp_to<int32_t>(activation));
      if (kept == nullptr) return Code::kArenaTooSmall;
      return plan_binary(p, divide_s32, kept, run_checked<int32_t>);
    }
    case Type::kInt8:
      return prepare_div_quantized<int8_t>(p, activation);
    case Type::kUInt8:
      return prepare_div_quantized<uint8_t>(p, activation);
    case Type::kInt16:
      return prepare_div_quantized<int16_t>(p, activation);
    default:
      return p.unsupported("type ", p.input(0).type);
  }
}

// ---- FLOOR_DIV: rounds down

template <class T>
T floor_div(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(std::floor(static_cast<double>(a) / static_cast<double>(b)));
  } else {
    const int64_t quotient = int64_t{a} / b;
    return static_cast<T>(int64_t{a} % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient);
  }
}

// ---- FLOOR_MOD: has the sign of the divisor

template <class T>
T floor_mod(T a, T b) {
  T rest;
  if constexpr (std::is_floating_point_v<T>) {
    rest = std::fmod(a, b);
  } else {
    // -1 divides everything; the smallest number divided by it would overflow.
    rest = b == T{-1} ? T{0} : static_cast<T>(a % b);
  }
  return rest != 0 && (b < 0) != (rest < 0) ? static_cast<T>(rest + b) : rest;
}

template <class T, T (*f)(T, T)>
void pairs(const Binary& r) {
  each_pair_small<T, T>(r, f);
}

template <class T, T (*f)(T, T)>
Status plan_checked(Prepare& p) {
  return plan_binary(p, pairs<T, f>, nullptr, run_checked<T>);
}

Status begin(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(same_type(p, p.input(0), p.input(1)));
  p.set_output_type(0, p.input(0).type);
  return {};
}

Status prepare_floor_div(Prepare& p) {
  PIPIT_TRY(begin(p));
  switch (p.input(0).type) {
    case Type::kFloat32:
      return plan_checked<float, floor_div<float>>(p);
    case Type::kInt8:
      return plan_checked<int8_t, floor_div<int8_t>>(p);
    case Type::kInt16:
      return plan_checked<int16_t, floor_div<int16_t>>(p);
    case Type::kInt32:
      return plan_checked<int32_t, floor_div<int32_t>>(p);
    default:
      return p.unsupported("type ", p.input(0).type);
  }
}

Status prepare_floor_mod(Prepare& p) {
  PIPIT_TRY(begin(p));
  switch (p.input(0).type) {
    case Type::kFloat32:
      return plan_binary(p, pairs<float, floor_mod<float>>);
    case Type::kInt8:
      return plan_checked<int8_t, floor_mod<int8_t>>(p);
    case Type::kInt16:
      return plan_checked<int16_t, floor_mod<int16_t>>(p);
    case Type::kInt32:
      return plan_checked<int32_t, floor_mod<int32_t>>(p);
    case Type::kInt64:
      return plan_checked<int64_t, floor_mod<int64_t>>(p);
    default:
      return p.unsupported("type ", p.input(0).type);
  }
}

}  // namespace

const Op kDiv = {builtin(fb::BuiltinOperator::DIV), "DIV", prepare_div};
const Op kFloorDiv = {builtin(fb::BuiltinOperator::FLOOR_DIV), "FLOOR_DIV", prepare_floor_div};
const Op kFloorMod = {builtin(fb::BuiltinOperator::FLOOR_MOD), "FLOOR_MOD", prepare_floor_mod};

}  // namespace pipit
