// SPDX-License-Identifier: Apache-2.0
// PRELU: x where x >= 0, else x * alpha; alpha broadcasts to x. A quantized alpha is read as bytes.
#include "kernels/contracts/arithmetic_f32.h"
#include "kernels/contracts/prelu_s8.h"
#include "kernels/contracts/variant.h"
#include "kernels/ops.h"
#include "kernels/ops/binary.h"

namespace pipit {
namespace {

// The reference reads alpha as int8 also where it is int16: one byte after the other.
void prelu_s16(const Binary& r) {
  const auto& q = *static_cast<const PreluQuantized*>(r.constants);
  const auto* x = static_cast<const int16_t*>(r.a);
  const auto* alpha = static_cast<const int8_t*>(r.b);
  auto* out = static_cast<int16_t*>(r.out);
  for (int32_t i = 0; i < r.n; ++i) {
    out[i] = static_cast<int16_t>(prelu_quantized(q, x[i * r.step_a], alpha[i * r.step_b]));
  }
}

Status plan_quantized(Prepare& p) {
  const Tensor& in = p.input(0);
  const Tensor& alpha = p.input(1);
  const Tensor& out = p.output(0);
  for (const Tensor* t : {&in, &alpha, &out}) PIPIT_TRY(need_scale(p, *t));
  // In float32, as the reference has it.
  const Multiplier above = quantize_multiplier(static_cast<double>(in.scale / out.scale));
  const Multiplier below =
      quantize_multiplier(static_cast<double>(in.scale * alpha.scale / out.scale));
  const bool flips = in.type == Type::kUInt8;
  const int32_t down = flips ? 128 : 0;
  const Range range = type_range(out.type);
  const auto* kept = keep(p, PreluQuantized{.in_zero_point = in.zero_point - down,
                                            .alpha_zero_point = alpha.zero_point - down,
                                            .zero_point = out.zero_point - down,
                                            .above_multiplier = above.multiplier,
                                            .above_shift = above.shift,
                                            .below_multiplier = below.multiplier,
                                            .below_shift = below.shift,
                                            .min = range.min - down,
                                            .max = range.max - down,
                                            .flip = static_cast<uint8_t>(flips ? 0x80 : 0)});
  if (kept == nullptr) return Code::kArenaTooSmall;
  const BinaryVariant wide = {"portable", kCpuPortable, prelu_s16};
  const bool is_wide = in.type == Type::kInt16;
  // Elements of alpha have one byte in any case.
  return plan_binary(p, is_wide ? wide : choose(prelu_s8_variants(), p.cpu()), kept, run_binary, 1);
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Type in = p.input(0).type, alpha = p.input(1).type;
  p.set_output_type(0, in);
  Shape shape;
  PIPIT_TRY(broadcast_shape(p, 2, &shape));
  // The result has the input's shape: alpha may be repeated, the input may not.
  if (shape != p.input(0).shape) {
    return p.bad("alpha ", p.input(1), " does not broadcast to ", p.input(0));
  }
  if (in == Type::kFloat32 && alpha == in) {
    return plan_binary(p, choose(prelu_f32_variants(), p.cpu()), nullptr);
  }
  const bool bytes = (in == Type::kInt8 || in == Type::kUInt8) && alpha == in;
  const bool wide = in == Type::kInt16 && (alpha == in || alpha == Type::kInt8);
  if (bytes || wide) return plan_quantized(p);
  return p.unsupported("input ", in, ", alpha ", alpha);
}

}  // namespace

const Op kPrelu = {builtin(fb::BuiltinOperator::PRELU), "PRELU", prepare};

}  // namespace pipit
