// SPDX-License-Identifier: Apache-2.0
// PRELU: x where x >= 0, else x * alpha; alpha broadcasts to x. A quantized alpha is read as bytes.
#include "kernels/arithmetic_f32.h"
#include "kernels/ops.h"
#include "kernels/ops/binary.h"
#include "kernels/variant.h"

namespace pipit {
namespace {

struct PreluQuantized {
  int32_t in_zero_point, alpha_zero_point, zero_point;
  Multiplier above, below;
  int32_t min, max;
};

int32_t prelu(const PreluQuantized& q, int32_t x, int32_t alpha) {
  const int32_t d = x - q.in_zero_point;
  // Of int16 with zero points, the product may wrap.
  const auto product = static_cast<int32_t>(static_cast<uint32_t>(d) *
                                            static_cast<uint32_t>(alpha - q.alpha_zero_point));
  const int64_t scaled = d >= 0 ? multiply(d, q.above.multiplier, q.above.shift)
                                : multiply(product, q.below.multiplier, q.below.shift);
  const int64_t out = scaled + q.zero_point;
  return static_cast<int32_t>(out < q.min ? q.min : (out > q.max ? q.max : out));
}

template <class T, class Alpha>
void prelu_q(const Binary& r) {
  const auto& q = *static_cast<const PreluQuantized*>(r.constants);
  const T* x = static_cast<const T*>(r.a);
  const Alpha* alpha = static_cast<const Alpha*>(r.b);
  T* out = static_cast<T*>(r.out);
  for (int32_t i = 0; i < r.n; ++i) {
    out[i] = static_cast<T>(prelu(q, x[i * r.step_a], alpha[i * r.step_b]));
  }
}

Status plan_quantized(Prepare& p, BinaryFn kernel) {
  const Tensor& in = p.input(0);
  const Tensor& alpha = p.input(1);
  const Tensor& out = p.output(0);
  for (const Tensor* t : {&in, &alpha, &out}) PIPIT_TRY(need_quantization(p, *t));
  const float above = in.scale / out.scale;
  const float below = in.scale * alpha.scale / out.scale;
  const Range range = type_range(out.type);
  const auto* kept =
      keep(p, PreluQuantized{.in_zero_point = in.zero_point,
                             .alpha_zero_point = alpha.zero_point,
                             .zero_point = out.zero_point,
                             .above = quantize_multiplier(static_cast<double>(above)),
                             .below = quantize_multiplier(static_cast<double>(below)),
                             .min = range.min,
                             .max = range.max});
  if (kept == nullptr) return Code::kArenaTooSmall;
  return plan_binary(p, {"portable", kCpuPortable, kernel}, kept, run_binary, 1);
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Type in = p.input(0).type, alpha = p.input(1).type;
  p.set_output_type(0, in);
  Shape shape;
  PIPIT_TRY(broadcast_shape(p, 2, &shape));
  if (shape != p.input(0).shape) {
    return p.bad("alpha ", p.input(1), " does not broadcast to ", p.input(0));
  }
  if (in == Type::kFloat32 && alpha == in) {
    return plan_binary(p, choose(prelu_f32_variants(), p.cpu()), nullptr);
  }
  if (in == Type::kInt8 && alpha == in) return plan_quantized(p, prelu_q<int8_t, int8_t>);
  if (in == Type::kUInt8 && alpha == in) return plan_quantized(p, prelu_q<uint8_t, uint8_t>);
  // The reference reads alpha as int8 also where it is int16: one byte after the other.
  if (in == Type::kInt16 && (alpha == in || alpha == Type::kInt8)) {
    return plan_quantized(p, prelu_q<int16_t, int8_t>);
  }
  return p.unsupported("input ", in, ", alpha ", alpha);
}

}  // namespace

const Op kPrelu = {builtin(fb::BuiltinOperator::PRELU), "PRELU", prepare};

}  // namespace pipit
