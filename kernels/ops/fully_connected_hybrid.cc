// SPDX-License-Identifier: Apache-2.0
// FULLY_CONNECTED with float32 input and output and quantized weights.
#include <cfloat>
#include <cmath>

#include "kernels/contracts/activate.h"
#include "kernels/contracts/variant.h"
#include "kernels/ops/compute.h"
#include "kernels/ops/fully_connected.h"
#include "kernels/ops/hybrid_scratch.h"

namespace pipit::fully_connected {
namespace {

// Scratch memory: a tile's rows, quantized; its sums [rows][outputs]; the sums of its weights,
// where nobody knows them before; and its weights, where they are not plain bytes in the file.
struct Params {
  Request request;
  Tile tile;
  const float* weight_scale;
  const int32_t* weight_sums;  // of constant weights, when inputs are asymmetric
  int32_t weight_scale_step;
  HybridScratch in;
  size_t sums_at, weight_sums_at, expanded_at;  // in scratch
  const HybridVariant* kernels;
  RealRange range;      // of the results
  bool finishes_later;  // the activation is more than a range
};

// One block of outputs for one block of rows.
void add_products(const Step& s, const Params& p, const HybridRows& in, int32_t first,
                  int32_t count, float* out) {
  const Request& q = p.request;
  // Old files have uint8 here; TensorFlow Lite reads their bytes as int8 and so do we.
  const int8_t* weights = s.bytes(kWeights, static_cast<const int8_t*>(q.weight_bytes));
  HybridMatmul a;
  a.in = in;
  a.outputs = count;
  a.weights = weight_rows(q.weights, weights, first, count, scratch_at<int8_t>(s, p.expanded_at));
  a.weight_scale = p.weight_scale + static_cast<ptrdiff_t>(first) * p.weight_scale_step;
  a.weight_scale_step = p.weight_scale_step;
  a.sums = scratch_at<int32_t>(s, p.sums_at);
  if (const float* bias = s.bytes(kBias, q.bias)) a.start = bias + first;
  a.out = out + first;
  a.min = p.range.min;
  a.max = p.range.max;
  a.out_stride = q.outputs;
  if (p.weight_sums != nullptr) {
    a.weight_sums = p.weight_sums + first;
  } else if (q.asymmetric_inputs) {
    auto* sums = scratch_at<int32_t>(s, p.weight_sums_at);
    row_sums(q.weights, weights, first, count, sums);
    a.weight_sums = sums;
  }
  hybrid_matmul(*p.kernels, a);
}

Status run_hybrid(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const Request& q = p.request;
  // Rows outside, outputs inside: a tile's rows are quantized once for all outputs.
  in_blocks(q.rows, p.tile.rows, [&](int32_t row, int32_t rows) {
    const HybridRows in = p.in.rows(s, rows, q.depth);
    quantize_rows(*p.kernels, s.input(kInput).as<float>() + static_cast<ptrdiff_t>(row) * q.depth,
                  q.depth, q.asymmetric_inputs, in);
    float* out = s.output(0).as<float>() + static_cast<ptrdiff_t>(row) * q.outputs;
    in_blocks(q.outputs, p.tile.outputs,
              [&](int32_t first, int32_t count) { add_products(s, p, in, first, count, out); });
    if (p.finishes_later) {
      activate(static_cast<Activation>(q.activation), out,
               static_cast<size_t>(rows) * static_cast<size_t>(q.outputs));
    }
  });
  return {};
}

// Infinities are results, too. The kernel clamps each result as it is made; without an activation
// nothing is to be cut off.
void find_range(Params* params) {
  RealRange& r = params->range;
  r = activation_range(params->request.activation);
  if (r.min == -FLT_MAX) r.min = -INFINITY;
  if (r.max == FLT_MAX) r.max = INFINITY;
  params->finishes_later = params->request.activation == fb::ActivationFunctionType::TANH ||
                           params->request.activation == fb::ActivationFunctionType::SIGN_BIT;
}

void find_scales(const Prepare& p, Params* params) {
  const Quantization q = quantization(p.input(kWeights));
  params->weight_scale = q.scales.data();
  params->weight_scale_step = q.scales.size() > 1 ? 1 : 0;
}

// What a row's zero point is multiplied with. Only asymmetric inputs have one.
Status fold_weight_sums(Prepare& p, Params* params) {
  const Request& r = params->request;
  if (!r.asymmetric_inputs || !p.values_known(kWeights)) return {};
  int32_t* sums = p.allocate<int32_t>(static_cast<size_t>(r.outputs));
  if (sums == nullptr) return Code::kArenaTooSmall;
  params->weight_sums = sums;
  compute(p, [&] { row_sums(r.weights, p.input(kWeights).as<int8_t>(), 0, r.outputs, sums); });
  return {};
}

}  // namespace

Status prepare_hybrid(Prepare& p, const Request& r) {
  const Tensor* bias = p.optional_input(kBias);
  if (bias != nullptr && bias->type != Type::kFloat32) return p.unsupported("bias ", *bias);
  if (static_cast<int>(r.activation) > static_cast<int>(Activation::kSignBit)) {
    return p.unsupported("fused activation ", static_cast<int>(r.activation));
  }
  PIPIT_TRY(check_weights(p, r, true));
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->request = r;
  params->request.bias = p.detach_as<float>(kBias);
  params->tile = choose_tile(r, 1, true);
  find_range(params);
  find_scales(p, params);
  PIPIT_TRY(fold_weight_sums(p, params));
  const int64_t outputs = params->tile.outputs;
  ScratchLayout layout;
  params->in = HybridScratch::add(&layout, params->tile.rows, r.depth);
  params->sums_at = layout.add(outputs * params->tile.rows, sizeof(int32_t));
  params->weight_sums_at = layout.add(outputs, sizeof(int32_t));
  params->expanded_at = layout.add(r.weights.plain() ? 0 : outputs * r.depth, 1);
  p.scratch(layout.bytes());
  params->kernels = &choose(hybrid_variants(), p.cpu());
  return p.run(run_hybrid, params, params->kernels->name);
}

}  // namespace pipit::fully_connected
