// SPDX-License-Identifier: Apache-2.0
// TRANSPOSE_CONV: output shape [4], weights [out, height, width, in], input [batch, height, width,
// in], bias [out] or none. Every input pixel adds its products to a window of the output.
//
//   out[n, y * stride_h - pad + ky, x * stride_w - pad + kx, o] += in[n, y, x, i] *
//                                                                  weights[o, ky, kx, i]
//
// It is computed from the output's side, as plain convolutions: see conv_step.h.
#include "kernels/contracts/conv_f32.h"
#include "kernels/contracts/conv_hybrid.h"
#include "kernels/contracts/conv_s16.h"
#include "kernels/contracts/conv_s8.h"
#include "kernels/contracts/conv_u8.h"
#include "kernels/ops.h"
#include "kernels/ops/conv_step.h"

namespace pipit {
namespace {

constexpr int kShape = 0;
constexpr ConvInputs kInputs = {.input = 2, .weights = 1, .bias = 3};

Status check_shapes(const Prepare& p, const ConvTensors& t) {
  const Tensor& shape = p.input(kShape);
  if (shape.type != Type::kInt32 || shape.shape.rank != 1) {
    return p.unsupported("output shape ", shape, " is not a list of int32");
  }
  if (t.input.shape.rank != 4) {
    return p.bad("input ", t.input, " is not [batch,height,width,channels]");
  }
  if (t.weights.shape.rank != 4) {
    return p.bad("weights ", t.weights, " are not [out,height,width,in]");
  }
  if (t.weights.shape[3] != t.input.shape[3]) {
    return p.bad("input ", t.input, " and weights ", t.weights, " do not agree in channels");
  }
  return check_conv_shapes(p, t, t.weights.shape[0]);
}

// The strides are those of the output; from it back to the input is an ordinary window. The limit
// keeps the number of phases, the product of both strides, within 32 bits.
Status find_axis(const Prepare& p, const char* what, const WindowSpec& spec, int32_t input,
                 int32_t* pad) {
  if (spec.in < 1) return p.bad("output ", what, " ", spec.in, " is not positive");
  if (spec.stride > INT16_MAX) return p.bad("stride ", spec.stride, " in ", what, " is too large");
  int32_t positions = 0;
  PIPIT_TRY(window(p, what, spec, &positions, pad));
  if (positions == input) return {};
  return p.bad("output ", what, " ", spec.in, " belongs to input ", what, " ", positions, ", not ",
               input);
}

Status find_geometry(Prepare& p, const ConvTensors& t, const fb::TransposeConvOptions& o,
                     const int32_t* out, ConvGeometry* g) {
  const Shape& in = t.input.shape;
  const Shape& w = t.weights.shape;
  const int32_t dimensions = p.input(kShape).elements();
  if (dimensions != 4) return p.bad("output shape has ", dimensions, " dimensions, not 4");
  if (out[0] != in[0] || out[3] != w[0]) {
    return p.bad("output shape has batch ", out[0], " and ", out[3], " channels, not ", in[0],
                 " and ", w[0]);
  }
  *g = {.batch = in[0],
        .in_h = in[1],
        .in_w = in[2],
        .in_c = in[3],
        .out_h = out[1],
        .out_w = out[2],
        .out_c = out[3],
        .kernel_h = w[1],
        .kernel_w = w[2],
        .stride_h = o.stride_h(),
        .stride_w = o.stride_w()};
  PIPIT_TRY(find_axis(p, "height", {g->out_h, g->kernel_h, g->stride_h, 1, o.padding()}, in[1],
                      &g->pad_top));
  PIPIT_TRY(find_axis(p, "width", {g->out_w, g->kernel_w, g->stride_w, 1, o.padding()}, in[2],
                      &g->pad_left));
  return p.set_output(0, Shape::of(out[0], out[1], out[2], out[3]));
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(3, 4, 1));
  const auto* o = options<fb::TransposeConvOptions>(p);
  if (o == nullptr) return p.bad("has no TransposeConvOptions");
  const ConvTensors t = conv_tensors(p, kInputs);
  PIPIT_TRY(check_shapes(p, t));
  const int32_t* shape = p.values<int32_t>(kShape);
  if (shape == nullptr) return p.defer();
  ConvGeometry file;
  PIPIT_TRY(find_geometry(p, t, *o, shape, &file));
  ConvKind kind;
  kind.transposed = true;
  kind.depth = t.weights.shape.product(1, 4);
  kind.group_channels = file.out_c;
  ConvSpec spec;
  spec.inputs = kInputs;
  spec.channels = file.out_c;
  spec.activation = o->fused_activation_function();
  spec.bias_type = o->quantized_bias_type();
  const Type in = t.input.type, w = t.weights.type;
  if (in == Type::kFloat32 && w == Type::kFloat32) {
    return plan_conv<ConvF32>(p, spec, file, kind, conv_f32_variants());
  }
  if (in == Type::kFloat32 && w == Type::kInt8) {
    return plan_conv<ConvHybrid>(p, spec, file, kind, conv_hybrid_variants());
  }
  if (in == Type::kUInt8 && w == Type::kUInt8) {
    return plan_conv<ConvU8>(p, spec, file, kind, conv_u8_variants());
  }
  if (in == Type::kInt8 && w == Type::kInt8) {
    return plan_conv<ConvS8>(p, spec, file, kind, conv_s8_variants());
  }
  if (in == Type::kInt16 && w == Type::kInt8) {
    return plan_conv<ConvS16>(p, spec, file, kind, conv_s16_variants());
  }
  return p.unsupported("input ", in, ", weights ", w);
}

}  // namespace

const Op kTransposeConv = {builtin(fb::BuiltinOperator::TRANSPOSE_CONV), "TRANSPOSE_CONV", prepare};

}  // namespace pipit
