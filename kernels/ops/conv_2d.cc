// SPDX-License-Identifier: Apache-2.0
// CONV_2D: input [batch, height, width, channels], weights [out, height, width, channels of the
// group], bias [out] or none.
#include "kernels/conv_s8.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"
#include "kernels/variant.h"

namespace pipit {
namespace {

constexpr int kInput = 0, kWeights = 1, kBias = 2;

struct ConvS8Params {
  ConvS8 args;  // of the first group
  ConvS8Fn kernel;
  int32_t groups;
};

Status run_s8(const Step& s, Run&) {
  const auto& p = *s.params<ConvS8Params>();
  ConvS8 args = p.args;
  args.in = s.input(kInput).as<int8_t>();
  args.weights = s.input(kWeights).as<int8_t>();
  args.out = s.output(0).as<int8_t>();
  args.scratch = s.scratch;
  const ConvGeometry& g = args.size;
  for (int32_t i = 0; i < p.groups; ++i) {
    p.kernel(args);
    args.in += g.in_c;
    args.weights += g.out_c * g.kernel_h * g.kernel_w * g.in_c;
    args.bias += g.out_c;
    args.requantize.multiplier += g.out_c;
    args.requantize.shift += g.out_c;
    args.out += g.out_c;
  }
  return {};
}

Status find_geometry(Prepare& p, const fb::Conv2DOptions& o, ConvGeometry* g) {
  const Shape& in = p.input(kInput).shape;
  const Shape& w = p.input(kWeights).shape;
  if (in.rank != 4)
    return p.bad("input ", p.input(kInput), " is not [batch,height,width,channels]");
  if (w.rank != 4) return p.bad("weights ", p.input(kWeights), " are not [out,height,width,in]");
  if (w[3] < 1 || in[3] < 1 || in[3] % w[3] != 0 || w[0] < 1 || w[0] % (in[3] / w[3]) != 0) {
    return p.bad("input ", p.input(kInput), " and weights ", p.input(kWeights),
                 " do not agree in channels");
  }
  const Tensor* bias = p.optional_input(kBias);
  if (bias != nullptr && bias->elements() != w[0]) {
    return p.bad("bias ", *bias, " has not one value for each of ", w[0], " output channels");
  }
  g->batch = in[0];
  g->in_h = in[1];
  g->in_w = in[2];
  g->in_c = in[3];
  g->out_c = w[0];
  g->kernel_h = w[1];
  g->kernel_w = w[2];
  g->stride_h = o.stride_h();
  g->stride_w = o.stride_w();
  g->dilation_h = o.dilation_h_factor();
  g->dilation_w = o.dilation_w_factor();
  PIPIT_TRY(window(p, "height", {g->in_h, g->kernel_h, g->stride_h, g->dilation_h, o.padding()},
                   &g->out_h, &g->pad_top));
  PIPIT_TRY(window(p, "width", {g->in_w, g->kernel_w, g->stride_w, g->dilation_w, o.padding()},
                   &g->out_w, &g->pad_left));
  return p.set_output(0, Shape::of(g->batch, g->out_h, g->out_w, g->out_c));
}

// bias[o] - zero_point * (sum of the weights of o), modulo 2^32.
const int32_t* fold_bias(Prepare& p, const Tensor& weights, const Tensor* bias, int32_t channels,
                         int32_t zero_point) {
  int32_t* folded = p.allocate<int32_t>(static_cast<size_t>(channels));
  if (folded == nullptr) return nullptr;
  const int8_t* w = weights.as<int8_t>();
  const int32_t depth = weights.elements() / channels;
  for (int32_t o = 0; o < channels; ++o, w += depth) {
    int32_t sum = 0;
    for (int32_t i = 0; i < depth; ++i) sum += w[i];
    const uint32_t b = bias == nullptr ? 0 : static_cast<uint32_t>(bias->as<int32_t>()[o]);
    folded[o] =
        static_cast<int32_t>(b - static_cast<uint32_t>(zero_point) * static_cast<uint32_t>(sum));
  }
  return folded;
}

Status prepare_s8(Prepare& p, const fb::Conv2DOptions& options, const ConvGeometry& g) {
  const Tensor& input = p.input(kInput);
  const Tensor& weights = p.input(kWeights);
  const Tensor* bias = p.optional_input(kBias);
  if (bias != nullptr && bias->type != Type::kInt32) return p.unsupported("bias ", *bias);
  if (!p.values_known(kWeights) || (bias != nullptr && !p.values_known(kBias))) return p.defer();
  auto* params = p.allocate<ConvS8Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  const auto& variant = choose(conv_s8_variants(), p.cpu());
  params->kernel = variant.run;
  ConvS8& a = params->args;
  a.size = g;
  a.size.in_c = weights.shape[3];
  params->groups = g.in_c / a.size.in_c;
  a.size.out_c = g.out_c / params->groups;
  a.stride = dense_strides(g);
  a.in_zero_point = input.zero_point;
  PIPIT_TRY(channel_multipliers(p, input, weights, p.output(0), g.out_c, 0, &a.requantize));
  const Range range = activation_range(options.fused_activation_function(), p.output(0));
  a.requantize.min = range.min;
  a.requantize.max = range.max;
  a.bias = fold_bias(p, weights, bias, g.out_c, input.zero_point);
  if (a.bias == nullptr) return Code::kArenaTooSmall;
  if (variant.scratch != nullptr) p.scratch(variant.scratch(a));
  return p.run(run_s8, params, variant.name);
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 3, 1));
  const auto* o = options<fb::Conv2DOptions>(p);
  if (o == nullptr) return p.bad("has no Conv2DOptions");
  ConvGeometry g;
  PIPIT_TRY(find_geometry(p, *o, &g));
  const Type in = p.input(kInput).type, w = p.input(kWeights).type, out = p.output(0).type;
  if (in == Type::kInt8 && w == Type::kInt8 && out == Type::kInt8) return prepare_s8(p, *o, g);
  return p.unsupported("input ", in, ", weights ", w, ", output ", out);
}

}  // namespace

const Op kConv2d = {builtin(fb::BuiltinOperator::CONV_2D), "CONV_2D", prepare};

}  // namespace pipit
