// SPDX-License-Identifier: Apache-2.0
// FULLY_CONNECTED with quantized input, weights and output. The zero points' share of the sums
// joins the bias, once and for all when the weights are constant.
//
//   sum[r, o] = start[o] + sum over k of (in[r, k] * weights[o, k] - in[r, k] * weight_zero)
//   out[r, o] = clamp(out_zero + round(scale[o] * sum[r, o]))
//   start[o] = bias[o] - in_zero * sum over k of (weights[o, k] - weight_zero)
//   scale[o] = in_scale * weight_scale[o] / out_scale
//
// A share's scratch memory: sums [tile.rows][tile.outputs], start [tile.outputs], expanded weights
// [tile.outputs][depth]; the last two only where they are needed.
#include <algorithm>

#include "kernels/contracts/dense_s8.h"
#include "kernels/contracts/matmul.h"
#include "kernels/contracts/rescale.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/fixed_point.h"
#include "kernels/ops/compute.h"
#include "kernels/ops/fully_connected.h"
#include "kernels/ops/known_bytes.h"
#include "kernels/ops/zero_points.h"

namespace pipit::fully_connected {
namespace {

template <class Sum>
struct Quantized {
  Request request;
  Tile tile;
  const Sum* start;  // bias and the weights' share, or nullptr: found when running
  const double* scale;
  const Multiplier* multiplier;  // int16 weights have these instead
  int32_t scale_step;
  bool no_weight_is_min;
  int32_t in_zero_point, weight_zero_point, out_zero_point;
  Range range;
  int32_t shares;
  uint32_t start_at, expanded_at;  // in the scratch of a share, behind the sums of a tile
  size_t share_scratch;
};

template <class In, class Weight, class Sum, class Out>
struct Params {
  Quantized<Sum> common;
  void (*kernel)(const Matmul<In, Weight, Sum>&);
  void (*rescale)(const Rescale<Sum, Out>&);
};
template <>
struct Params<int8_t, int8_t, int32_t, int8_t> {
  Quantized<int32_t> common;
  void (*dense)(const DenseS8&);  // of weights without a zero point, else nullptr and these:
  void (*kernel)(const MatmulS8&);
  void (*rescale)(const RescaleS8&);
};

template <class Sum>
Sum bias_value(const Tensor* bias, int32_t o) {
  if (bias == nullptr) return 0;
  if (bias->type == Type::kInt64) return static_cast<Sum>(bias->as<int64_t>()[o]);
  return bias->as<int32_t>()[o];
}

// What the sum of outputs [first, first + count) starts from.
template <class Weight, class Sum>
void find_start(const Quantized<Sum>& q, const Weight* weights, const Tensor* bias, int32_t first,
                int32_t count, Sum* start, bool* holds_min = nullptr) {
  for (int32_t o = 0; o < count; ++o) start[o] = bias_value<Sum>(bias, first + o);
  add_zero_points(q.request.weights, weights, first, count, Sum{q.in_zero_point},
                  Sum{q.weight_zero_point}, start, holds_min);
}

template <class Sum, class Out>
void rescale_fixed_point(const Rescale<Sum, Out>& a, const Multiplier* multiplier) {
  for (int32_t r = 0; r < a.rows; ++r) {
    const Sum* sums = a.sums + r * a.sums_stride;
    Out* out = a.out + r * a.out_stride;
    for (int32_t o = 0; o < a.outputs; ++o) {
      const Multiplier& m = multiplier[o * a.scale_step];
      const int32_t scaled = multiply(sums[o], m.multiplier, m.shift);
      out[o] = static_cast<Out>(clamp(scaled, a.min, a.max));
    }
  }
}

// Sums of a tile, and from them results.
template <class In, class Weight, class Sum, class Out>
void run_product(const Params<In, Weight, Sum, Out>& p, const Matmul<In, Weight, Sum>& a,
                 const Rescale<Sum, Out>& to, const Multiplier* multiplier) {
  if constexpr (std::is_same_v<In, int8_t>) {
    if (p.dense != nullptr) return p.dense({a, to});
  }
  p.kernel(a);
  subtract_input_sums(a, Sum{p.common.weight_zero_point});
  // With a bias that is declared int32, the reference's sums are of 32 bits and wrap.
  for (int32_t i = 0; p.common.request.sum_in_32_bits && i < a.rows * a.outputs; ++i) {
    a.out[i] = static_cast<int32_t>(a.out[i]);
  }
  p.common.multiplier != nullptr ? rescale_fixed_point(to, multiplier) : p.rescale(to);
}

// Of a list that need not exist.
template <class T>
const T* behind(const T* list, ptrdiff_t n) {
  return list == nullptr ? nullptr : list + n;
}

template <class In, class Weight, class Sum, class Out>
void run_outputs(const Step& s, const Params<In, Weight, Sum, Out>& p, const Part& outputs,
                 uint8_t* scratch) {
  const Quantized<Sum>& q = p.common;
  const Request& size = q.request;
  const Weight* weights = s.bytes(kWeights, static_cast<const Weight*>(size.weight_bytes));
  const In* in = s.input(kInput).as<In>();
  Out* out = s.output(0).as<Out>();
  auto* sums = scratch_at<Sum>(scratch, 0);
  const int32_t end = outputs.first + outputs.count;
  for (int32_t first = outputs.first, count = 0; first < end; first += count) {
    // Outputs outside, rows inside: what is expanded or summed up of weights serves all rows.
    count = std::min(end - first, q.tile.outputs);
    const Weight* w = weight_rows(size.weights, weights, first, count,
                                  scratch_at<Weight>(scratch, q.expanded_at));
    const Sum* start = behind(q.start, first);
    if (start == nullptr) {
      auto* found = scratch_at<Sum>(scratch, q.start_at);
      find_start(q, weights, s.optional_input(kBias), first, count, found);
      start = found;
    }
    const ptrdiff_t channel = static_cast<ptrdiff_t>(first) * q.scale_step;
    for (int32_t row = 0; row < size.rows; row += q.tile.rows) {
      const int32_t rows = std::min(size.rows - row, q.tile.rows);
      const Matmul<In, Weight, Sum> matmul = {
          .rows = rows,
          .outputs = count,
          .depth = size.depth,
          .in = in + static_cast<ptrdiff_t>(row) * size.depth,
          .weights = w,
          .start = start,
          .out = sums,
          .in_stride = size.depth,
          .out_stride = count,
          .no_weight_is_min = q.no_weight_is_min,
      };
      const Rescale<Sum, Out> rescale = {
          .rows = rows,
          .outputs = count,
          .sums = sums,
          .out = out + static_cast<ptrdiff_t>(row) * size.outputs + first,
          .sums_stride = count,
          .out_stride = size.outputs,
          .scale = q.scale + channel,
          .scale_step = q.scale_step,
          .zero_point = q.out_zero_point,
          .min = q.range.min,
          .max = q.range.max,
      };
      run_product(p, matmul, rescale, behind(q.multiplier, channel));
    }
  }
}

template <class In, class Weight, class Sum, class Out>
Status run_quantized(const Step& s, Run& run) {
  const auto& p = *s.params<Params<In, Weight, Sum, Out>>();
  const Quantized<Sum>& q = p.common;
  run.for_each_share(q.shares, [&](int32_t share) {
    run_outputs<In, Weight, Sum, Out>(s, p, part_of(q.request.outputs, kShareUnit, q.shares, share),
                                      s.scratch + q.share_scratch * static_cast<size_t>(share));
  });
  return {};
}

// Whether no weight is -128. The sums that the start needs have told it: `holds_min`.
template <class Weight, class Sum>
bool lacks_min(const Prepare& p, const Quantized<Sum>& q, bool holds_min) {
  if (!std::is_same_v<Weight, int8_t>) return false;
  const WeightRows& w = q.request.weights;
  if (w.form == WeightRows::Form::kInt4 || w.form == WeightRows::Form::kInt2) return true;
  const bool summed = q.start != nullptr && q.in_zero_point != 0 && w.plain();
  return summed ? !holds_min : no_weight_is_min(p, kWeights);
}

// With one weight scale the bias must have the scale of the sums, at least nearly.
Status check_bias_scale(const Prepare& p) {
  const Tensor* bias = p.optional_input(kBias);
  if (bias == nullptr) return {};
  const double product = static_cast<double>(p.input(kInput).scale) * p.input(kWeights).scale;
  const double difference = product > bias->scale ? product - bias->scale : bias->scale - product;
  if (difference / p.output(0).scale <= 0.02) return {};
  return p.bad("bias ", *bias, " has scale ", static_cast<double>(bias->scale), ", not ", product);
}

template <class Sum>
Status find_multipliers(Prepare& p, size_t n, Quantized<Sum>* q) {
  constexpr int32_t kLargestShift = 7;  // what fits the 64-bit product
  Multiplier* multiplier = p.allocate<Multiplier>(n);
  if (multiplier == nullptr) return Code::kArenaTooSmall;
  for (size_t i = 0; i < n; ++i) {
    multiplier[i] = quantize_multiplier(q->scale[i]);
    if (multiplier[i].shift <= kLargestShift) continue;
    return p.unsupported(p.output(0), ": its scale is ", q->scale[i], " times that of the sums");
  }
  q->multiplier = multiplier;
  return {};
}

template <class Sum>
[[gnu::cold]] Status find_scales(Prepare& p, Quantized<Sum>* q) {
  const Tensor& weights = p.input(kWeights);
  const Quantization wq = quantization(weights);
  const size_t n = wq.scales.size();
  const bool per_channel = n > 1;
  if (!per_channel) PIPIT_TRY(check_bias_scale(p));
  double* scale = p.allocate<double>(n);
  if (scale == nullptr) return Code::kArenaTooSmall;
  for (size_t i = 0; i < n; ++i) {
    scale[i] = static_cast<double>(p.input(kInput).scale) * wq.scales[i] / p.output(0).scale;
  }
  q->scale = scale;
  q->scale_step = per_channel ? 1 : 0;
  q->weight_zero_point = weights.zero_point;
  return weights.type == Type::kInt16 ? find_multipliers(p, n, q) : Status();
}

template <class Weight, class Sum>
[[gnu::cold]] Status fold_start(Prepare& p, Quantized<Sum>* q, bool* holds_min) {
  const Tensor* bias = p.optional_input(kBias);
  if (!p.values_known(kWeights) || (bias != nullptr && !p.values_known(kBias))) return {};
  Sum* start = p.allocate<Sum>(static_cast<size_t>(q->request.outputs));
  if (start == nullptr) return Code::kArenaTooSmall;
  q->start = start;
  compute(p, [&] {
    find_start(*q, p.input(kWeights).as<Weight>(), bias, 0, q->request.outputs, start, holds_min);
  });
  return {};
}

template <class Weight, class Sum>
[[gnu::cold]] void lay_out_scratch(Prepare& p, Quantized<Sum>* q) {
  const Request& r = q->request;
  const int64_t outputs = q->tile.outputs;
  ScratchLayout layout;
  layout.add(outputs * q->tile.rows, sizeof(Sum));
  // A tile has some thousand sums at most.
  q->start_at = static_cast<uint32_t>(layout.add(q->start == nullptr ? outputs : 0, sizeof(Sum)));
  q->expanded_at =
      static_cast<uint32_t>(layout.add(r.weights.plain() ? 0 : outputs * r.depth, sizeof(Weight)));
  q->share_scratch = layout.repeat(q->shares);
  p.scratch(layout.bytes());
}

// The variants of the product, and for int8 of the whole layer, which knows no zero point of
// weights. Returns the name of what was chosen.
template <class In, class Weight, class Sum, class Out>
[[gnu::cold]] const char* choose_kernels(
    const Prepare& p, Span<const MatmulVariant<Matmul<In, Weight, Sum>>> variants,
    Params<In, Weight, Sum, Out>* params) {
  if constexpr (std::is_same_v<In, int8_t>) {
    const auto& dense = choose(dense_s8_variants(), p.cpu());
    params->dense = dense.run;
    if (params->common.weight_zero_point == 0) return dense.name;
    params->dense = nullptr;
  }
  const auto& variant = choose(variants, p.cpu());
  params->kernel = variant.run;
  params->rescale = choose(rescale_variants<Sum, Out>(), p.cpu()).run;
  return variant.name;
}

template <class In, class Weight, class Sum, class Out>
[[gnu::cold]] Status prepare_quantized(
    Prepare& p, const Request& r, Span<const MatmulVariant<Matmul<In, Weight, Sum>>> variants) {
  const Tensor* bias = p.optional_input(kBias);
  if (bias != nullptr && bias->type != Type::kInt32 &&
      (sizeof(Sum) != 8 || bias->type != Type::kInt64)) {
    return p.unsupported("bias ", *bias);
  }
  PIPIT_TRY(check_weights(p, r, false));
  PIPIT_TRY(need_scale(p, p.input(kInput)));
  PIPIT_TRY(need_scale(p, p.output(0)));
  auto* params = p.allocate<Params<In, Weight, Sum, Out>>();
  if (params == nullptr) return Code::kArenaTooSmall;
  Quantized<Sum>& q = params->common;
  q.request = r;
  q.tile = choose_tile(r, sizeof(Weight), true);
  q.shares = choose_shares(p, r, sizeof(Weight));
  q.in_zero_point = p.input(kInput).zero_point;
  q.out_zero_point = p.output(0).zero_point;
  q.range = activation_range(r.activation, p.output(0));
  PIPIT_TRY(find_scales(p, &q));
  // What sums start from comes before the question whether a weight is -128: finding it looks at
  // all of them anyway.
  bool holds_min = false;
  PIPIT_TRY(fold_start<Weight>(p, &q, &holds_min));
  q.no_weight_is_min = lacks_min<Weight>(p, q, holds_min);
  lay_out_scratch<Weight>(p, &q);
  if (q.start != nullptr) (void)p.detach(kBias);
  const char* variant = choose_kernels(p, variants, params);
  return p.run(run_quantized<In, Weight, Sum, Out>, params, variant);
}

}  // namespace

Status prepare_int8(Prepare& p, const Request& r) {
  return prepare_quantized<int8_t, int8_t, int32_t, int8_t>(p, r, matmul_s8_variants());
}

Status prepare_uint8(Prepare& p, const Request& r) {
  if (quantization(p.input(kWeights)).scales.size() > 1) {
    return p.unsupported("uint8 weights ", p.input(kWeights), " with a scale for each output");
  }
  if (p.output(0).type == Type::kInt16) {
    return prepare_quantized<uint8_t, uint8_t, int32_t, int16_t>(p, r, matmul_u8_variants());
  }
  return prepare_quantized<uint8_t, uint8_t, int32_t, uint8_t>(p, r, matmul_u8_variants());
}

Status prepare_int16(Prepare& p, const Request& r) {
  for (const Tensor* t : {&p.input(kInput), &p.output(0)}) PIPIT_TRY(need_symmetric(p, *t));
  const Tensor* bias = p.optional_input(kBias);
  const auto* o = options<fb::FullyConnectedOptions>(p);
  if (o != nullptr && o->quantized_bias_type() != fb::TensorType::FLOAT32 && bias != nullptr &&
      static_cast<int>(o->quantized_bias_type()) != static_cast<int>(bias->type)) {
    return p.bad("bias ", *bias, " is not of the type that the options declare");
  }
  if (p.input(kWeights).type == Type::kInt16) {
    // 16 bits on both sides leave no room for sums of 32.
    Request wide = r;
    wide.sum_in_32_bits = false;
    return prepare_quantized<int16_t, int16_t, int64_t, int16_t>(p, wide, matmul_s16_variants());
  }
  return prepare_quantized<int16_t, int8_t, int64_t, int16_t>(p, r, matmul_s16s8_variants());
}

}  // namespace pipit::fully_connected
