// SPDX-License-Identifier: Apache-2.0
// SOFTMAX over the last dimension.
//
//   out[r, c] = exp(beta * in[r, c]) / sum over k of exp(beta * in[r, k])
//
// All kinds first subtract the row's number with the largest exponential, so that none is above 1.
#include "kernels/contracts/softmax.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "kernels/contracts/softmax_s16.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/fixed_point_functions.h"
#include "kernels/math/half.h"
#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/compute.h"
#include "kernels/ops/rows.h"

namespace pipit {
namespace {

template <class Pointer>
Pointer element(const Tensor& t, ptrdiff_t i) {
  return reinterpret_cast<Pointer>(t.as<uint8_t>() + i * whole_bytes(t.type));
}

// The kernel on shares of the rows; exponentials of fixed-point numbers are no faster than others.
template <class Args, class Kernel>
Status run_rows(const Step& s, Run& run, const Args& args, const Kernel& kernel) {
  constexpr int64_t kCycles = 32;  // of an element
  run.for_each_part(args.rows, 1, kCycles * args.rows * args.depth, [&](const Part& rows) {
    const ptrdiff_t at = ptrdiff_t{rows.first} * args.depth;
    Args a = args;
    a.rows = rows.count;
    a.in = element<decltype(a.in)>(s.input(0), at);
    a.out = element<decltype(a.out)>(s.output(0), at);
    kernel(a);
  });
  return {};
}

// ---- float32

struct F32Params {
  SoftmaxF32 args;
  SoftmaxF32Fn kernel;
};

Status run_f32(const Step& s, Run& run) {
  const auto& p = *s.params<F32Params>();
  return run_rows(s, run, p.args, p.kernel);
}

Status prepare_f32(Prepare& p, const Rows& rows, float beta) {
  auto* params = p.allocate<F32Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  const auto& variant = choose(softmax_f32_variants(), p.cpu());
  params->args.rows = rows.count;
  params->args.depth = rows.depth;
  params->args.beta = beta;
  params->kernel = variant.run;
  return p.run(run_f32, params, variant.name);
}

// ---- float16: computed as float32, exponentials kept as float16

struct HalfParams {
  Rows rows;
  float beta;
};

void softmax_halves(const HalfParams& p, const uint16_t* in, uint16_t* out) {
  const int32_t depth = p.rows.depth;
  float max = -FLT_MAX;
  for (int32_t c = 0; c < depth; ++c) {
    const float x = half_to_float(in[c]);
    max = max < x ? x : max;
  }
  float sum = 0;
  for (int32_t c = 0; c < depth; ++c) {
    const float e = real::exp((half_to_float(in[c]) - max) * p.beta);
    out[c] = float_to_half(e);
    sum += e;
  }
  for (int32_t c = 0; c < depth; ++c) out[c] = float_to_half(half_to_float(out[c]) / sum);
}

Status run_halves(const Step& s, Run&) {
  const auto& p = *s.params<HalfParams>();
  const auto* in = s.input(0).as<uint16_t>();
  auto* out = s.output(0).as<uint16_t>();
  for (int32_t r = 0; r < p.rows.count; ++r, in += p.rows.depth, out += p.rows.depth) {
    softmax_halves(p, in, out);
  }
  return {};
}

// ---- 8 bits

struct S8Params {
  SoftmaxS8 args;
  SoftmaxS8Fn kernel;
  ExpTable exp;  // what the table is made of, where it is made while running
};

constexpr int32_t kExpEntries = 256;

Status run_s8(const Step& s, Run& run) {
  const auto& p = *s.params<S8Params>();
  return run_rows(s, run, p.args, p.kernel);
}

// Of a few numbers, the table gets those entries alone that they ask for.
constexpr int32_t kFewNumbers = 32;

// They are found before the kernel runs, which may write over its input.
Status run_few_s8(const Step& s, Run& run) {
  const auto& p = *s.params<S8Params>();
  SoftmaxS8 a = p.args;
  auto* table = reinterpret_cast<int32_t*>(s.scratch);
  const auto* row = s.input(0).as<uint8_t>();
  for (int32_t r = 0; r < a.rows; ++r, row += a.depth) {
    int32_t max = 0;
    for (int32_t c = 0; c < a.depth; ++c) max = std::max<int32_t>(max, row[c] ^ a.flip);
    for (int32_t c = 0; c < a.depth; ++c) {
      const int32_t distance = max - (row[c] ^ a.flip);
      table[distance] = exp_entry(p.exp, distance);
    }
  }
  a.exp = table;
  return run_rows(s, run, a, p.kernel);
}

struct ScaledParams {
  SoftmaxScaled args;
  void (*kernel)(const SoftmaxScaled&);
};

Status run_scaled(const Step& s, Run& run) {
  const auto& p = *s.params<ScaledParams>();
  return run_rows(s, run, p.args, p.kernel);
}

uint8_t flip_of(Type type) { return type == Type::kInt8 ? 0x80 : 0; }

// Any output quantization, and any beta.
Status prepare_scaled(Prepare& p, const Rows& rows, float beta) {
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  if (!std::isfinite(beta)) return p.bad("beta is ", static_cast<double>(beta));
  auto* params = p.allocate<ScaledParams>();
  float* table = p.allocate<float>(kExpEntries);
  if (params == nullptr || table == nullptr) return Code::kArenaTooSmall;
  // With a negative beta the smallest number has the largest exponential; see SoftmaxScaled.
  const float step = -std::abs(in.scale * beta);
  for (int32_t d = 0; d < kExpEntries; ++d) table[d] = real::exp(step * static_cast<float>(d));
  params->args = {.rows = rows.count,
                  .depth = rows.depth,
                  .exp = table,
                  .from_smallest = beta < 0,
                  .flip = flip_of(in.type),
                  .scale = out.scale,
                  .zero_point = out.zero_point};
  params->kernel = out.type == Type::kInt16  ? softmax_scaled_s16
                   : out.type == Type::kInt8 ? softmax_scaled_s8
                                             : softmax_scaled_u8;
  if (out.type == in.type) p.in_place(0, 0);
  return p.run(run_scaled, params, "portable");
}

// Whether the output begins with 0 and goes up to 1 in all the steps that its type has.
bool is_customary(const Tensor& out) {
  const float scale = out.type == Type::kInt16 ? 1.0f / 65536 : 1.0f / 256;
  return out.zero_point == type_range(out.type).min &&
         std::abs(out.scale - scale) <= 0.001f * scale;
}

Status need_customary(const Prepare& p) {
  const Tensor& out = p.output(0);
  if (is_customary(out)) return {};
  return p.unsupported(out, " has scale ", static_cast<double>(out.scale), " and zero point ",
                       out.zero_point, ", not 1/256 and the smallest number");
}

// The customary quantization is computed in fixed point, as TensorFlow Lite's reference kernel
// does, which reads no other one.
Status prepare_s8(Prepare& p, const Rows& rows, float beta) {
  const Tensor& in = p.input(0);
  PIPIT_TRY(need_scale(p, in));
  PIPIT_TRY(need_scale(p, p.output(0)));
  if (in.type == Type::kInt8 && p.output(0).type == in.type) PIPIT_TRY(need_customary(p));
  ExpTable exp;
  if (!is_customary(p.output(0)) || !find_exp_table(static_cast<double>(beta) * in.scale, &exp)) {
    return prepare_scaled(p, rows, beta);
  }
  auto* params = p.allocate<S8Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  SoftmaxS8& a = params->args;
  a.rows = rows.count;
  a.depth = rows.depth;
  a.flip = flip_of(in.type);
  params->exp = exp;
  const bool few = in.bytes <= kFewNumbers;
  if (few) {
    p.scratch(ByteCount(kExpEntries) * sizeof(int32_t));
  } else {
    int32_t* table = p.allocate<int32_t>(kExpEntries);
    if (table == nullptr) return Code::kArenaTooSmall;
    compute(p, [&] {
      for (int32_t d = 0; d < kExpEntries; ++d) table[d] = exp_entry(exp, d);
    });
    a.exp = table;
  }
  const RunFn run = few ? run_few_s8 : run_s8;
  if (p.output(0).type == Type::kInt16) {
    params->kernel = softmax_s8_s16_portable;
    return p.run(run, params, "portable");
  }
  p.in_place(0, 0);
  const auto& variant = choose(softmax_s8_variants(), p.cpu());
  params->kernel = variant.run;
  return p.run(run, params, variant.name);
}

// ---- int16

struct S16Params {
  SoftmaxS16 args;
  LookupS16 exp, reciprocal;
};

Status run_s16(const Step& s, Run& run) {
  return run_rows(s, run, s.params<S16Params>()->args, softmax_s16);
}

Status prepare_s16(Prepare& p, const Rows& rows, float beta) {
  const Tensor& in = p.input(0);
  for (const Tensor* t : {&in, &p.output(0)}) {
    PIPIT_TRY(need_scale(p, *t));
    PIPIT_TRY(need_symmetric(p, *t));
  }
  constexpr float kScale = 1.0f / 32768;
  if (!(std::abs(p.output(0).scale - kScale) <= 0.001f * kScale)) {
    return p.unsupported(p.output(0), " has scale ", static_cast<double>(p.output(0).scale),
                         ", not 2^-15 as softmax of int16 has");
  }
  // Differences in units of 10 / 65535: the table knows exponentials of 0 to -10.
  const double real = static_cast<double>(in.scale * beta) / (10.0 / 65535.0);
  if (!(real >= 0)) return p.unsupported("beta ", static_cast<double>(beta));
  auto* params = p.allocate<S16Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  fill_softmax_tables(&params->exp, &params->reciprocal);
  const Multiplier m = quantize_multiplier(real);
  params->args = {.rows = rows.count,
                  .depth = rows.depth,
                  .multiplier = m.multiplier,
                  .shift = m.shift,
                  .exp = &params->exp,
                  .reciprocal = &params->reciprocal};
  p.in_place(0, 0);
  return p.run(run_s16, params, "portable");
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  const auto* o = options<fb::SoftmaxOptions>(p);
  // 0 is the format's default.
  const float beta = o == nullptr ? 0 : o->beta();
  Rows rows;
  PIPIT_TRY(find_rows(p, &rows));
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  const Type in = p.input(0).type, out = p.output(0).type;
  const bool bytes = in == Type::kInt8 || in == Type::kUInt8;
  if (bytes && out == Type::kInt16) return prepare_s8(p, rows, beta);
  if (in != out) return p.unsupported("input ", in, ", output ", out);
  if (bytes) return prepare_s8(p, rows, beta);
  if (in == Type::kInt16) return prepare_s16(p, rows, beta);
  p.in_place(0, 0);
  if (in == Type::kFloat32) return prepare_f32(p, rows, beta);
  if (in != Type::kFloat16) return p.unsupported("type ", in);
  const auto* kept = keep(p, HalfParams{rows, beta});
  return kept == nullptr ? Status(Code::kArenaTooSmall) : p.run(run_halves, kept, "portable");
}

}  // namespace

const Op kSoftmax = {builtin(fb::BuiltinOperator::SOFTMAX), "SOFTMAX", prepare};

}  // namespace pipit
