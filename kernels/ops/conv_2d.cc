// SPDX-License-Identifier: Apache-2.0
// CONV_2D: input [batch, height, width, channels], weights [out, height, width, channels of the
// group], bias [out] or none.
//
//   out[n, y, x, o] = act(bias[o] + sum over ky, kx, i of weights[o, ky, kx, i] *
//                     in[n, y * stride_h - pad + ky * dilation_h, ..., first + i])
//
// Groups are in no option: they are the input's channels over those of the weights. The outputs of
// group g see its channels alone, first = g * (channels of a group).
#include "kernels/contracts/conv_f32.h"
#include "kernels/contracts/conv_hybrid.h"
#include "kernels/contracts/conv_s16.h"
#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/conv_u8.h"
#include "kernels/ops.h"
#include "kernels/ops/conv_step.h"

namespace pipit {
namespace {

[[gnu::cold]] Status find_geometry(Prepare& p, const ConvTensors& t, const fb::Conv2DOptions& o,
                                   ConvGeometry* g) {
  const Shape& w = t.weights.shape;
  if (w.rank != 4) return p.bad("weights ", t.weights, " are not [out,height,width,in]");
  PIPIT_TRY(check_conv_shapes(p, t, w[0]));
  const ConvWindow window = {o.stride_h(), o.stride_w(), o.dilation_h_factor(),
                             o.dilation_w_factor(), o.padding()};
  g->out_c = w[0];
  PIPIT_TRY(set_conv_geometry(p, t, window, g));
  if (g->in_c % w[3] == 0 && w[0] % (g->in_c / w[3]) == 0) return {};
  return p.bad("input ", t.input, " and weights ", t.weights, " do not agree in channels");
}

[[gnu::cold]] Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 3, 1));
  const auto* o = options<fb::Conv2DOptions>(p);
  if (o == nullptr) return p.bad("has no Conv2DOptions");
  const ConvTensors t = conv_tensors(p, {});
  ConvGeometry file;
  PIPIT_TRY(find_geometry(p, t, *o, &file));
  ConvKind kind;
  kind.packed = t.weights.type == Type::kInt4;
  kind.depth = t.weights.shape.product(1, 4);
  kind.group_channels = file.out_c / (file.in_c / t.weights.shape[3]);
  ConvSpec spec;
  spec.channels = file.out_c;
  spec.activation = o->fused_activation_function();
  spec.bias_type = o->quantized_bias_type();
  // TensorFlow Lite sends groups of real activations to its kernel for several scales, which
  // quantizes them with a zero point.
  spec.symmetric = kind.group_channels == file.out_c;
  const Type in = t.input.type, w = t.weights.type;
  const bool int8_weights = w == Type::kInt8 || w == Type::kInt4;
  if (in == Type::kFloat32 && w == Type::kFloat32) {
    return plan_conv<ConvF32>(p, spec, file, kind, conv_f32_variants());
  }
  if (in == Type::kFloat32 && (int8_weights || w == Type::kUInt8)) {
    return plan_conv<ConvHybrid>(p, spec, file, kind, conv_hybrid_variants());
  }
  if (in == Type::kUInt8 && w == Type::kUInt8) {
    return plan_conv<ConvU8>(p, spec, file, kind, conv_u8_variants());
  }
  if ((in == Type::kInt8 || in == Type::kInt16) && int8_weights) {
    return in == Type::kInt8 ? plan_conv<ConvS8>(p, spec, file, kind, conv_s8_variants())
                             : plan_conv<ConvS16>(p, spec, file, kind, conv_s16_variants());
  }
  return p.unsupported("input ", in, ", weights ", w);
}

}  // namespace

const Op kConv2d = {builtin(fb::BuiltinOperator::CONV_2D), "CONV_2D", prepare};

}  // namespace pipit
