// SPDX-License-Identifier: Apache-2.0
// LOG_SOFTMAX over the last dimension.
//
//   out[r, c] = in[r, c] - max[r] - log(sum over k of exp(in[r, k] - max[r]))
#include <algorithm>

#include "kernels/contracts/softmax.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/fixed_point_functions.h"
#include "kernels/ops.h"
#include "kernels/ops/rows.h"

namespace pipit {
namespace {

// ---- float32

struct F32Params {
  SoftmaxF32 args;
  SoftmaxF32Fn kernel;
};

Status run_f32(const Step& s, Run& run) {
  constexpr int64_t kCycles = 32;  // of an element
  const auto& p = *s.params<F32Params>();
  const int32_t depth = p.args.depth;
  run.for_each_part(p.args.rows, 1, kCycles * p.args.rows * depth, [&](const Part& rows) {
    SoftmaxF32 a = p.args;
    a.rows = rows.count;
    a.in = s.input(0).as<float>() + ptrdiff_t{rows.first} * depth;
    a.out = s.output(0).as<float>() + ptrdiff_t{rows.first} * depth;
    p.kernel(a);
  });
  return {};
}

Status prepare_f32(Prepare& p, const Rows& rows) {
  const auto& variant = choose(log_softmax_f32_variants(), p.cpu());
  const auto* kept = keep(p, F32Params{{.rows = rows.count, .depth = rows.depth}, variant.run});
  return kept == nullptr ? Status(Code::kArenaTooSmall) : p.run(run_f32, kept, variant.name);
}

// ---- 8 bits: outputs are 1/16 and count down from the largest value

struct S8Params {
  Rows rows;
  ExpTable scale;
  Multiplier reverse;  // from Q5 back to input differences
  int32_t exp[256];    // of differences, Q0
  uint8_t flip;        // 0x80: int8
};

// The largest difference (as a negative number, exclusive) that does not leave Q5.
int32_t limit(const S8Params& p, int32_t log_sum) {
  const int32_t reach = multiply(INT32_MIN + log_sum, p.reverse.multiplier, p.reverse.shift);
  return std::max(-p.scale.largest - 1, reach);
}

void log_softmax_row(const S8Params& p, const uint8_t* in, uint8_t* out) {
  const int32_t n = p.rows.depth;
  int32_t max = 0;
  for (int32_t c = 0; c < n; ++c) max = std::max(max, in[c] ^ p.flip);
  int64_t sum = 0;  // Q12
  for (int32_t c = 0; c < n; ++c) sum += rounding_shift_right(p.exp[max - (in[c] ^ p.flip)], 12);
  const int32_t log_sum = log_of_q12(static_cast<int32_t>(std::min<int64_t>(sum, INT32_MAX)));
  const int32_t lowest = limit(p, log_sum);
  for (int32_t c = 0; c < n; ++c) {
    const int32_t d = (in[c] ^ p.flip) - max;
    int32_t y = 0;
    if (d > lowest) {
      const int32_t log = multiply(d, p.scale.multiplier, p.scale.shift) - log_sum;
      // Q5 has 26 bits behind the point, sixteenths have 4.
      y = clamp(255 + rounding_shift_right(log, 31 - 5 - 4), 0, 255);
    }
    out[c] = static_cast<uint8_t>(y ^ p.flip);
  }
}

Status run_s8(const Step& s, Run&) {
  const auto& p = *s.params<S8Params>();
  const auto* in = s.input(0).as<uint8_t>();
  auto* out = s.output(0).as<uint8_t>();
  if (p.rows.depth == 0) return {};
  for (int32_t r = 0; r < p.rows.count; ++r, in += p.rows.depth, out += p.rows.depth) {
    log_softmax_row(p, in, out);
  }
  return {};
}

Status prepare_s8(Prepare& p, const Rows& rows) {
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  const bool is_signed = in.type == Type::kInt8;
  PIPIT_TRY(need_scale(p, in));
  if (out.scale != 1.0f / 16 || out.zero_point != (is_signed ? 127 : 255)) {
    return p.unsupported(out, " has scale ", static_cast<double>(out.scale), " and zero point ",
                         out.zero_point, ", not 1/16 and the largest value");
  }
  auto* params = p.allocate<S8Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  if (!find_exp_table(static_cast<double>(in.scale), &params->scale)) {
    return p.unsupported("input scale ", static_cast<double>(in.scale));
  }
  const ExpTable& t = params->scale;
  params->rows = rows;
  params->reverse =
      quantize_multiplier(static_cast<double>(int64_t{1} << (31 - t.shift)) / t.multiplier);
  for (int32_t d = 0; d < 256; ++d) params->exp[d] = exp_entry(t, d);
  params->flip = is_signed ? 0x80 : 0;
  return p.run(run_s8, params, "portable");
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(same_type(p, p.input(0), p.output(0)));
  PIPIT_TRY(need_type(p, p.input(0), types(Type::kFloat32, Type::kInt8, Type::kUInt8)));
  Rows rows;
  PIPIT_TRY(find_rows(p, &rows));
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  p.in_place(0, 0);
  return p.input(0).type == Type::kFloat32 ? prepare_f32(p, rows) : prepare_s8(p, rows);
}

}  // namespace

const Op kLogSoftmax = {builtin(fb::BuiltinOperator::LOG_SOFTMAX), "LOG_SOFTMAX", prepare};

}  // namespace pipit
