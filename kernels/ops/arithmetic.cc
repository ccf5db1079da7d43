// SPDX-License-Identifier: Apache-2.0
// ADD, SUB and MUL: two operands that broadcast, and a fused activation.
//
// What is computed is told by the kernels' contracts (arithmetic_f32.h, add_s8.h, mul_s8.h); here
// their constants are found. int16 is quantized where it has a scale, and else a plain integer.
#include <algorithm>

#include "kernels/contracts/mul_s8.h"
#include "kernels/math/half.h"
#include "kernels/ops.h"
#include "kernels/ops/binary.h"
#include "kernels/ops/clamp.h"

namespace pipit {
namespace {

using Activation = fb::ActivationFunctionType;

enum class Arithmetic : uint8_t { kAdd, kSub, kMul };

// ---- plain numbers

template <Arithmetic op, class T>
T compute(T a, T b) {
  if constexpr (op == Arithmetic::kAdd) return a + b;
  if constexpr (op == Arithmetic::kSub) return a - b;
  if constexpr (op == Arithmetic::kMul) return a * b;
}

// Integers wrap, which unsigned arithmetic of at least 32 bits does without overflow.
template <Arithmetic op, class T>
void integers(const Binary& r) {
  using Wide = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  const auto clamp = *static_cast<const Clamp<T>*>(r.constants);
  each_pair_small<T, T>(r, [&](T a, T b) {
    return clamp(static_cast<T>(compute<op>(static_cast<Wide>(a), static_cast<Wide>(b))));
  });
}

template <Arithmetic op>
void halves(const Binary& r) {
  const auto clamp = *static_cast<const Clamp<float>*>(r.constants);
  each_pair_small<uint16_t, uint16_t>(r, [&](uint16_t a, uint16_t b) {
    return float_to_half(clamp(compute<op>(half_to_float(a), half_to_float(b))));
  });
}

struct Complex {
  float re, im;
};

void multiply_complex(const Binary& r) {
  each_pair_small<Complex, Complex>(r, [](Complex a, Complex b) {
    return Complex{a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  });
}

template <class T>
Status plan_clamped(Prepare& p, const BinaryVariant& kernel, const Clamp<T>& clamp) {
  const auto* kept = keep(p, clamp);
  if (kept == nullptr) return Code::kArenaTooSmall;
  return plan_binary(p, kernel, kept);
}

template <Arithmetic op, class T>
Status plan_integers(Prepare& p, Activation activation) {
  return plan_clamped(p, {"portable", kCpuPortable, integers<op, T>}, clamp_to<T>(activation));
}

template <Arithmetic op>
Status plan_f32(Prepare& p, Activation activation) {
  const auto variants = op == Arithmetic::kAdd   ? add_f32_variants()
                        : op == Arithmetic::kSub ? sub_f32_variants()
                                                 : mul_f32_variants();
  return plan_clamped(p, choose(variants, p.cpu()), clamp_to<float>(activation));
}

// Computed in float32 and rounded once. What is too large for float16 becomes its largest number,
// not an infinity.
template <Arithmetic op>
Status plan_halves(Prepare& p, Activation activation) {
  constexpr float kLargestHalf = 65504;
  Clamp<float> clamp = clamp_to<float>(activation);
  clamp.min = std::max(clamp.min, -kLargestHalf);
  clamp.max = std::min(clamp.max, kLargestHalf);
  return plan_clamped(p, {"portable", kCpuPortable, halves<op>}, clamp);
}

// ---- quantized

// The int8 kernels serve uint8 with its top bit turned over: `shift` moves numbers along.
struct Flip {
  uint8_t bits = 0;
  int32_t shift = 0;
};

Flip flip_for(Type type) { return type == Type::kUInt8 ? Flip{0x80, 128} : Flip{}; }

Status prepare_add(Prepare& p, int32_t sign, Activation activation) {
  const Tensor& a = p.input(0);
  const Tensor& b = p.input(1);
  const Tensor& out = p.output(0);
  const bool wide = a.type == Type::kInt16;
  const Flip flip = flip_for(a.type);
  AddQuantized q = {.zero_point_a = a.zero_point - flip.shift,
                    .zero_point_b = b.zero_point - flip.shift,
                    .zero_point = out.zero_point - flip.shift,
                    .left_shift = wide ? 15 : 20,
                    .sign = sign,
                    .flip = flip.bits};
  const double largest = align_scales(a, b, &q);
  const Multiplier of_sum =
      quantize_multiplier(largest / (static_cast<double>(1 << q.left_shift) * out.scale));
  q.multiplier = of_sum.multiplier;
  q.shift = of_sum.shift;
  const Range range = activation_range(activation, out);
  q.min = range.min - flip.shift;
  q.max = range.max - flip.shift;
  const auto* kept = keep(p, q);
  if (kept == nullptr) return Code::kArenaTooSmall;
  return plan_binary(p, choose(wide ? add_s16_variants() : add_s8_variants(), p.cpu()), kept);
}

Status prepare_mul(Prepare& p, Activation activation) {
  const Tensor& a = p.input(0);
  const Tensor& b = p.input(1);
  const Tensor& out = p.output(0);
  const Flip flip = flip_for(a.type);
  // In float32 and widened afterwards, as the reference has it; ADD's quotients are doubles
  // throughout.
  const Multiplier m = quantize_multiplier(static_cast<double>(a.scale * b.scale / out.scale));
  const Range range = activation_range(activation, out);
  const auto* kept = keep(p, MulQuantized{.zero_point_a = a.zero_point - flip.shift,
                                          .zero_point_b = b.zero_point - flip.shift,
                                          .zero_point = out.zero_point - flip.shift,
                                          .multiplier = m.multiplier,
                                          .shift = m.shift,
                                          .min = range.min - flip.shift,
                                          .max = range.max - flip.shift,
                                          .flip = flip.bits});
  if (kept == nullptr) return Code::kArenaTooSmall;
  const bool wide = a.type == Type::kInt16;
  return plan_binary(p, choose(wide ? mul_s16_variants() : mul_s8_variants(), p.cpu()), kept);
}

// ---- int16 whose scales are powers of two: operands are aligned by shifts

struct AddAligned {
  int32_t shift_a, shift_b;  // to the right
  int32_t sign;
  int32_t min, max;
};

void add_aligned(const Binary& r) {
  const auto& q = *static_cast<const AddAligned*>(r.constants);
  each_pair_small<int16_t, int16_t>(r, [&](int16_t a, int16_t b) {
    const int32_t sum =
        rounding_shift_right(a, q.shift_a) + q.sign * rounding_shift_right(b, q.shift_b);
    return static_cast<int16_t>(clamp(sum, q.min, q.max));
  });
}

Status prepare_aligned(Prepare& p, int32_t sign, Activation activation, int log_a, int log_b,
                       int log_out) {
  // The output's scale is that of one operand at least; the other one is finer, and loses bits.
  if (log_a > log_out || log_b > log_out || (log_a != log_out && log_b != log_out)) {
    return p.unsupported("scales 2^", log_a, " and 2^", log_b, " of the inputs do not lead to 2^",
                         log_out, " of the output by one shift to the right");
  }
  const Range range = activation_range(activation, p.output(0));
  const auto* kept = keep(p, AddAligned{.shift_a = std::min(log_out - log_a, 31),
                                        .shift_b = std::min(log_out - log_b, 31),
                                        .sign = sign,
                                        .min = range.min,
                                        .max = range.max});
  if (kept == nullptr) return Code::kArenaTooSmall;
  return plan_binary(p, add_aligned, kept);
}

// int16 x int16 -> int8 or uint8: both are fractions in [-1, 1), of which the output keeps 8 bits.
// No scale of the file is read for that: inputs count in units of 2^-15, the output in 2^-7.
struct MulFractions {
  int32_t zero_point;
  int32_t min, max;
};

template <class Out>
void mul_fractions(const Binary& r) {
  const auto& q = *static_cast<const MulFractions*>(r.constants);
  each_pair_small<int16_t, Out>(r, [&](int16_t a, int16_t b) {
    const int32_t product = rounding_doubling_high_mul_s16(a, b);
    return static_cast<Out>(clamp(q.zero_point + rounding_shift_right(product, 8), q.min, q.max));
  });
}

Status prepare_mul_fractions(Prepare& p, Activation activation) {
  PIPIT_TRY(need_scale(p, p.output(0)));
  const Range range = activation_range(activation, p.output(0));
  const auto* kept = keep(p, MulFractions{p.output(0).zero_point, range.min, range.max});
  if (kept == nullptr) return Code::kArenaTooSmall;
  const bool sign = p.output(0).type == Type::kInt8;
  return plan_binary(p, sign ? mul_fractions<int8_t> : mul_fractions<uint8_t>, kept);
}

// ---- the operators

template <Arithmetic op>
Status prepare_quantized(Prepare& p, Activation activation, bool power_of_two) {
  const Tensor& a = p.input(0);
  const Tensor& b = p.input(1);
  const Tensor& out = p.output(0);
  for (const Tensor* t : {&a, &b, &out}) {
    PIPIT_TRY(need_scale(p, *t));
    if (t->type == Type::kInt16 && t->zero_point != 0) {
      return p.unsupported(*t, " has zero point ", t->zero_point, ", which int16 may not have");
    }
  }
  if constexpr (op == Arithmetic::kMul) return prepare_mul(p, activation);
  const int32_t sign = op == Arithmetic::kAdd ? 1 : -1;
  int log_a = 0, log_b = 0, log_out = 0;
  if (power_of_two && a.type == Type::kInt16 && is_power_of_two(a.scale, &log_a) &&
      is_power_of_two(b.scale, &log_b) && is_power_of_two(out.scale, &log_out)) {
    return prepare_aligned(p, sign, activation, log_a, log_b, log_out);
  }
  return prepare_add(p, sign, activation);
}

template <Arithmetic op>
Status prepare_plain(Prepare& p, Activation activation) {
  constexpr bool kMul = op == Arithmetic::kMul;
  switch (p.input(0).type) {
    case Type::kFloat32:
      return plan_f32<op>(p, activation);
    case Type::kFloat16:
      if constexpr (op != Arithmetic::kSub) return plan_halves<op>(p, activation);
      break;
    case Type::kInt16:
      return plan_integers<op, int16_t>(p, activation);
    case Type::kInt32:
      return plan_integers<op, int32_t>(p, activation);
    case Type::kInt64:
      return plan_integers<op, int64_t>(p, activation);
    case Type::kUInt32:
      if constexpr (kMul) return plan_integers<op, uint32_t>(p, activation);
      break;
    case Type::kComplex64:
      if (kMul && activation == Activation::NONE) {
        return plan_binary(p, multiply_complex);
      }
      break;
    default:
      break;
  }
  return p.unsupported("type ", p.input(0).type);
}

template <Arithmetic op>
Status prepare(Prepare& p, Activation activation, bool power_of_two) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(same_type(p, p.input(0), p.input(1)));
  const Type in = p.input(0).type, out = p.output(0).type;
  if (op == Arithmetic::kMul && in == Type::kInt16 && (out == Type::kInt8 || out == Type::kUInt8)) {
    return prepare_mul_fractions(p, activation);
  }
  // ADD and SUB give their output the inputs' type; of MUL it may differ.
  if (op != Arithmetic::kMul) p.set_output_type(0, in);
  if (p.output(0).type != in) return p.unsupported("inputs ", in, ", output ", out);
  const bool has_scale = p.input(0).scale > 0 || p.output(0).scale > 0;
  if (in == Type::kInt8 || in == Type::kUInt8 || (in == Type::kInt16 && has_scale)) {
    return prepare_quantized<op>(p, activation, power_of_two);
  }
  return prepare_plain<op>(p, activation);
}

Status prepare_add_op(Prepare& p) {
  const auto* o = options<fb::AddOptions>(p);
  if (o == nullptr) return prepare<Arithmetic::kAdd>(p, Activation::NONE, false);
  return prepare<Arithmetic::kAdd>(p, o->fused_activation_function(), o->pot_scale_int16());
}

Status prepare_sub_op(Prepare& p) {
  const auto* o = options<fb::SubOptions>(p);
  if (o == nullptr) return prepare<Arithmetic::kSub>(p, Activation::NONE, false);
  return prepare<Arithmetic::kSub>(p, o->fused_activation_function(), o->pot_scale_int16());
}

Status prepare_mul_op(Prepare& p) {
  const auto* o = options<fb::MulOptions>(p);
  return prepare<Arithmetic::kMul>(
      p, o == nullptr ? Activation::NONE : o->fused_activation_function(), false);
}

}  // namespace

const Op kAdd = {builtin(fb::BuiltinOperator::ADD), "ADD", prepare_add_op};
const Op kSub = {builtin(fb::BuiltinOperator::SUB), "SUB", prepare_sub_op};
const Op kMul = {builtin(fb::BuiltinOperator::MUL), "MUL", prepare_mul_op};

}  // namespace pipit
