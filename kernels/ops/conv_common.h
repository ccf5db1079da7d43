// SPDX-License-Identifier: Apache-2.0
// What the convolution operators share while they are prepared: checks and quantization.
#pragma once

#include <cstdint>

#include "kernels/contracts/conv.h"
#include "kernels/contracts/hybrid.h"
#include "kernels/ops/common.h"

namespace pipit {

// The positions of a node's inputs.
struct ConvInputs {
  int8_t input = 0;
  int8_t weights = 1;
  int8_t bias = 2;
};

struct ConvTensors {
  const Tensor& input;
  const Tensor& weights;
  const Tensor* bias;
  const Tensor& output;
};

inline ConvTensors conv_tensors(const Prepare& p, const ConvInputs& at) {
  return {p.input(at.input), p.input(at.weights), p.optional_input(at.bias), p.output(0)};
}

// What the arithmetic depends on beside the tensors.
struct ConvSpec {
  ConvInputs inputs;
  int32_t channels = 0;   // of the output
  int32_t dimension = 0;  // of the weights along which there may be a scale for each channel
  fb::ActivationFunctionType activation = fb::ActivationFunctionType::NONE;
  fb::TensorType bias_type = fb::TensorType::FLOAT32;  // quantized_bias_type; FLOAT32: not given
  // Float activations are quantized without a zero point if the integer weights have one scale.
  bool symmetric = false;
};

// What becomes of float activations that meet integer weights.
struct HybridInput {
  const HybridVariant* kernels = nullptr;
  float weights_scale = 1;  // 1 where each channel has its own
  bool symmetric = false;
};

// Fails unless no dimension that has to be positive is not, the output has the input's type and the
// bias fits.
Status check_conv_shapes(const Prepare& p, const ConvTensors& t, int32_t channels);

// What the options of a two-dimensional convolution say.
struct ConvWindow {
  int32_t stride_h = 1, stride_w = 1;
  int32_t dilation_h = 1, dilation_w = 1;
  fb::Padding padding = fb::Padding::SAME;
};

// The sizes of a convolution with out_c channels over weights [..., height, width, ...], and the
// shape of the output.
Status set_conv_geometry(Prepare& p, const ConvTensors& t, const ConvWindow& o, ConvGeometry* g);

// The multipliers, zero point and range of a quantized convolution, with all checks on its tensors'
// quantization.
Status prepare_requantize(Prepare& p, const ConvTensors& t, const ConvSpec& spec, Requantize* q);

// A bias of int16 as one of int64, which lives as long as the plan; its values must be known.
Status widen_bias(Prepare& p, const ConvTensors& t, int bias, const int64_t** wide);

// Whether int16 convolutions sum 64 bits, for which not every multiplier of `q` will do.
Status choose_wide_sums(const Prepare& p, const ConvTensors& t, const ConvSpec& spec, bool* wide);

// The weights' scales for float activations: one in `hybrid`, or one for each channel in *scales
// (which then lie in the model file).
Status prepare_hybrid(Prepare& p, const ConvTensors& t, const ConvSpec& spec, HybridInput* hybrid,
                      const float** scales);

}  // namespace pipit
