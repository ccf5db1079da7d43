// SPDX-License-Identifier: Apache-2.0
// DEPTHWISE_CONV_2D: input [batch, height, width, channels], weights [1, height, width, channels *
// multiplier], bias [channels * multiplier] or none.
//
//   out[n, y, x, c] = act(bias[c] + sum over ky, kx of weights[0, ky, kx, c] *
//                     in[n, y * stride_h - pad + ky * dilation_h, ..., c / multiplier])
//
// The multiplier is what the shapes say; the options' depth_multiplier is not read.
#include <algorithm>

#include "kernels/contracts/depthwise_f32.h"
#include "kernels/contracts/depthwise_hybrid.h"
#include "kernels/contracts/depthwise_s16.h"
#include "kernels/contracts/depthwise_s8.h"
#include "kernels/contracts/depthwise_u8.h"
#include "kernels/contracts/weight_bytes.h"
#include "kernels/ops.h"
#include "kernels/ops/compute.h"
#include "kernels/ops/conv_run.h"

namespace pipit {
namespace {

// What `fold` makes of each channel's weights. A channel's weights are a column of
// [taps][channels]: all columns are summed side by side.
template <class Layer>
void fold_channels(bool packed, const Fold& fold, const Layer& a, int32_t* out) {
  const int32_t taps = a.size.kernel_h * a.size.kernel_w, channels = a.size.out_c;
  std::fill_n(out, channels, 0);
  for (int32_t t = 0; t < taps; ++t) {
    const ptrdiff_t first = static_cast<ptrdiff_t>(t) * channels;
    if (!packed) {
      add_bytes(a.weights + first, channels, out);
      continue;
    }
    const auto* bytes = reinterpret_cast<const uint8_t*>(a.weights);
    for (int32_t o = 0; o < channels; ++o) {
      out[o] += int4_at(bytes, static_cast<size_t>(first + o));
    }
  }
  for (int32_t o = 0; o < channels; ++o) out[o] = fold(o, out[o], taps);
}

// Unpacks the weights of the channels [first, first + n) of [taps][channels].
void expand_channels(const ConvGeometry& g, const void* packed, int32_t first, int32_t n,
                     int8_t* out) {
  for (int32_t t = 0; t < g.kernel_h * g.kernel_w; ++t, out += n) {
    const auto at =
        static_cast<size_t>(t) * static_cast<size_t>(g.out_c) + static_cast<size_t>(first);
    expand_int4(static_cast<const uint8_t*>(packed), at, static_cast<size_t>(n), out);
  }
}

template <class Args>
void run_call(const ConvStep<Args>& step, Args a, const ConvCall& call) {
  const int32_t n = a.size.out_c;
  take_channels(call.first_channel, &a);
  if constexpr (std::is_same_v<decltype(a.weights), const int8_t*>) {
    if (step.extras->packed) {
      auto* weights = reinterpret_cast<int8_t*>(a.scratch + step.extras->filter_scratch);
      expand_channels(step.layer.size, a.weights, call.first_channel, n, weights);
      a.weights = weights;
      a.weights_tap = n;
      return step.kernel->run(a);
    }
  }
  a.weights += call.first_channel;
  step.kernel->run(a);
}

template <class Args>
Status run(const Step& s, Run& run) {
  const auto& step = *s.params<ConvStep<Args>>();
  Args all = args_of(s, step);
  set_memory(s, step.inputs, &all);
  if (step.extras == nullptr) {
    step.kernel->run(all);
    return {};
  }
  if constexpr (Folds<Args>) {
    if (folded_in(all) == nullptr) {  // once for all images and shares
      auto* found = reinterpret_cast<int32_t*>(s.scratch + step.extras->folded_scratch);
      fold_channels(step.extras->packed, fold_of(all, s.optional_input(step.inputs.bias)), all,
                    found);
      folded_in(all) = found;
    }
  }
  for_each_call(s, step, all, run,
                [&](const Args& a, const ConvCall& call) { run_call(step, a, call); });
  return {};
}

// ---- some rows at a time

template <class Args>
void run_depthwise_rows(const Step& s, const RowsCall& call) {
  const auto& step = *s.params<ConvStep<Args>>();
  Args a = args_of(s, step);
  a.scratch = call.scratch;
  a.arranged = call.kept;
  take_rows(call, &a);
  step.kernel->run(a);
}

template <class Args>
[[gnu::cold]] ByteCount depthwise_rows_scratch(const Step& s, const Part& rows) {
  const auto& step = *s.params<ConvStep<Args>>();
  if (step.kernel->scratch == nullptr) return 0;
  Args a = args_of(s, step);
  RowsCall call;
  call.rows = rows;
  take_rows(call, &a);
  mark_arranged(s, step, &a);
  return step.kernel->scratch(a);
}

template <class Args>
[[gnu::cold]] RowsPlan depthwise_by_rows(const Step& s) {
  const ConvGeometry& size = s.params<ConvStep<Args>>()->layer.size;
  RowsPlan plan = rows_of(size);
  plan.products = size.kernel_h * size.kernel_w;
  plan.run = run_depthwise_rows<Args>;
  plan.scratch = depthwise_rows_scratch<Args>;
  keep_arranged<Args>(s, &plan);
  return plan;
}

// ---- prepare

template <class Args>
[[gnu::cold]] Status fold_now(Prepare& p, bool packed, ConvStep<Args>* step) {
  const Tensor* bias = p.optional_input(step->inputs.bias);
  if (!p.values_known(step->inputs.weights)) return {};
  if (!Hybrid<Args> && bias != nullptr && !p.values_known(step->inputs.bias)) return {};
  auto& layer = step->layer;
  int32_t* folded = p.allocate<int32_t>(static_cast<size_t>(layer.size.out_c));
  if (folded == nullptr) return Code::kArenaTooSmall;
  compute(p, [&] {
    layer.weights = static_cast<decltype(layer.weights)>(p.input(step->inputs.weights).data);
    fold_channels(packed, fold_of(layer, bias), layer, folded);
  });
  folded_in(layer) = folded;
  return {};
}

// Kernels take the channels of a vector side by side.
constexpr int32_t kChannelUnit = 16;  // of the input

[[gnu::cold]] ConvSplit split_of(const Prepare& p, const ConvGeometry& g) {
  ConvWork work;
  work.sharing = p.sharing();
  work.cycles = int64_t{g.batch} * g.out_h * g.out_w * g.out_c * g.kernel_h * g.kernel_w;
  // A share of channels has whole input channels, each with all its outputs.
  work.channel_unit = std::min(g.in_c, kChannelUnit) * (g.out_c / g.in_c);
  return choose_split(work, g);
}

// Divides the work into shares, packed weights into blocks, and scratch memory into parts. Returns
// the variant for them. Folded numbers that are found while running lie behind all shares.
template <class Args>
[[gnu::cold]] const KernelVariant<Args>& divide(Prepare& p,
                                                Span<const KernelVariant<Args>> variants,
                                                Args whole, bool folded, ConvExtras* with) {
  const int32_t in_c = whole.size.in_c, taps = whole.size.kernel_h * whole.size.kernel_w;
  ConvCuts& c = with->cuts;
  c.depthwise = true;
  c.group_channels = whole.multiplier;
  // All channels in one call, unless packed weights have to be expanded block by block.
  c.block = whole.size.out_c;
  if (Hybrid<Args>) whole.size.batch = 1;
  c.split = split_of(p, whole.size);
  if (with->packed) {
    constexpr int32_t kCacheBytes = 16384;  // of unpacked weights
    // A block is whole input channels with all their outputs, a vector of them at least.
    const int32_t fit = kCacheBytes / taps / whole.multiplier / kChannelUnit * kChannelUnit;
    c.block = std::min(in_c, std::max(fit, kChannelUnit)) * whole.multiplier;
  }
  ScratchLayout layout;
  ByteCount of_calls;
  const KernelVariant<Args>& variant = choose(
      p, variants, [&](const auto& one) { return scratch_of_calls(c, whole, one); }, &of_calls);
  layout.add(of_calls);
  if (with->packed) with->filter_scratch = layout.add(ByteCount(c.block) * taps);
  with->share_scratch = layout.repeat(c.split.shares);
  if (Folds<Args> && !folded) {
    with->folded_scratch = layout.add(whole.size.out_c, sizeof(int32_t));
  }
  if (Hybrid<Args>) {
    with->image_scratch = layout.add(ByteCount(whole.size.in_h) * whole.size.in_w * in_c);
  }
  p.scratch(layout.bytes());
  return variant;
}

template <class Args>
[[gnu::cold]] Status plan_depthwise(Prepare& p, const ConvSpec& spec, const ConvGeometry& g,
                                    Span<const KernelVariant<Args>> variants) {
  auto* step = p.allocate<ConvStep<Args>>();
  if (step == nullptr) return Code::kArenaTooSmall;
  step->inputs = spec.inputs;
  step->layer.size = g;
  ConvExtras with;
  with.in_pixel = g.in_c;
  with.packed = p.input(spec.inputs.weights).type == Type::kInt4;
  PIPIT_TRY(set_arithmetic<Args>(p, spec, &step->layer, &with.hybrid));
  if constexpr (Folds<Args>) PIPIT_TRY(fold_now(p, with.packed, step));
  step->kernel = &divide(p, variants, args_of(p.step(), *step), is_folded(*step), &with);
  if (needs_extras(*step, with)) {
    step->extras = keep(p, with);
    if (step->extras == nullptr) return Code::kArenaTooSmall;
  }
  detach_constants(p, step);
  if (can_go_by_rows(*step)) p.by_rows(depthwise_by_rows<Args>);
  return p.run(run<Args>, step, step->kernel->name);
}

[[gnu::cold]] Status find_geometry(Prepare& p, const ConvTensors& t,
                                   const fb::DepthwiseConv2DOptions& o, ConvGeometry* g) {
  const Shape& w = t.weights.shape;
  if (w.rank != 4 || w[0] != 1) {
    return p.bad("weights ", t.weights, " are not [1,height,width,channels]");
  }
  PIPIT_TRY(check_conv_shapes(p, t, w[3]));
  const ConvWindow window = {o.stride_h(), o.stride_w(), o.dilation_h_factor(),
                             o.dilation_w_factor(), o.padding()};
  g->out_c = w[3];
  PIPIT_TRY(set_conv_geometry(p, t, window, g));
  if (w[3] % g->in_c == 0) return {};
  return p.bad("input ", t.input, " and weights ", t.weights, " do not agree in channels");
}

[[gnu::cold]] Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 3, 1));
  const auto* o = options<fb::DepthwiseConv2DOptions>(p);
  if (o == nullptr) return p.bad("has no DepthwiseConv2DOptions");
  const ConvTensors t = conv_tensors(p, {});
  ConvGeometry g;
  PIPIT_TRY(find_geometry(p, t, *o, &g));
  ConvSpec spec;
  spec.channels = g.out_c;
  spec.dimension = 3;
  spec.activation = o->fused_activation_function();
  const Type in = t.input.type, w = t.weights.type;
  const bool int8_weights = w == Type::kInt8 || w == Type::kInt4;
  if (in == Type::kFloat32 && w == Type::kFloat32) {
    return plan_depthwise<DepthwiseF32>(p, spec, g, depthwise_f32_variants());
  }
  if (in == Type::kFloat32 && w == Type::kInt8) {
    if (quantization(t.weights).scales.size() != static_cast<size_t>(g.out_c)) {
      return p.unsupported("weights ", t.weights, " have no scale for each channel");
    }
    return plan_depthwise<DepthwiseHybrid>(p, spec, g, depthwise_hybrid_variants());
  }
  if (in == Type::kUInt8 && w == Type::kUInt8) {
    return plan_depthwise<DepthwiseU8>(p, spec, g, depthwise_u8_variants());
  }
  if (in == Type::kInt8 && int8_weights) {
    return plan_depthwise<DepthwiseS8>(p, spec, g, depthwise_s8_variants());
  }
  if (in == Type::kInt16 && int8_weights) {
    if (t.bias != nullptr && t.bias->type != Type::kInt64) {
      return p.unsupported("bias ", *t.bias, " with input int16 is not int64");
    }
    return plan_depthwise<DepthwiseS16>(p, spec, g, depthwise_s16_variants());
  }
  return p.unsupported("input ", in, ", weights ", w);
}

}  // namespace

const Op kDepthwiseConv2d = {builtin(fb::BuiltinOperator::DEPTHWISE_CONV_2D), "DEPTHWISE_CONV_2D",
                             prepare};

}  // namespace pipit
