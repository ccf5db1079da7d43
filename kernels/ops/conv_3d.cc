// SPDX-License-Identifier: Apache-2.0
// CONV_3D: input [batch, depth, height, width, channels], weights [depth, height, width, in, out],
// bias [out] or none.
// CONV_3D_TRANSPOSE: output shape [5], weights [depth, height, width, out, in], input, bias.
//
// Float32 only. kernels/contracts/conv_3d.h has the formulas.
#include "kernels/contracts/conv_3d.h"

#include "kernels/ops.h"
#include "kernels/ops/conv_common.h"

namespace pipit {
namespace {

struct Params {
  Conv3d args;
  ConvInputs inputs;
  void (*kernel)(const Conv3d&);
};

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const Tensor* bias = s.optional_input(p.inputs.bias);
  Conv3d args = p.args;
  args.in = s.input(p.inputs.input).as<float>();
  args.weights = s.input(p.inputs.weights).as<float>();
  args.bias = bias != nullptr ? bias->as<float>() : nullptr;
  args.out = s.output(0).as<float>();
  p.kernel(args);
  return {};
}

// `in_dimension` is where the weights have the input's channels; the other one of the last two has
// the output's.
Status check_tensors(const Prepare& p, const ConvTensors& t, int in_dimension) {
  if (t.input.type != Type::kFloat32 || t.weights.type != Type::kFloat32) {
    return p.unsupported("input ", t.input.type, ", weights ", t.weights.type);
  }
  if (t.input.shape.rank != 5) {
    return p.bad("input ", t.input, " is not [batch,depth,height,width,channels]");
  }
  if (t.weights.shape.rank != 5) {
    return p.bad("weights ", t.weights, " are not [depth,height,width,channels,channels]");
  }
  if (t.weights.shape[in_dimension] != t.input.shape[4]) {
    return p.bad("input ", t.input, " and weights ", t.weights, " do not agree in channels");
  }
  return check_conv_shapes(p, t, t.weights.shape[in_dimension == 3 ? 4 : 3]);
}

// What the file says of each axis; `larger` are the sizes of the image that the window moves over.
void set_axes(const fb::Conv3DOptions& o, const Shape& weights, const int32_t* larger, Conv3d* a) {
  a->z = {.in = larger[0],
          .kernel = weights[0],
          .stride = o.stride_d(),
          .dilation = o.dilation_d_factor()};
  a->y = {.in = larger[1],
          .kernel = weights[1],
          .stride = o.stride_h(),
          .dilation = o.dilation_h_factor()};
  a->x = {.in = larger[2],
          .kernel = weights[2],
          .stride = o.stride_w(),
          .dilation = o.dilation_w_factor()};
}

// Fills in the positions of the windows, `out`, and the border before the first of them.
Status slide_windows(const Prepare& p, fb::Padding padding, Conv3d* a) {
  const auto slide = [&](const char* what, ConvAxis* x) {
    return window(p, what, {x->in, x->kernel, x->stride, x->dilation, padding}, &x->out, &x->pad);
  };
  PIPIT_TRY(slide("depth", &a->z));
  PIPIT_TRY(slide("height", &a->y));
  return slide("width", &a->x);
}

Status plan(Prepare& p, const Conv3d& args, const ConvInputs& inputs,
            fb::ActivationFunctionType activation, void (*kernel)(const Conv3d&)) {
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  *params = {args, inputs, kernel};
  const RealRange range = activation_range(activation);
  params->args.min = range.min;
  params->args.max = range.max;
  return p.run(run, params, "portable");
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 3, 1));
  const auto* o = options<fb::Conv3DOptions>(p);
  if (o == nullptr) return p.bad("has no Conv3DOptions");
  const ConvTensors t = conv_tensors(p, {});
  PIPIT_TRY(check_tensors(p, t, 3));
  const Shape& in = t.input.shape;
  Conv3d a;
  a.batch = in[0];
  a.in_c = in[4];
  a.out_c = t.weights.shape[4];
  set_axes(*o, t.weights.shape, &in.dims[1], &a);
  PIPIT_TRY(slide_windows(p, o->padding(), &a));
  PIPIT_TRY(p.set_output(0, Shape::of(a.batch, a.z.out, a.y.out, a.x.out, a.out_c)));
  return plan(p, a, {}, o->fused_activation_function(), conv_3d);
}

// From the window over the output to the roles of input and output. A transposed convolution undoes
// the sizes of one from its output to its input, so the window slides over the output, and where it
// stops are the pixels of the input.
Status turn_around(const Prepare& p, const Tensor& input, Conv3d* a) {
  int dimension = 1;
  for (ConvAxis* x : {&a->z, &a->y, &a->x}) {
    const int32_t in = input.shape[dimension++];
    if (x->out != in) {
      return p.bad("output size ", x->in, " belongs to input size ", x->out, ", but the input is ",
                   input);
    }
    x->out = x->in;
    x->in = in;
  }
  return {};
}

Status prepare_transpose(Prepare& p) {
  constexpr ConvInputs kInputs = {.input = 2, .weights = 1, .bias = 3};
  PIPIT_TRY(p.arity(3, 4, 1));
  const auto* o = options<fb::Conv3DOptions>(p);
  if (o == nullptr) return p.bad("has no Conv3DOptions");
  const ConvTensors t = conv_tensors(p, kInputs);
  PIPIT_TRY(check_tensors(p, t, 4));
  const Tensor& shape = p.input(0);
  if (shape.type != Type::kInt32 || shape.shape.rank != 1 || shape.elements() != 5) {
    return p.bad("output shape ", shape, " is not a list of 5 int32");
  }
  const int32_t* out = p.values<int32_t>(0);
  // The output's shape is a value, and all sizes follow from it.
  if (out == nullptr) return p.defer();
  Conv3d a;
  a.batch = t.input.shape[0];
  a.in_c = t.input.shape[4];
  a.out_c = t.weights.shape[3];
  if (out[0] != a.batch || out[4] != a.out_c) {
    return p.bad("output shape has batch ", out[0], " and ", out[4], " channels, not ", a.batch,
                 " and ", a.out_c);
  }
  PIPIT_TRY(p.set_output(0, Shape::of(out[0], out[1], out[2], out[3], out[4])));
  set_axes(*o, t.weights.shape, out + 1, &a);
  PIPIT_TRY(slide_windows(p, o->padding(), &a));
  PIPIT_TRY(turn_around(p, t.input, &a));
  return plan(p, a, kInputs, o->fused_activation_function(), conv_3d_transpose);
}

}  // namespace

const Op kConv3d = {builtin(fb::BuiltinOperator::CONV_3D), "CONV_3D", prepare};
const Op kConv3dTranspose = {builtin(fb::BuiltinOperator::CONV_3D_TRANSPOSE), "CONV_3D_TRANSPOSE",
                             prepare_transpose};

}  // namespace pipit
