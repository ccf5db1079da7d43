// SPDX-License-Identifier: Apache-2.0
// RELU and its relatives: piecewise linear functions of one operand.
//
// Numbers of 8 bits get a table of all 256 results, computed at plan time; of int16 each is
// computed. The quantized forms are one Scaling (kernels/math/scaling.h), whose slope below zero is
// 1 or alpha and whose limits are the activation's.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/contracts/activation_f32.h"
#include "kernels/ops.h"
#include "kernels/ops/scaling.h"
#include "kernels/ops/unary.h"

namespace pipit {
namespace {

void scale_s16(const Unary& r) {
  const auto& s = *static_cast<const Scaling*>(r.constants);
  each<int16_t, int16_t>(r, [&](int16_t x) { return static_cast<int16_t>(scale_value(s, x)); });
}

Status plan_scaling(Prepare& p, const Scaling& s) {
  if (p.input(0).type != Type::kInt16) {
    return plan_lookup(p, [&](int32_t x) { return scale_value(s, x); });
  }
  const auto* kept = keep(p, s);
  return kept == nullptr ? Status(Code::kArenaTooSmall) : plan_unary(p, scale_s16, kept);
}

// ---- RELU, RELU6, RELU_N1_TO_1, RELU_0_TO_1

// out = clamp(x, min, max), in the output's quantization.
Status prepare_clamp(Prepare& p, float min, float max, bool takes_int16) {
  PIPIT_TRY(need_unary(p));
  const Type type = p.input(0).type;
  if (type == Type::kFloat32) {
    const auto* kept = keep(p, Clamp<float>{min, max});
    return kept == nullptr ? Status(Code::kArenaTooSmall)
                           : plan_unary(p, choose(clamp_f32_variants(), p.cpu()), kept);
  }
  if (type != Type::kInt8 && type != Type::kUInt8 && !(takes_int16 && type == Type::kInt16)) {
    return p.unsupported("type ", type);
  }
  Scaling s;
  PIPIT_TRY(find_scaling(p, 1, &s));
  const Tensor& out = p.output(0);
  s.min = std::max(s.min, quantize_float(min, out.scale, out.zero_point));
  if (max < INFINITY) s.max = std::min(s.max, quantize_float(max, out.scale, out.zero_point));
  // An empty range gives its upper end, which lies within the type or is its end.
  s.min = std::min(s.min, s.max);
  return plan_scaling(p, s);
}

Status prepare_relu(Prepare& p) { return prepare_clamp(p, 0, INFINITY, true); }
Status prepare_relu6(Prepare& p) { return prepare_clamp(p, 0, 6, true); }
Status prepare_relu_n1_to_1(Prepare& p) { return prepare_clamp(p, -1, 1, false); }
Status prepare_relu_0_to_1(Prepare& p) { return prepare_clamp(p, 0, 1, false); }

// ---- LEAKY_RELU

// out = x where x >= 0, else alpha * x.
Status prepare_leaky_relu(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  const auto* o = options<fb::LeakyReluOptions>(p);
  const float slope = o == nullptr ? 0 : o->alpha();
  const Type type = p.input(0).type;
  if (type == Type::kFloat32) {
    const auto* kept = keep(p, slope);
    return kept == nullptr ? Status(Code::kArenaTooSmall)
                           : plan_unary(p, choose(leaky_relu_f32_variants(), p.cpu()), kept);
  }
  if (type != Type::kInt8 && type != Type::kUInt8 && type != Type::kInt16) {
    return p.unsupported("type ", type);
  }
  if (!std::isfinite(slope)) return p.bad("alpha is ", static_cast<double>(slope));
  Scaling s;
  PIPIT_TRY(find_scaling(p, slope, &s));
  return plan_scaling(p, s);
}

// ---- HARD_SWISH: x * min(max(x + 3, 0), 6) / 6

struct HardSwish {
  int32_t in_zero_point, zero_point;
  int32_t gate_multiplier, gate_shift;      // 16 bits: from 1/128 of the input's scale to 3 / 2^15
  int32_t output_multiplier, output_shift;  // and to the output's; shift <= 0
};

int32_t saturate_s16(int32_t x) { return clamp(x, INT16_MIN, INT16_MAX); }

// All numbers are of 16 bits, with 7 more below the point than the input has.
int32_t hard_swish(const HardSwish& h, int32_t q) {
  const int32_t x = (q - h.in_zero_point) * 128;
  const int32_t scaled = rounding_doubling_high_mul_s16(x, h.output_multiplier);
  // The gate in [-1, 1). Of a left shift, all but one bit comes before the multiplication, and only
  // the last can saturate with an effect on the result.
  const int left = std::max(h.gate_shift, 0);
  int32_t gate = x;
  if (left > 0)
    gate =
        static_cast<int32_t>(std::clamp<int64_t>(int64_t{x} << (left - 1), INT16_MIN, INT16_MAX));
  gate = rounding_doubling_high_mul_s16(gate, h.gate_multiplier);
  if (left > 0) gate = saturate_s16(gate * 2);
  if (h.gate_shift < 0) gate = rounding_shift_right(gate, -h.gate_shift);
  gate = (gate + (1 << 15)) >> 1;  // in [0, 1)
  // Rounds towards zero, against the bias of the products above.
  const int32_t product = gate * scaled / (1 << 15);
  return h.zero_point + rounding_shift_right(product, -h.output_shift);
}

// The nearest multiplier of 16 bits, saturated.
int32_t reduce_to_s16(int32_t multiplier) {
  return multiplier >= 0x7FFF8000 ? 0x7FFF : (multiplier + (1 << 15)) >> 16;
}

Status prepare_hard_swish(Prepare& p) {
  PIPIT_TRY(need_unary(p));
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  if (in.type == Type::kFloat32) {
    return plan_unary(p, choose(hard_swish_f32_variants(), p.cpu()), nullptr);
  }
  if (in.type != Type::kInt8 && in.type != Type::kUInt8) return p.unsupported("type ", in.type);
  PIPIT_TRY(need_scale(p, in));
  PIPIT_TRY(need_scale(p, out));
  // Floats, and one of the products after the other, as the reference has them.
  const float fine = in.scale * (1.0f / 128.0f);
  const Multiplier m = quantize_multiplier(static_cast<double>(fine / out.scale));
  // hard_swish() can only shift the product to the right.
  if (m.shift > 0) {
    return p.unsupported("the output's scale is less than 1/128 of the input's");
  }
  const Multiplier gate = quantize_multiplier(static_cast<double>(fine / (3.0f / 32768.0f)));
  const HardSwish h = {.in_zero_point = in.zero_point,
                       .zero_point = out.zero_point,
                       .gate_multiplier = reduce_to_s16(gate.multiplier),
                       .gate_shift = gate.shift,
                       .output_multiplier = reduce_to_s16(m.multiplier),
                       .output_shift = m.shift};
  const Range range = type_range(out.type);
  return plan_lookup(p, [&](int32_t x) { return clamp(hard_swish(h, x), range.min, range.max); });
}

}  // namespace

const Op kRelu = {builtin(fb::BuiltinOperator::RELU), "RELU", prepare_relu};
const Op kRelu6 = {builtin(fb::BuiltinOperator::RELU6), "RELU6", prepare_relu6};
const Op kReluN1To1 = {builtin(fb::BuiltinOperator::RELU_N1_TO_1), "RELU_N1_TO_1",
                       prepare_relu_n1_to_1};
const Op kRelu0To1 = {builtin(fb::BuiltinOperator::RELU_0_TO_1), "RELU_0_TO_1",
                      prepare_relu_0_to_1};
const Op kLeakyRelu = {builtin(fb::BuiltinOperator::LEAKY_RELU), "LEAKY_RELU", prepare_leaky_relu};
const Op kHardSwish = {builtin(fb::BuiltinOperator::HARD_SWISH), "HARD_SWISH", prepare_hard_swish};

}  // namespace pipit
