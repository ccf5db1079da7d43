// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/common.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "core/to_integer.h"
#include "kernels/math/real.h"
#include "kernels/ops/compute.h"

namespace pipit {

Status need_type(const Prepare& p, const Tensor& t, TypeSet set) {
  if ((set >> static_cast<int>(t.type) & 1) != 0) return {};
  return p.unsupported(t, ": ", t.type, " is not accepted here");
}

Status need_one_to_one(const Prepare& p, TypeSet set) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(need_type(p, p.input(0), set));
  return same_type(p, p.input(0), p.output(0));
}

Status same_type(const Prepare& p, const Tensor& a, const Tensor& b) {
  return a.type == b.type ? Status() : p.bad(a, " and ", b, " differ in type");
}

Range type_range(Type type) {
  switch (type) {
    case Type::kInt8:
      return {-128, 127};
    case Type::kUInt8:
      return {0, 255};
    case Type::kInt16:
      return {-32768, 32767};
    case Type::kInt4:
      return {-8, 7};
    case Type::kUInt4:
      return {0, 15};
    case Type::kInt2:
      return {-2, 1};
    default:
      return {INT32_MIN, INT32_MAX};
  }
}

// Limits that the type cannot hold fall back to the type's: with a small scale, 6 is beyond 127.
// TANH and SIGN_BIT limit nothing; recurrent operators apply them as functions (activate.h).
Range activation_range(fb::ActivationFunctionType activation, const Tensor& output) {
  Range r = type_range(output.type);
  const auto quantized = [&](float real) {
    return quantize_float(real, output.scale, output.zero_point);
  };
  switch (activation) {
    case fb::ActivationFunctionType::RELU:
      r.min = std::max(r.min, quantized(0));
      break;
    case fb::ActivationFunctionType::RELU6:
      r.min = std::max(r.min, quantized(0));
      r.max = std::min(r.max, quantized(6));
      break;
    case fb::ActivationFunctionType::RELU_N1_TO_1:
      r.min = std::max(r.min, quantized(-1));
      r.max = std::min(r.max, quantized(1));
      break;
    default:
      break;
  }
  return r;
}

RealRange activation_range(fb::ActivationFunctionType activation) {
  switch (activation) {
    case fb::ActivationFunctionType::RELU:
      return {0, FLT_MAX};
    case fb::ActivationFunctionType::RELU6:
      return {0, 6};
    case fb::ActivationFunctionType::RELU_N1_TO_1:
      return {-1, 1};
    default:
      return {-FLT_MAX, FLT_MAX};
  }
}

Status window(const Prepare& p, const char* what, const WindowSpec& spec, int32_t* out,
              int32_t* pad) {
  if (spec.stride < 1) return p.bad("stride ", spec.stride, " in ", what, " is not positive");
  if (spec.dilation < 1) return p.bad("dilation ", spec.dilation, " in ", what, " is not positive");
  if (spec.kernel < 1) return p.bad("kernel ", what, " ", spec.kernel, " is not positive");
  const int64_t extent = (int64_t{spec.kernel} - 1) * spec.dilation + 1;
  if (extent > INT32_MAX) return p.bad("dilated kernel ", what, " ", extent, " is too large");
  const bool same = spec.padding == fb::Padding::SAME;
  const int64_t covered =
      same ? int64_t{spec.in} + spec.stride - 1 : int64_t{spec.in} + spec.stride - extent;
  const int64_t positions = covered > 0 ? covered / spec.stride : 0;
  if (!same && positions == 0) {
    return p.bad(what, " ", spec.in, " has no room for a window of ", extent);
  }
  const int64_t total = (positions - 1) * spec.stride + extent - spec.in;
  *out = static_cast<int32_t>(positions);
  *pad = static_cast<int32_t>(std::max<int64_t>(total, 0) / 2);
  return {};
}

Status need_scales(const Prepare& p, const Tensor& t) {
  const Quantization q = quantization(t);
  if (q.scales.empty()) return p.bad(t, " has no usable quantization scale");
  // Of many channels, one that is always zero may have scale 0.
  const bool single = q.scales.size() == 1;
  for (const float scale : q.scales) {
    if ((single ? scale > 0 : scale >= 0) && scale <= FLT_MAX) continue;
    return p.bad(t, " has no usable quantization scale: ", static_cast<double>(scale));
  }
  const Range r = type_range(t.type);
  for (const int64_t z : q.zero_points) {
    if (z < r.min || z > r.max) {
      return p.bad(t, " has zero point ", z, ", which its type cannot hold");
    }
  }
  return {};
}

Status need_scale(const Prepare& p, const Tensor& t) {
  PIPIT_TRY(need_scales(p, t));
  const auto scales = static_cast<int64_t>(quantization(t).scales.size());
  return scales == 1 ? Status()
                     : p.unsupported(t, " has ", scales, " scales, but one is read here");
}

Status need_symmetric(const Prepare& p, const Tensor& t) {
  for (const int64_t z : quantization(t).zero_points) {
    if (z != 0) return p.unsupported(t, " has zero point ", z, ", not 0");
  }
  return {};
}

bool is_power_of_two(float scale, int* log) {
  const float exact = real::log(scale) * (1.0f / real::log(2.0f));
  const float whole = std::round(exact);
  *log = to_integer<int>(whole);
  return std::abs(exact - whole) < 1e-3f;
}

// The file says along which dimension scales lie, the operator along which it has channels.
Status check_channel_scales(const Prepare& p, const Tensor& t, int32_t channels,
                            int32_t dimension) {
  const Quantization q = quantization(t);
  const auto scales = static_cast<int64_t>(q.scales.size());
  if (scales == 1 || (scales == channels && q.dimension == dimension)) return {};
  return p.bad(t, " has ", scales, " scales along dimension ", q.dimension, ", not ", channels,
               " along ", dimension);
}

namespace {

// TensorFlow Lite's older type rounds the product of the scales to a float.
double product_of_scales(const Tensor& input, float weight_scale) {
  const bool rounds = input.type == Type::kUInt8;
  return rounds ? double{input.scale * weight_scale} : double{input.scale} * weight_scale;
}

double largest_product(const Tensor& input, const Tensor& weights) {
  const Span<const float> scales = quantization(weights).scales;
  return product_of_scales(input, *std::max_element(scales.begin(), scales.end()));
}

}  // namespace

Status channel_multipliers(Prepare& p, const Tensor& input, const Tensor& weights,
                           const Tensor& output, int32_t channels, int32_t dimension,
                           Requantize* q) {
  PIPIT_TRY(need_scale(p, input));
  PIPIT_TRY(need_scales(p, weights));
  PIPIT_TRY(need_scale(p, output));
  PIPIT_TRY(check_channel_scales(p, weights, channels, dimension));
  const Quantization wq = quantization(weights);
  const bool per_channel = wq.scales.size() != 1;
  const auto n = static_cast<size_t>(channels);
  int32_t* multiplier = p.allocate<int32_t>(n);
  int8_t* shift = p.allocate<int8_t>(n);
  if (multiplier == nullptr || shift == nullptr) return Code::kArenaTooSmall;
  q->multiplier = multiplier;
  q->shift = shift;
  q->zero_point = output.zero_point;
  // Checked outside of compute(): a plan that is only measured fails for the same models. Two
  // floats' product always fits a double, but not where it was rounded to a float.
  if (!(largest_product(input, weights) <= DBL_MAX)) {
    return p.bad("the scales of ", input, " and ", weights, " overflow");
  }
  compute(p, [&] {
    const float* scale = wq.scales.data();
    for (size_t c = 0; c < n; ++c) {
      const Multiplier m = quantize_multiplier(product_of_scales(input, *scale) / output.scale);
      multiplier[c] = m.multiplier;
      // -31 to 30, whatever the scales: see quantize_multiplier().
      shift[c] = static_cast<int8_t>(m.shift);
      if (per_channel) ++scale;
    }
  });
  return {};
}

}  // namespace pipit
