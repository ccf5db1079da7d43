// SPDX-License-Identifier: Apache-2.0
// MEAN. The mean of no elements is NaN, in integers 0.
//
//   plain:      out = (sum of in) / n, integers towards zero
//   quantized:  out = clamp(zo + (sum of in - n * zi) * m),  m = in_scale / (n * out_scale)
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/contracts/mean_s8.h"
#include "kernels/contracts/pool.h"
#include "kernels/math/fixed_point.h"
#include "kernels/ops.h"
#include "kernels/ops/reduction.h"

namespace pipit {
namespace {

struct Params {
  Reduce reduce;
  int64_t count;  // elements of each mean
  // Quantized: from sums to outputs.
  Multiplier multiplier;
  uint32_t bias;
  int32_t zero_point;
};

// A tensor as [batch][rows][channels], of which the rows are reduced. Neighbouring dimensions that
// are all reduced, or none of them, are one by then (make_broadcast()).
//
//   [batch][rows][channels]   reduced in the middle: runs of `channels`, rank 1 or 2 around them
//   [batch][rows]             reduced at the end: runs of `rows`, one channel
struct Rows {
  int32_t batch = 1;
  int32_t rows = 1;
  int32_t channels = 1;
};

// Whether the walk is over such a tensor.
bool as_rows(const Broadcast& walk, Rows* r) {
  const bool last = walk.step[0] == 0;  // the innermost dimension is reduced
  const int32_t outer = walk.rank - (last ? 0 : 1);
  if (walk.runs == 0 || outer < 0 || outer > 1) return false;
  r->batch = outer == 1 ? walk.dims[0] : 1;
  r->rows = last ? walk.n : walk.dims[outer];
  r->channels = last ? 1 : walk.n;
  return true;
}

// ---- plain numbers

template <class T, class Total>
Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  T* out = s.output(0).as<T>();
  Reduce reduce = p.reduce;
  reduce.in = s.input(0).data;
  reduce.totals = std::is_same_v<T, Total> ? s.output(0).data : s.scratch;
  reduce_sum<T, Total>(reduce);
  const Total* totals = static_cast<const Total*>(reduce.totals);
  for (int32_t i = 0; i < reduce.outputs; ++i) {
    if constexpr (std::is_same_v<T, float>) {
      out[i] = totals[i] / static_cast<float>(p.count);
    } else {
      out[i] = static_cast<T>(p.count == 0 ? 0 : static_cast<int64_t>(totals[i]) / p.count);
    }
  }
  return {};
}

template <class T, class Total>
Status plan(Prepare& p, Params* params) {
  if (!std::is_same_v<T, Total>) {
    p.scratch(ByteCount(params->reduce.outputs) * sizeof(Total));
  }
  return p.run(run<T, Total>, params, "portable");
}

// ---- floats: the mean of rows is the average of a window as large as the image

struct PoolParams {
  Pool<float> args;
  void (*kernel)(const Pool<float>&);
};

Status run_pool(const Step& s, Run&) {
  const auto& p = *s.params<PoolParams>();
  Pool<float> args = p.args;
  args.in = s.input(0).as<float>();
  args.out = s.output(0).as<float>();
  p.kernel(args);
  return {};
}

Status plan_pool(Prepare& p, const Rows& shape) {
  auto* params = p.allocate<PoolParams>();
  if (params == nullptr) return Code::kArenaTooSmall;
  const auto& variant = choose(average_pool_variants<float>(), p.cpu());
  params->kernel = variant.run;
  ConvGeometry g = {.batch = shape.batch, .in_h = 1, .in_w = shape.rows, .in_c = shape.channels};
  g.out_h = g.out_w = 1;
  g.out_c = shape.channels;
  g.kernel_w = shape.rows;
  params->args.size = g;
  params->args.stride = dense_strides(g);
  params->args.clamp = {-INFINITY, INFINITY};
  return p.run(run_pool, params, variant.name);
}

Status plan_f32(Prepare& p, Params* params) {
  Rows rows;
  // One channel's values are summed in lanes instead.
  if (as_rows(params->reduce.walk, &rows) && rows.channels > 1) return plan_pool(p, rows);
  return plan<float, float>(p, params);
}

// ---- quantized

template <class T>
Status run_quantized(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  T* out = s.output(0).as<T>();
  Reduce reduce = p.reduce;
  reduce.in = s.input(0).data;
  reduce.totals = s.scratch;
  reduce_sum<T, uint32_t>(reduce);
  const auto* totals = static_cast<const uint32_t*>(reduce.totals);
  for (int32_t i = 0; i < reduce.outputs; ++i) {
    out[i] = static_cast<T>(requantize(
        static_cast<int32_t>(totals[i] + p.bias), p.multiplier.multiplier, p.multiplier.shift,
        p.zero_point, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  }
  return {};
}

Status run_zeros(const Step& s, Run&) {
  std::fill_n(s.output(0).as<uint8_t>(), s.output(0).bytes, uint8_t{0});
  return {};
}

struct RowsParams {
  MeanS8 args;
  MeanS8Fn kernel;
};

Status run_rows(const Step& s, Run&) {
  const auto& p = *s.params<RowsParams>();
  MeanS8 args = p.args;
  args.in = s.input(0).as<int8_t>();
  args.out = s.output(0).as<int8_t>();
  p.kernel(args);
  return {};
}

Status plan_rows(Prepare& p, const Params& q, const Rows& shape) {
  auto* params = p.allocate<RowsParams>();
  if (params == nullptr) return Code::kArenaTooSmall;
  const auto& variant = choose(mean_s8_variants(), p.cpu());
  params->kernel = variant.run;
  params->args = {.batch = shape.batch, .rows = shape.rows, .channels = shape.channels};
  params->args.bias = static_cast<int32_t>(q.bias);
  params->args.multiplier = q.multiplier.multiplier;
  params->args.shift = q.multiplier.shift;
  params->args.zero_point = q.zero_point;
  return p.run(run_rows, params, variant.name);
}

// multiplier / count, keeping as many bits as the fixed-point product can use. The dividend is
// shifted left as far as `count` has bits, less one, so that the quotient has 30 or 31 bits again;
// it is cut off, not rounded. All as in TensorFlow Lite.
Multiplier divide(Multiplier m, int64_t count) {
  const int bits = static_cast<int>(std::bit_width(static_cast<uint64_t>(count))) - 1;
  const int shift = std::min(bits, 31 + m.shift);
  m.multiplier = static_cast<int32_t>((int64_t{m.multiplier} << shift) / count);
  m.shift -= shift;
  return m;
}

template <class T>
Status plan_quantized(Prepare& p, Params* params) {
  const Tensor& in = p.input(0);
  PIPIT_TRY(need_scale(p, in));
  PIPIT_TRY(need_scale(p, p.output(0)));
  if (params->count == 0) return p.run(run_zeros, nullptr, "portable");
  const double scale = static_cast<double>(in.scale) / static_cast<double>(p.output(0).scale);
  params->multiplier = divide(quantize_multiplier(scale), params->count);
  params->bias = 0 - static_cast<uint32_t>(in.zero_point) * static_cast<uint32_t>(params->count);
  params->zero_point = p.output(0).zero_point;
  Rows rows;
  if (in.type == Type::kInt8 && as_rows(params->reduce.walk, &rows)) {
    return plan_rows(p, *params, rows);
  }
  p.scratch(ByteCount(params->reduce.outputs) * sizeof(uint32_t));
  return p.run(run_quantized<T>, params, "portable");
}

Status prepare(Prepare& p) {
  PIPIT_TRY(check_reduction(p));
  if (!p.values_known(1)) return p.defer();
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(plan_reduction(p, &params->reduce, &params->count));
  switch (p.input(0).type) {
    case Type::kFloat32:
      return plan_f32(p, params);
    case Type::kInt32:
      return plan<int32_t, uint64_t>(p, params);
    case Type::kInt64:
      return plan<int64_t, uint64_t>(p, params);
    case Type::kInt8:
      return plan_quantized<int8_t>(p, params);
    case Type::kUInt8:
      return plan_quantized<uint8_t>(p, params);
    case Type::kInt16:
      return plan_quantized<int16_t>(p, params);
    default:
      return p.unsupported("input ", p.input(0));
  }
}

}  // namespace

const Op kMean = {builtin(fb::BuiltinOperator::MEAN), "MEAN", prepare};

}  // namespace pipit
