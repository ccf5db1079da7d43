// SPDX-License-Identifier: Apache-2.0
// What several operators need while they are prepared.
#pragma once

#include <cstdint>

#include "core/options.h"
#include "core/quantize.h"
#include "kernels/contracts/conv.h"
#include "pipit/op.h"

namespace pipit {

constexpr int32_t builtin(fb::BuiltinOperator code) { return static_cast<int32_t>(code); }

// ---- memory

// A copy of `value` that lives as long as the plan; nullptr when the arena is too small.
template <class T>
const T* keep(Prepare& p, const T& value) {
  T* kept = p.allocate<T>();
  if (kept != nullptr) *kept = value;
  return kept;
}

// ---- types

// A bit for each Type.
using TypeSet = uint32_t;

template <class... T>
constexpr TypeSet types(T... t) {
  return ((TypeSet{1} << static_cast<int>(t)) | ...);
}

// Bytes of an element; 0 where it has less than one.
inline int8_t whole_bytes(Type type) { return static_cast<int8_t>(type_bits(type) / 8); }

// Fails unless the tensor is of one of these types.
Status need_type(const Prepare& p, const Tensor& t, TypeSet set);

// Fails unless `a` and `b` have one element type.
Status same_type(const Prepare& p, const Tensor& a, const Tensor& b);

// Fails unless one input becomes one output, both of one of these types.
Status need_one_to_one(const Prepare& p, TypeSet set);

// ---- activations

// The smallest and largest value of a quantized type; of int32 for any other.
struct Range {
  int32_t min = 0;
  int32_t max = 0;
};
Range type_range(Type type);

// The output values that a fused activation lets through, in the output's quantization.
Range activation_range(fb::ActivationFunctionType activation, const Tensor& output);

// The same for real numbers.
struct RealRange {
  float min = 0;
  float max = 0;
};
// Without an activation they end at the largest finite number, so that an infinite result becomes
// that one, as in TensorFlow Lite.
RealRange activation_range(fb::ActivationFunctionType activation);

// ---- windows (convolution, pooling)

// One dimension of a sliding window.
struct WindowSpec {
  int32_t in = 0;
  int32_t kernel = 0;
  int32_t stride = 0;
  int32_t dilation = 1;
  fb::Padding padding = fb::Padding::SAME;
};

// The output's size and how many input positions lie before the first one. Checks every number;
// `what` is "height" or "width". Refuses a VALID window that fits nowhere.
//
//   extent = (kernel - 1) * dilation + 1
//   SAME:   out = ceil(in / stride)
//   VALID:  out = ceil((in - extent + 1) / stride)
//   pad = max((out - 1) * stride + extent - in, 0) / 2
//
// Where that is halved with a rest, the larger border lies behind: `pad` is only the one before.
// Numbers of the file are multiplied here for the first time, so all of it is done in 64 bits.
Status window(const Prepare& p, const char* what, const WindowSpec& spec, int32_t* out,
              int32_t* pad);

// ---- quantization

// Fails unless the tensor has scales, all usable, and zero points that its type can
// hold. For operators that read every scale.
Status need_scales(const Prepare& p, const Tensor& t);

// The same, and that there is but one scale: for operators that read no other.
Status need_scale(const Prepare& p, const Tensor& t);

// Fails where a zero point is not 0.
Status need_symmetric(const Prepare& p, const Tensor& t);

// Fails unless the tensor has one scale, or one for each of `channels` along `dimension`.
Status check_channel_scales(const Prepare& p, const Tensor& t, int32_t channels, int32_t dimension);

// Whether a positive scale is meant as 2^*log (kernels for such scales accept 0.07 % off). The
// logarithm is taken in float32 and compared there, as TensorFlow Lite does, so that the same
// models are accepted.
bool is_power_of_two(float scale, int* log);

// Per-channel multipliers from sums (scale input * weights[c]) to the output's scale, one or
// `channels` weight scales along `dimension`. Allocates both arrays.
Status channel_multipliers(Prepare& p, const Tensor& input, const Tensor& weights,
                           const Tensor& output, int32_t channels, int32_t dimension,
                           Requantize* q);

}  // namespace pipit
