// SPDX-License-Identifier: Apache-2.0
// DEQUANTIZE: to float32 from any quantized type, or from smaller floats.
//
//   out[...] = (in[...] - zero_point[c]) * scale[c]      c: the index along the quantized dimension
#include "kernels/contracts/quantize_f32.h"
#include "kernels/contracts/widen_f16.h"
#include "kernels/math/float8.h"
#include "kernels/math/int4.h"
#include "kernels/ops.h"
#include "kernels/ops/channels.h"
#include "kernels/ops/unary.h"

namespace pipit {
namespace {

struct Params;
// One stretch of elements, from number `at` on.
using StretchFn = void (*)(const Params& p, const void* in, int32_t at, float* out, float scale,
                           int32_t zero_point);

struct Params {
  StretchFn stretch;
  DequantizeS8Fn bytes;
  uint8_t flip;
  Channels channels;
};

void stretch_bytes(const Params& p, const void* in, int32_t at, float* out, float scale,
                   int32_t zero_point) {
  p.bytes({.in = static_cast<const int8_t*>(in) + at,
           .out = out,
           .n = p.channels.inner,
           .scale = scale,
           // Flipping the top bit takes 128 off.
           .zero_point = zero_point - p.flip,
           .flip = p.flip});
}

void stretch_s16(const Params& p, const void* in, int32_t at, float* out, float scale,
                 int32_t zero_point) {
  const int16_t* x = static_cast<const int16_t*>(in) + at;
  for (int32_t i = 0; i < p.channels.inner; ++i) {
    out[i] = static_cast<float>(x[i] - zero_point) * scale;
  }
}

// Elements of `bits` bits, the low ones first.
template <int bits, bool is_signed>
void stretch_packed(const Params& p, const void* in, int32_t at, float* out, float scale,
                    int32_t zero_point) {
  const auto* bytes = static_cast<const uint8_t*>(in);
  for (int32_t i = 0; i < p.channels.inner; ++i) {
    const int32_t x = packed_element<bits, is_signed>(bytes, at + i);
    out[i] = static_cast<float>(x - zero_point) * scale;
  }
}

StretchFn stretch_for(Type type) {
  switch (type) {
    case Type::kInt8:
    case Type::kUInt8:
      return stretch_bytes;
    case Type::kInt16:
      return stretch_s16;
    case Type::kInt4:
      return stretch_packed<4, true>;
    case Type::kUInt4:
      return stretch_packed<4, false>;
    case Type::kInt2:
      return stretch_packed<2, true>;
    default:
      return nullptr;
  }
}

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const void* in = s.input(0).data;
  float* out = s.output(0).as<float>();
  for_each_channel(p.channels, [&](int32_t at, float scale, int32_t zero_point) {
    p.stretch(p, in, at, out + at, scale, zero_point);
  });
  return {};
}

template <float (*widen)(uint8_t)>
void widen_all(const Unary& r) {
  each<uint8_t, float>(r, widen);
}

// For bytes that need no scale.
UnaryFn widening_for(Type type) {
  switch (type) {
    case Type::kFloat8E4M3FN:
      return widen_all<float8_e4m3fn_to_float>;
    case Type::kFloat8E5M2:
      return widen_all<float8_e5m2_to_float>;
    default:
      return nullptr;
  }
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  p.set_output_type(0, Type::kFloat32);
  const Tensor& in = p.input(0);
  if (in.type == Type::kFloat16) {
    return plan_unary(p, choose(widen_f16_variants(), p.cpu()), nullptr);
  }
  if (const UnaryFn widen = widening_for(in.type)) return plan_unary(p, widen, nullptr);
  const StretchFn stretch = stretch_for(in.type);
  if (stretch == nullptr) return p.unsupported("input ", in.type);
  PIPIT_TRY(p.set_output(0, in.shape));
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(find_channels(p, in, in.shape, &params->channels));
  if (in.type == Type::kInt16 && params->channels.count > 1) {
    return p.unsupported(in, ": int16 may not have a scale per channel");
  }
  const auto& variant = choose(dequantize_s8_variants(), p.cpu());
  params->stretch = stretch;
  params->bytes = variant.run;
  params->flip = in.type == Type::kUInt8 ? 0x80 : 0;
  return p.run(run, params, stretch == stretch_bytes ? variant.name : "portable");
}

}  // namespace

const Op kDequantize = {builtin(fb::BuiltinOperator::DEQUANTIZE), "DEQUANTIZE", prepare};

}  // namespace pipit
