// SPDX-License-Identifier: Apache-2.0
// FULLY_CONNECTED: input of any shape, weights [outputs, depth], bias [outputs] or none.
//
//   out[r, o] = act(bias[o] + sum over k of in[r, k] * weights[o, k])
//
// The input's elements are taken as rows of `depth`, whatever its dimensions; with keep_num_dims
// they stay, and the last one becomes the outputs.
#include "kernels/ops/fully_connected.h"

#include <algorithm>
#include <cstring>

#include "kernels/contracts/matmul.h"
#include "kernels/contracts/variant.h"
#include "kernels/ops.h"
#include "kernels/ops/block_scales.h"

namespace pipit {
namespace fully_connected {

// A tile's sums, and its weights where they have to be expanded first, fit a small first-level
// cache.
Tile choose_tile(const Request& r, size_t weight_bytes, bool keeps_sums) {
  // What a tile costs to begin is little beside this many sums.
  constexpr int32_t kRows = 16, kSums = 1024, kOutputs = 320, kResults = 4096;
  constexpr int64_t kExpandedBytes = 16384;
  const int32_t rows = std::min(r.rows, kRows);
  int64_t outputs = keeps_sums ? std::min(kSums / rows, kOutputs) : kResults / rows;
  if (!r.weights.plain()) {
    const auto row_bytes = static_cast<int64_t>(weight_bytes) * r.depth;
    outputs = std::max<int64_t>(1, kExpandedBytes / row_bytes);
  }
  return {rows, static_cast<int32_t>(std::min<int64_t>(r.outputs, outputs))};
}

int32_t choose_shares(const Prepare& p, const Request& r, size_t weight_bytes) {
  constexpr int64_t kBytes = 8;  // of weights that a small CPU multiplies in a cycle
  const int64_t products = int64_t{r.rows} * r.outputs;
  const int64_t cycles = (products * static_cast<int64_t>(weight_bytes) + kBytes - 1) / kBytes;
  return p.sharing().shares(r.outputs / kShareUnit, cycles * r.depth);
}

Status check_weights(const Prepare& p, const Request& r, bool symmetric) {
  const Tensor& weights = p.input(kWeights);
  PIPIT_TRY(need_scales(p, weights));
  PIPIT_TRY(check_channel_scales(p, weights, r.outputs, 0));
  const bool packed = weights.type == Type::kInt4 || weights.type == Type::kInt2;
  const bool per_channel = quantization(weights).scales.size() > 1;
  return symmetric || packed || per_channel ? need_symmetric(p, weights) : Status();
}

namespace {

// ---- float32

struct FloatParams {
  Request request;
  Tile tile;
  RealRange range;
  int32_t shares;
  size_t share_scratch;
  void (*kernel)(const MatmulF32&);
};

void clamp_rows(const RealRange& range, const MatmulF32& a) {
  for (int32_t r = 0; r < a.rows; ++r) {
    clamp_f32(a.out + r * a.out_stride, a.outputs, {range.min, range.max});
  }
}

void run_outputs(const Step& s, const FloatParams& p, const Part& outputs, float* expanded) {
  const Request& q = p.request;
  const float* weights = s.bytes(kWeights, static_cast<const float*>(q.weight_bytes));
  const float* bias = s.bytes(kBias, q.bias);
  in_blocks(outputs, p.tile.outputs, [&](int32_t first, int32_t count) {
    MatmulF32 a;
    a.rows = q.rows;
    a.outputs = count;
    a.depth = q.depth;
    a.in = s.input(kInput).as<float>();
    a.in_stride = q.depth;
    a.weights = weight_rows(q.weights, weights, first, count, expanded);
    if (bias != nullptr) a.start = bias + first;
    a.out = s.output(0).as<float>() + first;
    a.out_stride = q.outputs;
    p.kernel(a);
    clamp_rows(p.range, a);
  });
}

Status run_float(const Step& s, Run& run) {
  const auto& p = *s.params<FloatParams>();
  run.for_each_share(p.shares, [&](int32_t share) {
    run_outputs(s, p, part_of(p.request.outputs, kShareUnit, p.shares, share),
                scratch_at<float>(s, p.share_scratch * static_cast<size_t>(share)));
  });
  return {};
}

Status run_zeros(const Step& s, Run&) {
  std::memset(s.output(0).data, 0, s.output(0).bytes);
  return {};
}

// ---- checks

Status find_shape(Prepare& p, const fb::FullyConnectedOptions* o, Request* r) {
  const Tensor& input = p.input(kInput);
  const Tensor& weights = p.input(kWeights);
  const Tensor* bias = p.optional_input(kBias);
  if (weights.shape.rank != 2) return p.bad("weights ", weights, " are not [outputs,depth]");
  r->outputs = weights.shape[0];
  r->depth = weights.shape[1];
  if (bias != nullptr && bias->elements() != r->outputs) {
    return p.bad("bias ", *bias, " has not one value for each of ", r->outputs, " outputs");
  }
  const Shape& in = input.shape;
  const bool keep = o != nullptr && o->keep_num_dims();
  if (keep && (in.rank < 1 || in.last() != r->depth)) {
    return p.bad("input ", input, " does not end in the weights' depth ", r->depth);
  }
  if (r->depth == 0 && input.elements() != 0) {
    return p.bad("input ", input, " has values, weights ", weights, " for none of them");
  }
  r->rows = r->depth != 0 ? in.elements() / r->depth : in.product(0, std::max(in.rank - 1, 0));
  Shape out = keep ? in : Shape::of(r->rows, r->outputs);
  out[out.rank - 1] = r->outputs;
  return p.set_output(0, out);
}

// Activations that clamp; quantized weights with float inputs may have any.
bool clamps(fb::ActivationFunctionType a) {
  return a == fb::ActivationFunctionType::NONE || a == fb::ActivationFunctionType::RELU ||
         a == fb::ActivationFunctionType::RELU6 || a == fb::ActivationFunctionType::RELU_N1_TO_1;
}

// Signed weights of a byte or less, which one kernel multiplies once they are bytes.
bool small_integer(Type t) { return t == Type::kInt8 || t == Type::kInt4 || t == Type::kInt2; }

Status prepare_typed(Prepare& p, const fb::FullyConnectedOptions* o, Request* r) {
  const Type in = p.input(kInput).type, w = p.input(kWeights).type, out = p.output(0).type;
  const bool shuffled =
      o != nullptr &&
      o->weights_format() == fb::FullyConnectedOptionsWeightsFormat::SHUFFLED4x16INT8;
  const bool hybrid = in == Type::kFloat32 && out == in && (small_integer(w) || w == Type::kUInt8);
  if (!hybrid && !clamps(r->activation)) {
    return p.unsupported("fused activation ", fb::EnumNameActivationFunctionType(r->activation));
  }
  PIPIT_TRY(find_weight_rows(p, p.input(kWeights), shuffled, &r->weights));
  r->weight_bytes = p.detach(kWeights);
  if (shuffled) return prepare_shuffled(p, *r);
  if (hybrid && has_block_scales(p.input(kWeights))) return prepare_blockwise(p, *r);
  if (hybrid) return prepare_hybrid(p, *r);
  if (in == Type::kFloat32 && w == in && out == in) return prepare_float(p, *r);
  if (in == Type::kInt8 && small_integer(w) && out == in) return prepare_int8(p, *r);
  if (in == Type::kUInt8 && w == in && (out == in || out == Type::kInt16)) {
    return prepare_uint8(p, *r);
  }
  if (in == Type::kInt16 && (small_integer(w) || w == in) && out == in) return prepare_int16(p, *r);
  return p.unsupported("input ", in, ", weights ", w, ", output ", out);
}

Status prepare(Prepare& p) {
  const auto* o = options<fb::FullyConnectedOptions>(p);
  const bool shuffled =
      o != nullptr && o->weights_format() != fb::FullyConnectedOptionsWeightsFormat::DEFAULT;
  PIPIT_TRY(p.arity(2, 3, shuffled ? 2 : 1));
  Request r;
  PIPIT_TRY(find_shape(p, o, &r));
  if (o != nullptr) {
    r.activation = o->fused_activation_function();
    r.asymmetric_inputs = o->asymmetric_quantize_inputs();
    r.sum_in_32_bits = o->quantized_bias_type() == fb::TensorType::INT32;
  }
  // As in TensorFlow Lite, weights without depth give zeros, not the bias.
  if (p.output(0).elements() == 0 || r.depth == 0) return p.run(run_zeros, nullptr, "portable");
  return prepare_typed(p, o, &r);
}

}  // namespace

Status prepare_float(Prepare& p, const Request& r) {
  const Tensor* bias = p.optional_input(kBias);
  if (bias != nullptr && bias->type != Type::kFloat32) return p.unsupported("bias ", *bias);
  auto* params = p.allocate<FloatParams>();
  if (params == nullptr) return Code::kArenaTooSmall;
  const auto& variant = choose(matmul_f32_variants(), p.cpu());
  *params = {r,
             choose_tile(r, sizeof(float), false),
             activation_range(r.activation),
             choose_shares(p, r, sizeof(float)),
             0,
             variant.run};
  params->request.bias = p.detach_as<float>(kBias);
  if (!r.weights.plain()) {
    ScratchLayout layout;
    layout.add(int64_t{params->tile.outputs} * r.depth, sizeof(float));
    params->share_scratch = layout.repeat(params->shares);
    p.scratch(layout.bytes());
  }
  return p.run(run_float, params, variant.name);
}

}  // namespace fully_connected

const Op kFullyConnected = {builtin(fb::BuiltinOperator::FULLY_CONNECTED), "FULLY_CONNECTED",
                            fully_connected::prepare, kOpSparse};

}  // namespace pipit
