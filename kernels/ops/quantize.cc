// SPDX-License-Identifier: Apache-2.0
// QUANTIZE: from float32, or from one quantized type to another.
//
//   from float32:  out[...] = clamp(zero_point[c] + round(in[...] / scale[c]))
//   else:          out[...] = clamp(zo + (in[...] - zi) * in_scale / out_scale), in fixed point
#include <cstring>

#include "kernels/contracts/quantize_f32.h"
#include "kernels/math/int4.h"
#include "kernels/math/scaling.h"
#include "kernels/ops.h"
#include "kernels/ops/channels.h"
#include "kernels/ops/unary.h"

namespace pipit {
namespace {

// ---- from float32

struct FloatParams {
  QuantizeF32Fn kernel;
  int32_t min, max;
  int32_t out_bytes;
  Channels channels;
};

Status run_float(const Step& s, Run&) {
  const auto& p = *s.params<FloatParams>();
  const float* in = s.input(0).as<float>();
  auto* out = s.output(0).as<uint8_t>();
  for_each_channel(p.channels, [&](int32_t at, float scale, int32_t zero_point) {
    p.kernel({.in = in + at,
              .out = out + static_cast<ptrdiff_t>(at) * p.out_bytes,
              .n = p.channels.inner,
              .scale = scale,
              .zero_point = zero_point,
              .min = p.min,
              .max = p.max});
  });
  return {};
}

// Half bytes: each pair by way of two bytes. That is why they have one scale for all: a channel
// might begin in the middle of a byte.
void quantize_nibbles(const QuantizeF32& a) {
  QuantizeF32 pair = a;
  for (int32_t i = 0; i < a.n; i += 2) {
    uint8_t bytes[2] = {};
    pair.in = a.in + i;
    pair.n = a.n - i < 2 ? 1 : 2;
    pair.out = bytes;
    quantize_f32_s8_portable(pair);
    pack_int4(bytes, pair.n, static_cast<uint8_t*>(a.out) + i / 2);
  }
}

Status prepare_float(Prepare& p) {
  const Type type = p.output(0).type;
  auto* params = p.allocate<FloatParams>();
  if (params == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  PIPIT_TRY(find_channels(p, p.output(0), p.input(0).shape, &params->channels));
  const Range range = type_range(type);
  params->min = range.min;
  params->max = range.max;
  params->out_bytes = type == Type::kInt16 ? 2 : 1;
  if (type == Type::kInt16) {
    params->kernel = quantize_f32_s16_portable;
  } else if (type == Type::kInt4 || type == Type::kUInt4) {
    if (params->channels.count > 1) return p.unsupported(p.output(0), " has a scale per channel");
    params->kernel = quantize_nibbles;
  } else {
    const auto& variant = choose(quantize_f32_s8_variants(), p.cpu());
    params->kernel = variant.run;
    return p.run(run_float, params, variant.name);
  }
  return p.run(run_float, params, "portable");
}

// ---- from one quantization to another

template <class In, class Out>
void rescale_values(const Unary& r) {
  const auto& s = *static_cast<const Scaling*>(r.constants);
  each<In, Out>(r, [&](In x) { return static_cast<Out>(scale_value(s, x)); });
}

// Bytes to bytes go by a table; nullptr where there is no such conversion.
UnaryFn rescale_kernel(Type in, Type out) {
  struct Row {
    Type in, out;
    UnaryFn run;
  };
  static constexpr Row kRows[] = {
      {Type::kInt8, Type::kInt16, rescale_values<int8_t, int16_t>},
      {Type::kInt8, Type::kInt32, rescale_values<int8_t, int32_t>},
      {Type::kUInt8, Type::kInt16, rescale_values<uint8_t, int16_t>},
      {Type::kInt16, Type::kInt8, rescale_values<int16_t, int8_t>},
      {Type::kInt16, Type::kInt16, rescale_values<int16_t, int16_t>},
      {Type::kInt16, Type::kInt32, rescale_values<int16_t, int32_t>},
      {Type::kInt32, Type::kInt8, rescale_values<int32_t, int8_t>},
      {Type::kInt32, Type::kInt16, rescale_values<int32_t, int16_t>},
  };
  for (const Row& row : kRows) {
    if (row.in == in && row.out == out) return row.run;
  }
  return nullptr;
}

// Between uint8 and int8 of one scale whose zero points are 128 apart, only the top bit changes: no
// table is needed, and eight bytes go at a time.
bool flips_top_bit(const Scaling& s, Type in) {
  for (int x = 0; x < 256; ++x) {
    if (static_cast<uint8_t>(scale_value(s, byte_value(in, x))) != (x ^ 0x80)) return false;
  }
  return true;
}

void flip_top_bit(const Unary& r) {
  constexpr int32_t kBytes = sizeof(uint64_t);
  const auto* in = static_cast<const uint8_t*>(r.in);
  auto* out = static_cast<uint8_t*>(r.out);
  int32_t i = 0;
  for (; i + kBytes <= r.n; i += kBytes) {
    uint64_t some;
    std::memcpy(&some, in + i, kBytes);
    some ^= UINT64_C(0x8080808080808080);
    std::memcpy(out + i, &some, kBytes);
  }
  for (; i < r.n; ++i) out[i] = in[i] ^ 0x80;
}

Status prepare_rescale(Prepare& p) {
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  const bool bytes = (in.type == Type::kInt8 || in.type == Type::kUInt8) &&
                     (out.type == Type::kInt8 || out.type == Type::kUInt8);
  const UnaryFn kernel = rescale_kernel(in.type, out.type);
  if (!bytes && kernel == nullptr) return p.unsupported("input ", in.type, ", output ", out.type);
  PIPIT_TRY(need_scale(p, in));
  PIPIT_TRY(need_scale(p, out));
  const Multiplier m =
      quantize_multiplier(static_cast<double>(in.scale) / static_cast<double>(out.scale));
  const Range range = type_range(out.type);
  const Scaling s = {.in_zero_point = in.zero_point,
                     .above = {m.multiplier, m.shift},
                     .below = {m.multiplier, m.shift},
                     .zero_point = out.zero_point,
                     .min = range.min,
                     .max = range.max};
  if (bytes && flips_top_bit(s, in.type)) return plan_unary(p, flip_top_bit, nullptr);
  if (bytes) return plan_lookup(p, [&](int32_t x) { return scale_value(s, x); });
  const auto* kept = keep(p, s);
  return kept == nullptr ? Status(Code::kArenaTooSmall) : plan_unary(p, kernel, kept);
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  if (p.input(0).type != Type::kFloat32) return prepare_rescale(p);
  switch (p.output(0).type) {
    case Type::kInt8:
    case Type::kUInt8:
    case Type::kInt16:
    case Type::kInt4:
    case Type::kUInt4:
      return prepare_float(p);
    default:
      return p.unsupported("output ", p.output(0).type);
  }
}

}  // namespace

const Op kQuantize = {builtin(fb::BuiltinOperator::QUANTIZE), "QUANTIZE", prepare};

}  // namespace pipit
