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
#include "kernels/ops/conv_split.h"

namespace pipit {
namespace {

struct Plan {
  ConvInputs inputs;
  bool packed = false;
  int32_t channels = 0;  // of the output
  int32_t taps = 0;
  int32_t block = 0;  // most output channels in one call
  ConvSplit split;
  const int32_t* folded = nullptr;     // for each channel, unless it is found while running
  size_t share_scratch = 0;            // bytes for each share
  const ConvExtras* extras = nullptr;  // see needs_extras(); folded numbers lie behind all shares

  bool is_one_call(const ConvGeometry&) const { return block == channels; }
};

template <class Args>
struct DepthwiseStep {
  Plan plan;
  Args args;  // of all channels
  const KernelVariant<Args>* kernel = nullptr;
};

// What `fold` makes of each channel's weights. A channel's weights are a column of
// [taps][channels]: all columns are summed side by side.
template <class Args>
void fold_channels(const Plan& c, const Fold& fold, const Args& a, int32_t* out) {
  std::fill_n(out, c.channels, 0);
  for (int32_t t = 0; t < c.taps; ++t) {
    const ptrdiff_t first = static_cast<ptrdiff_t>(t) * c.channels;
    if (!c.packed) {
      add_bytes(a.weights + first, c.channels, out);
      continue;
    }
    const auto* packed = reinterpret_cast<const uint8_t*>(a.weights);
    for (int32_t o = 0; o < c.channels; ++o) {
      out[o] += int4_at(packed, static_cast<size_t>(first + o));
    }
  }
  for (int32_t o = 0; o < c.channels; ++o) out[o] = fold(o, out[o], c.taps);
}

// Unpacks the weights of the channels [first, first + n).
void expand_channels(const Plan& c, const void* packed, int32_t first, int32_t n, int8_t* out) {
  for (int32_t t = 0; t < c.taps; ++t, out += n) {
    const auto at =
        static_cast<size_t>(t) * static_cast<size_t>(c.channels) + static_cast<size_t>(first);
    expand_int4(static_cast<const uint8_t*>(packed), at, static_cast<size_t>(n), out);
  }
}

// For each channel, unless there is nothing to fold.
template <class Args>
const int32_t* folded_channels(const Step& s, const Plan& c, const Args& whole) {
  if constexpr (Folds<Args>) {
    if (c.folded == nullptr) {
      auto* found = reinterpret_cast<int32_t*>(s.scratch + c.extras->folded_scratch);
      fold_channels(c, fold_of(whole, s.optional_input(c.inputs.bias)), whole, found);
      return found;
    }
  }
  return c.folded;
}

// Calls visit(arguments, first channel) for blocks of channels of a share's lines of the output.
// The arguments' weights are still those of all channels.
template <class Args, class Visit>
void for_calls(const Plan& c, const Args& whole, int32_t share, const Visit& visit) {
  const Part channels = channels_of(c.split, c.channels, share);
  const int32_t end = channels.first + channels.count;
  for_lines(whole, lines_of(c.split, whole.size, share), [&](const Args& lines) {
    for (int32_t first = channels.first, n = 0; first < end; first += n) {
      n = std::min(c.block, end - first);
      Args a = lines;
      a.in = moved(a.in, first / a.multiplier);
      a.size.in_c = n / a.multiplier;
      a.size.out_c = n;
      visit(a, first);
    }
  });
}

template <class Args>
void run_call(const DepthwiseStep<Args>& step, Args a, const int32_t* folded, int32_t first) {
  const Plan& c = step.plan;
  const int32_t n = a.size.out_c;
  if constexpr (std::is_same_v<decltype(a.weights), const int8_t*>) {
    if (c.packed) {
      auto* weights = reinterpret_cast<int8_t*>(a.scratch + c.extras->filter_scratch);
      expand_channels(c, a.weights, first, n, weights);
      a.weights = weights;
      a.weights_tap = n;
    } else {
      a.weights += first;
    }
  } else {
    a.weights += first;
  }
  take_channels(first, n, moved(folded, first), &a);
  step.kernel->run(a);
}

template <class Args>
Status run(const Step& s, Run& run) {
  const auto& step = *s.params<DepthwiseStep<Args>>();
  const Plan& c = step.plan;
  Args args = step.args;
  set_addresses(s, c.inputs, &args);
  // Once for all images and shares.
  const int32_t* folded = folded_channels(s, c, args);
  for_each_image(s, c.inputs, c.extras, args, false, [&](const Args& images) {
    run.for_each_share(c.split.shares, [&](int32_t share) {
      Args whole = images;
      whole.scratch += c.share_scratch * static_cast<size_t>(share);
      for_calls(c, whole, share,
                [&](const Args& a, int32_t first) { run_call(step, a, folded, first); });
    });
  });
  return {};
}

// ---- some rows at a time

template <class Args>
void run_depthwise_rows(const Step& s, const RowsCall& call) {
  const auto& step = *s.params<DepthwiseStep<Args>>();
  Args a = step.args;
  set_addresses(s, step.plan.inputs, &a);
  a.scratch = call.scratch;
  if constexpr (Arranges<Args>) a.arranged = call.kept;
  take_rows(call, &a);
  run_call(step, a, step.plan.folded, 0);
}

template <class Args>
[[gnu::cold]] ByteCount depthwise_rows_scratch(const Step& s, const Part& rows) {
  const auto& step = *s.params<DepthwiseStep<Args>>();
  if (step.kernel->scratch == nullptr) return 0;
  Args a = step.args;
  RowsCall call;
  call.rows = rows;
  take_rows(call, &a);
  mark_arranged(step, &a);
  return step.kernel->scratch(a);
}

template <class Args>
[[gnu::cold]] RowsPlan depthwise_by_rows(const Step& s) {
  const ConvGeometry& size = s.params<DepthwiseStep<Args>>()->args.size;
  RowsPlan plan = rows_of(size);
  plan.products = size.kernel_h * size.kernel_w;
  plan.run = run_depthwise_rows<Args>;
  plan.scratch = depthwise_rows_scratch<Args>;
  keep_arranged<Args, DepthwiseStep<Args>>(s, &plan);
  return plan;
}

// Whether the calls of some rows need nothing but their kernel's scratch memory.
template <class Args>
bool can_go_by_rows(const Plan& c, const Args& a) {
  return !Hybrid<Args> && !c.packed && a.size.batch == 1 && (!Folds<Args> || c.folded != nullptr);
}

// ---- prepare

template <class Args>
[[gnu::cold]] Status fold_now(Prepare& p, Args a, Plan* c) {
  const Tensor* bias = p.optional_input(c->inputs.bias);
  if (!p.values_known(c->inputs.weights)) return {};
  if (!Hybrid<Args> && bias != nullptr && !p.values_known(c->inputs.bias)) return {};
  int32_t* folded = p.allocate<int32_t>(static_cast<size_t>(c->channels));
  if (folded == nullptr) return Code::kArenaTooSmall;
  c->folded = folded;
  compute(p, [&] {
    a.weights = static_cast<decltype(a.weights)>(p.input(c->inputs.weights).data);
    fold_channels(*c, fold_of(a, bias), a, folded);
  });
  return {};
}

// Kernels take the channels of a vector side by side.
constexpr int32_t kChannelUnit = 16;  // of the input

template <class Args>
[[gnu::cold]] ConvSplit split_of(const Prepare& p, const Args& whole) {
  const ConvGeometry& g = whole.size;
  ConvWork work;
  work.sharing = p.sharing();
  work.cycles = int64_t{g.batch} * g.out_h * g.out_w * g.out_c * g.kernel_h * g.kernel_w;
  // A share of channels has whole input channels, each with all its outputs.
  work.channel_unit = std::min(g.in_c, kChannelUnit) * whole.multiplier;
  return choose_split(work, g);
}

// What a variant needs for the largest of all calls.
template <class Args>
[[gnu::cold]] ByteCount scratch_of_calls(const Plan& c, const Args& whole,
                                         const KernelVariant<Args>& variant) {
  ByteCount most;
  for (int32_t share = 0; variant.scratch != nullptr && share < c.split.shares; ++share) {
    for_kinds_of_lines(whole, lines_of(c.split, whole.size, share), [&](Args a) {
      const Part channels = channels_of(c.split, c.channels, share);
      for_kinds_of_blocks(c.block, c.channels, channels, [&](int32_t n) {
        a.size.in_c = n / a.multiplier;
        a.size.out_c = n;
        most = std::max(most, variant.scratch(a));
      });
    });
  }
  return most;
}

// Divides the work into shares, packed weights into blocks, and scratch memory into parts. Returns
// the variant for them.
template <class Args>
[[gnu::cold]] const KernelVariant<Args>& divide(Prepare& p,
                                                Span<const KernelVariant<Args>> variants,
                                                Args whole, ConvExtras* with, Plan* c) {
  const int32_t in_c = whole.size.in_c;
  if (Hybrid<Args>) whole.size.batch = 1;
  c->split = split_of(p, whole);
  if (c->packed) {
    constexpr int32_t kCacheBytes = 16384;  // of unpacked weights
    // A block is whole input channels with all their outputs, a vector of them at least.
    const int32_t fit = kCacheBytes / c->taps / whole.multiplier / kChannelUnit * kChannelUnit;
    c->block = std::min(in_c, std::max(fit, kChannelUnit)) * whole.multiplier;
  }
  ScratchLayout layout;
  ByteCount of_calls;
  const KernelVariant<Args>& variant = choose(
      p, variants, [&](const auto& one) { return scratch_of_calls(*c, whole, one); }, &of_calls);
  layout.add(of_calls);
  if (c->packed) with->filter_scratch = layout.add(ByteCount(c->block) * c->taps);
  c->share_scratch = layout.repeat(c->split.shares);
  if (Folds<Args> && c->folded == nullptr) {
    with->folded_scratch = layout.add(c->channels, sizeof(int32_t));
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
  auto* step = p.allocate<DepthwiseStep<Args>>();
  if (step == nullptr) return Code::kArenaTooSmall;
  Plan& c = step->plan;
  c.inputs = spec.inputs;
  // All channels in one call, unless packed weights have to be expanded block by block.
  c.channels = c.block = g.out_c;
  c.taps = g.kernel_h * g.kernel_w;
  ConvExtras with;
  c.packed = p.input(spec.inputs.weights).type == Type::kInt4;
  Args& a = step->args;
  a.size = g;
  a.stride = dense_strides(g);
  a.multiplier = g.out_c / g.in_c;
  a.weights_tap = g.out_c;
  PIPIT_TRY(set_arithmetic(p, spec, &a, &with.hybrid));
  if constexpr (Folds<Args>) PIPIT_TRY(fold_now(p, a, &c));
  const KernelVariant<Args>& variant = divide(p, variants, a, &with, &c);
  step->kernel = &variant;
  if (needs_extras<Args>(c.packed, c.folded)) {
    c.extras = keep(p, with);
    if (c.extras == nullptr) return Code::kArenaTooSmall;
  }
  detach_constants(p, c.inputs, c.folded, &a);
  if (can_go_by_rows(c, a)) p.by_rows(depthwise_by_rows<Args>);
  return p.run(run<Args>, step, variant.name);
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
