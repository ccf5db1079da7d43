// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/conv_common.h"

#include <algorithm>
#include <cmath>

#include "core/quantize.h"
#include "kernels/contracts/variant.h"

namespace pipit {
namespace {

// Sums of int16 activations are of 64 bits, unless the bias says otherwise: choose_wide_sums().
bool bias_type_fits(Type bias, Type input) {
  switch (input) {
    case Type::kFloat32:
      return bias == Type::kFloat32;
    case Type::kInt16:
      return bias == Type::kInt16 || bias == Type::kInt32 || bias == Type::kInt64;
    default:
      return bias == Type::kInt32;
  }
}

// The bias is added to sums of input times weights as if it had their scale. The tolerance, a
// fiftieth of a unit of the output, is TensorFlow Lite's.
Status need_bias_scale(const Prepare& p, const ConvTensors& t) {
  const double product = static_cast<double>(t.input.scale) * t.weights.scale;
  const double difference = std::abs(product - t.bias->scale);
  if (difference / t.output.scale <= 0.02) return {};
  return p.bad("bias ", *t.bias, " has scale ", static_cast<double>(t.bias->scale),
               ", but input times weights have ", product);
}

}  // namespace

Status check_conv_shapes(const Prepare& p, const ConvTensors& t, int32_t channels) {
  const Shape& in = t.input.shape;
  const Shape& w = t.weights.shape;
  for (int i = 1; i < in.rank; ++i) {
    if (in[i] < 1) return p.bad("input ", t.input, " has no element in dimension ", i);
  }
  for (int i = 0; i < w.rank; ++i) {
    if (w[i] < 1) return p.bad("weights ", t.weights, " have no element in dimension ", i);
  }
  if (static_cast<const fb::Tensor*>(t.weights.file_tensor)->sparsity() != nullptr) {
    return p.unsupported("weights ", t.weights, " are sparse");
  }
  if (t.output.type != t.input.type) {
    return p.unsupported("input ", t.input.type, ", output ", t.output.type);
  }
  if (t.bias == nullptr) return {};
  if (!bias_type_fits(t.bias->type, t.input.type)) {
    return p.unsupported("bias ", *t.bias, " with input ", t.input.type);
  }
  if (t.bias->elements() != channels) {
    return p.bad("bias ", *t.bias, " has not one value for each of ", channels, " output channels");
  }
  if (t.input.type != Type::kFloat32 && t.bias->zero_point != 0) {
    return p.bad("bias ", *t.bias, " has zero point ", t.bias->zero_point, ", not 0");
  }
  return {};
}

Status set_conv_geometry(Prepare& p, const ConvTensors& t, const ConvWindow& o, ConvGeometry* g) {
  const Shape& in = t.input.shape;
  if (in.rank != 4) return p.bad("input ", t.input, " is not [batch,height,width,channels]");
  g->batch = in[0];
  g->in_h = in[1];
  g->in_w = in[2];
  g->in_c = in[3];
  // Weights of depthwise and of ordinary convolutions have height and width at the same places.
  g->kernel_h = t.weights.shape[1];
  g->kernel_w = t.weights.shape[2];
  g->stride_h = o.stride_h;
  g->stride_w = o.stride_w;
  g->dilation_h = o.dilation_h;
  g->dilation_w = o.dilation_w;
  PIPIT_TRY(window(p, "height", {g->in_h, g->kernel_h, g->stride_h, g->dilation_h, o.padding},
                   &g->out_h, &g->pad_top));
  PIPIT_TRY(window(p, "width", {g->in_w, g->kernel_w, g->stride_w, g->dilation_w, o.padding},
                   &g->out_w, &g->pad_left));
  limit_steps(g);
  return p.set_output(0, Shape::of(g->batch, g->out_h, g->out_w, g->out_c));
}

Status prepare_requantize(Prepare& p, const ConvTensors& t, const ConvSpec& spec, Requantize* q) {
  PIPIT_TRY(channel_multipliers(p, t.input, t.weights, t.output, spec.channels, spec.dimension, q));
  // Old uint8 layers have weights with a zero point and one scale; all others have none, and may
  // have many.
  if (t.input.type != Type::kUInt8) PIPIT_TRY(need_symmetric(p, t.weights));
  if (t.input.type == Type::kUInt8) {
    if (quantization(t.weights).scales.size() != 1) {
      return p.unsupported("weights ", t.weights, " have more than one scale");
    }
    if (t.bias != nullptr) PIPIT_TRY(need_bias_scale(p, t));
  }
  for (const Tensor* wide : {&t.input, &t.output}) {
    if (wide->type == Type::kInt16) PIPIT_TRY(need_symmetric(p, *wide));
  }
  const Range range = activation_range(spec.activation, t.output);
  q->min = range.min;
  q->max = range.max;
  return {};
}

Status widen_bias(Prepare& p, const ConvTensors& t, int bias, const int64_t** wide) {
  if (!p.values_known(bias)) return p.unsupported("bias ", *t.bias, " is not a constant");
  const auto n = static_cast<size_t>(t.bias->elements());
  int64_t* values = p.allocate<int64_t>(n);
  if (values == nullptr) return Code::kArenaTooSmall;
  std::copy_n(t.bias->as<int16_t>(), n, values);
  *wide = values;
  return {};
}

namespace {

// Of the multipliers of int16 layers, which may not have been computed.
int32_t largest_shift(const ConvTensors& t) {
  const Span<const float> scales = quantization(t.weights).scales;
  const double largest = *std::max_element(scales.begin(), scales.end());
  return quantize_multiplier(double{t.input.scale} * largest / t.output.scale).shift;
}

}  // namespace

Status choose_wide_sums(const Prepare& p, const ConvTensors& t, const ConvSpec& spec, bool* wide) {
  const bool int32_bias = t.bias != nullptr && t.bias->type == Type::kInt32;
  // Files that do not say have 32-bit sums if their bias is int32, and 64-bit ones also without a
  // bias.
  const bool given = spec.bias_type != fb::TensorType::FLOAT32;
  *wide = given ? spec.bias_type == fb::TensorType::INT64 : !int32_bias;
  if (given && !*wide && spec.bias_type != fb::TensorType::INT32) {
    return p.bad("quantized_bias_type ", static_cast<int>(spec.bias_type),
                 " is neither int32 nor int64");
  }
  if (t.bias != nullptr && int32_bias == *wide) {
    return p.bad("bias ", *t.bias, " is not of the quantized_bias_type");
  }
  // Its one rounding adds half of 2^(15 - shift), which has to be 2 at least.
  constexpr int32_t kMaxShift = 14;  // of the 64-bit multiply()
  if (*wide && largest_shift(t) > kMaxShift) {
    return p.unsupported("the scales of ", t.input, " and ", t.weights, " over that of ", t.output,
                         " make more than 2^", kMaxShift);
  }
  return {};
}

Status prepare_hybrid(Prepare& p, const ConvTensors& t, const ConvSpec& spec, HybridInput* hybrid,
                      const float** scales) {
  PIPIT_TRY(need_scales(p, t.weights));
  // Of uint8 weights, too, which old files have: their bytes are int8.
  PIPIT_TRY(need_symmetric(p, t.weights));
  PIPIT_TRY(check_channel_scales(p, t.weights, spec.channels, spec.dimension));
  const Span<const float> all = quantization(t.weights).scales;
  // Equal scales count as one, whose product with the activations' is made once an image.
  bool equal = true;
  for (const float scale : all) equal &= scale == all[0];
  hybrid->kernels = &choose(hybrid_variants(), p.cpu());
  hybrid->symmetric = equal && spec.symmetric;
  hybrid->weights_scale = equal ? all[0] : 1;
  *scales = equal ? nullptr : all.data();
  return {};
}

}  // namespace pipit
