// SPDX-License-Identifier: Apache-2.0
// SUM and REDUCE_PROD of quantized numbers.
//
// With n = the number of elements behind a result, zi and zo the zero points:
//
//   SUM:          out = zo + round(in_scale / out_scale * (sum of in - n * zi))
//   REDUCE_PROD:  out = zo + round(m * t_n),  m = in_scale / out_scale^(1/n)
//                 t_1 = x_1 - zi,  t_k = round(m * t_(k - 1) * (x_k - zi))
//
// Each of the n roundings of a product takes its n-th part of the scale, so that totals stay in the
// range of the output.
#include "kernels/ops/reduce_quantized.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/math/fixed_point.h"
#include "kernels/math/real.h"

namespace pipit {
namespace {

struct Params {
  Reduce reduce;
  Multiplier multiplier;
  float scale;  // sums of int8 and int16: output = zero_point + round(sum * scale + offset)
  float offset;
  uint32_t bias;  // sums of uint8: added before the multiplication
  int32_t in_zero_point;
  int32_t zero_point;
  int32_t empty;  // the product of no values
};

template <class T>
T saturate(int64_t x) {
  return static_cast<T>(
      std::clamp<int64_t>(x, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
}

template <class Total>
Total* totals_of(const Step& s, Reduce* reduce) {
  reduce->in = s.input(0).data;
  reduce->totals = s.scratch;
  return static_cast<Total*>(reduce->totals);
}

// Finishes preparing with an array of totals, one for each output.
Status plan_run(Prepare& p, RunFn run, Params* params, size_t total_bytes) {
  p.scratch(ByteCount(params->reduce.outputs) * total_bytes);
  return p.run(run, params, "portable");
}

Status begin(Prepare& p, Params* params, int64_t* count) {
  PIPIT_TRY(need_scale(p, p.input(0)));
  PIPIT_TRY(need_scale(p, p.output(0)));
  params->in_zero_point = p.input(0).zero_point;
  params->zero_point = p.output(0).zero_point;
  return plan_reduction(p, &params->reduce, count);
}

// ---- SUM: uint8 in fixed point, the others in float, as in the kernels of TensorFlow Lite that
// are right

Status run_sum_u8(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  Reduce reduce = p.reduce;
  const auto* totals = totals_of<uint32_t>(s, &reduce);
  reduce_sum<uint8_t, uint32_t>(reduce);
  uint8_t* out = s.output(0).as<uint8_t>();
  for (int32_t i = 0; i < reduce.outputs; ++i) {
    out[i] = static_cast<uint8_t>(requantize(static_cast<int32_t>(totals[i] + p.bias),
                                             p.multiplier.multiplier, p.multiplier.shift,
                                             p.zero_point, 0, 255));
  }
  return {};
}

template <class T>
Status run_sum(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  Reduce reduce = p.reduce;
  const auto* totals = totals_of<uint32_t>(s, &reduce);
  reduce_sum<T, uint32_t>(reduce);
  T* out = s.output(0).as<T>();
  for (int32_t i = 0; i < reduce.outputs; ++i) {
    const float sum = static_cast<float>(static_cast<int32_t>(totals[i]));
    out[i] = saturate<T>(quantize_float(sum * p.scale + p.offset, 1.0f, p.zero_point));
  }
  return {};
}

// The sum of no values is the byte 0, not the real number.
Status run_zeros(const Step& s, Run&) {
  std::fill_n(s.output(0).as<uint8_t>(), s.output(0).bytes, uint8_t{0});
  return {};
}

// ---- REDUCE_PROD: every product is scaled at once, by the count-th root of the whole scale

template <class T>
Status run_product(const Step& s, Run&) {
  // Stands for a total that nothing has been folded into; no 32-bit result is that.
  constexpr int64_t kNone = INT64_MIN;
  const auto& p = *s.params<Params>();
  const auto scaled = [&](int64_t x) {
    return int64_t{multiply(x, p.multiplier.multiplier, p.multiplier.shift)};
  };
  const auto fold = [&](int64_t& total, T x) {
    const int64_t value = x - p.in_zero_point;
    total = total == kNone ? value : scaled(total * value);
  };
  Reduce reduce = p.reduce;
  auto* totals = totals_of<int64_t>(s, &reduce);
  std::fill(totals, totals + reduce.outputs, kNone);
  for_each_total<T, int64_t>(reduce, fold, [&](int64_t& total, const T* in, int32_t n) {
    for (int32_t i = 0; i < n; ++i) fold(total, in[i]);
  });
  T* out = s.output(0).as<T>();
  for (int32_t i = 0; i < reduce.outputs; ++i) {
    out[i] = saturate<T>(totals[i] == kNone ? p.empty : scaled(totals[i]) + p.zero_point);
  }
  return {};
}

}  // namespace

Status prepare_quantized_sum(Prepare& p) {
  if (!p.values_known(1)) return p.defer();
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  int64_t count = 0;
  PIPIT_TRY(begin(p, params, &count));
  if (count == 0) return p.run(run_zeros, nullptr, "portable");
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  params->multiplier =
      quantize_multiplier(static_cast<double>(in.scale) / static_cast<double>(out.scale));
  // Modulo 2^32, as the totals are.
  params->bias = 0 - static_cast<uint32_t>(in.zero_point) * static_cast<uint32_t>(count);
  params->scale = in.scale / out.scale;
  params->offset = static_cast<float>(-in.zero_point) * params->scale * static_cast<float>(count);
  const RunFn run = in.type == Type::kUInt8  ? run_sum_u8
                    : in.type == Type::kInt8 ? run_sum<int8_t>
                                             : run_sum<int16_t>;
  return plan_run(p, run, params, sizeof(uint32_t));
}

Status prepare_quantized_product(Prepare& p) {
  const Tensor& in = p.input(0);
  const Tensor& out = p.output(0);
  if (in.type != Type::kInt8 && in.type != Type::kInt16) return p.unsupported("input ", in);
  if (!p.values_known(1)) return p.defer();
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  int64_t count = 0;
  PIPIT_TRY(begin(p, params, &count));
  const double root = real::pow(static_cast<double>(out.scale), 1.0 / static_cast<double>(count));
  params->multiplier = quantize_multiplier(count == 0 ? 0 : static_cast<double>(in.scale) / root);
  // As far as the 64-bit multiply() can shift to the left.
  if (params->multiplier.shift > 14) {
    return p.unsupported("scales ", static_cast<double>(in.scale), " and ",
                         static_cast<double>(out.scale), " are too far apart");
  }
  params->empty = quantize_float(1, out.scale, out.zero_point);
  return plan_run(p, in.type == Type::kInt8 ? run_product<int8_t> : run_product<int16_t>, params,
                  sizeof(int64_t));
}

}  // namespace pipit
