// SPDX-License-Identifier: Apache-2.0
// AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D on [batch, height, width, channels]. As in TensorFlow
// Lite the values keep their quantization: a different scale of the output is ignored. What lies
// outside of the image does not count, neither as a value nor in an average's divisor: see pool.h.
#include "kernels/contracts/pool.h"

#include <algorithm>

#include "kernels/ops.h"
#include "kernels/ops/common.h"
#include "kernels/ops/conv_calls.h"

namespace pipit {
namespace {

template <class T>
struct Params {
  Pool<T> args;
  ConvSplit split;
  void (*kernel)(const Pool<T>&);
};

ConvSplit split_of(const Prepare& p, const ConvGeometry& g) {
  constexpr int32_t kChannels = 16;
  // A window may be larger than the image, by far; what lies outside is not visited.
  const int64_t taps = int64_t{std::min(g.kernel_h, g.in_h)} * std::min(g.kernel_w, g.in_w);
  ConvWork work;
  work.sharing = p.sharing();
  work.cycles = int64_t{g.batch} * g.out_h * g.out_w * g.out_c * taps;
  work.channel_unit = kChannels;
  return choose_split(work, g);
}

template <class T>
Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params<T>>();
  run.for_each_share(p.split.shares, [&](int32_t share) {
    Pool<T> args = p.args;
    // Some channels are a pooling with the same strides: a pixel is as far from the next as before.
    const Part channels = channels_of(p.split, args.size.out_c, share);
    args.in = s.input(0).as<T>() + channels.first;
    args.out = s.output(0).as<T>() + channels.first;
    args.size.in_c = args.size.out_c = channels.count;
    for_lines({.size = args.size, .stride = args.stride}, lines_of(p.split, args.size, share),
              [&](const ConvCall& call) {
                Pool<T> lines = args;
                take_call(call, &lines);
                p.kernel(lines);
              });
  });
  return {};
}

template <class T>
void run_rows(const Step& s, const RowsCall& call) {
  const auto& p = *s.params<Params<T>>();
  Pool<T> args = p.args;
  take_rows(call, &args);
  p.kernel(args);
}

template <class T>
RowsPlan by_rows(const Step& s) {
  RowsPlan plan = rows_of(s.params<Params<T>>()->args.size);
  plan.run = run_rows<T>;
  return plan;
}

Status find_geometry(Prepare& p, const fb::Pool2DOptions& o, ConvGeometry* g) {
  const Tensor& input = p.input(0);
  const Shape& in = input.shape;
  if (in.rank != 4) return p.bad("input ", input, " is not [batch,height,width,channels]");
  g->batch = in[0];
  g->in_h = in[1];
  g->in_w = in[2];
  g->in_c = g->out_c = in[3];
  g->kernel_h = o.filter_height();
  g->kernel_w = o.filter_width();
  g->stride_h = o.stride_h();
  g->stride_w = o.stride_w();
  PIPIT_TRY(window(p, "height", {g->in_h, g->kernel_h, g->stride_h, 1, o.padding()}, &g->out_h,
                   &g->pad_top));
  PIPIT_TRY(window(p, "width", {g->in_w, g->kernel_w, g->stride_w, 1, o.padding()}, &g->out_w,
                   &g->pad_left));
  limit_steps(g);
  return p.set_output(0, Shape::of(g->batch, g->out_h, g->out_w, g->out_c));
}

template <class T>
Status plan(Prepare& p, Span<const PoolVariant<T>> variants) {
  const auto* o = options<fb::Pool2DOptions>(p);
  if (o == nullptr) return p.bad("has no Pool2DOptions");
  if (p.output(0).type != p.input(0).type) {
    return p.bad("output ", p.output(0), " has not the type of input ", p.input(0));
  }
  auto* params = p.allocate<Params<T>>();
  if (params == nullptr) return Code::kArenaTooSmall;
  ConvGeometry& size = params->args.size;
  size = {};
  PIPIT_TRY(find_geometry(p, *o, &size));
  params->args.stride = dense_strides(size);
  params->split = split_of(p, size);
  if constexpr (std::is_same_v<T, float>) {
    const RealRange range = activation_range(o->fused_activation_function());
    params->args.clamp = {range.min, range.max};
  } else {
    const Range range = activation_range(o->fused_activation_function(), p.output(0));
    params->args.clamp = {range.min, range.max};
  }
  const auto& variant = choose(variants, p.cpu());
  params->kernel = variant.run;
  // A chain's rows are those of one image.
  if (size.batch == 1) p.by_rows(by_rows<T>);
  return p.run(run<T>, params, variant.name);
}

enum class Kind : uint8_t { kAverage, kMax };

template <class T>
Status plan(Prepare& p, Kind kind) {
  return plan(p, kind == Kind::kAverage ? average_pool_variants<T>() : max_pool_variants<T>());
}

Status prepare(Prepare& p, Kind kind) {
  PIPIT_TRY(p.arity(1, 1, 1));
  switch (p.input(0).type) {
    case Type::kFloat32:
      return plan<float>(p, kind);
    case Type::kInt8:
      return plan<int8_t>(p, kind);
    case Type::kUInt8:
      return plan<uint8_t>(p, kind);
    case Type::kInt16:
      return plan<int16_t>(p, kind);
    default:
      return p.unsupported("input ", p.input(0));
  }
}

Status prepare_average(Prepare& p) { return prepare(p, Kind::kAverage); }
Status prepare_max(Prepare& p) { return prepare(p, Kind::kMax); }

Status prepare_l2(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  if (p.input(0).type != Type::kFloat32) return p.unsupported("input ", p.input(0));
  return plan(p, l2_pool_variants());
}

}  // namespace

const Op kAveragePool2d = {builtin(fb::BuiltinOperator::AVERAGE_POOL_2D), "AVERAGE_POOL_2D",
                           prepare_average};
const Op kMaxPool2d = {builtin(fb::BuiltinOperator::MAX_POOL_2D), "MAX_POOL_2D", prepare_max};
const Op kL2Pool2d = {builtin(fb::BuiltinOperator::L2_POOL_2D), "L2_POOL_2D", prepare_l2};

}  // namespace pipit
