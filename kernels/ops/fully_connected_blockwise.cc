// SPDX-License-Identifier: Apache-2.0
// FULLY_CONNECTED with float32 input and output and int4 weights that have a float16 scale for each
// block of a row. The input is quantized on the fly, always asymmetrically.
//
//   out[r, o] = act(bias[o] + scale[r] * sum over blocks b of block_scale[o, b] *
//                   sum over k in b of (q[r, k] - zero_point[r]) * weights[o, k])
//
// The sum over blocks is one of floats, so their order is fixed: ascending.
#include <algorithm>

#include "kernels/contracts/activate.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/half.h"
#include "kernels/ops/block_scales.h"
#include "kernels/ops/fully_connected.h"
#include "kernels/ops/hybrid_scratch.h"

namespace pipit::fully_connected {
namespace {

struct Params {
  Request request;
  Tile tile;
  BlockScales blocks;
  HybridScratch in;
  size_t sums_at, weight_sums_at, expanded_at;  // in scratch
  const HybridVariant* kernels;
};

// Block `b` of rows [first, first + count), as int8, and the sum of each.
void expand_block(const Params& p, const uint8_t* weights, int32_t b, int32_t first, int32_t count,
                  int8_t* out, int32_t* sums) {
  for (int32_t o = 0; o < count; ++o) {
    const int64_t at = int64_t{first + o} * p.request.depth + int64_t{b} * p.blocks.block;
    sums[o] = 0;
    for (int32_t k = 0; k < p.blocks.block; ++k, ++out) {
      const int bits = weights[(at + k) / 2] >> ((at + k) % 2 * 4) & 15;
      *out = static_cast<int8_t>((bits ^ 8) - 8);
      sums[o] += *out;
    }
  }
}

// Adds the products of one block for some outputs; the rows' scales come later.
void add_block(const Step& s, const Params& p, const HybridRows& in, int32_t b, int32_t first,
               int32_t count, float* out) {
  const Request& q = p.request;
  auto* expanded = scratch_at<int8_t>(s, p.expanded_at);
  auto* weight_sums = scratch_at<int32_t>(s, p.weight_sums_at);
  auto* sums = scratch_at<int32_t>(s, p.sums_at);
  expand_block(p, s.bytes(kWeights, static_cast<const uint8_t*>(q.weight_bytes)), b, first, count,
               expanded, weight_sums);
  p.kernels->products({.rows = in.rows,
                       .outputs = count,
                       .depth = p.blocks.block,
                       .in = in.values + ptrdiff_t{b} * p.blocks.block,
                       .weights = expanded,
                       .out = sums,
                       .in_stride = q.depth,
                       .out_stride = count});
  const int32_t blocks = q.depth / p.blocks.block;
  const uint16_t* scales = p.blocks.scales + ptrdiff_t{first} * blocks + b;
  for (int32_t o = 0; o < count; ++o) {
    const float scale = half_to_float(scales[ptrdiff_t{o} * blocks]);
    for (int32_t r = 0; r < in.rows; ++r) {
      const int64_t sum = sums[r * count + o] - int64_t{in.zero_point[r]} * weight_sums[o];
      out[ptrdiff_t{r} * q.outputs + first + o] += static_cast<float>(sum) * scale;
    }
  }
}

void finish_rows(const Step& s, const Params& p, const HybridRows& in, float* out) {
  const float* bias = s.bytes(kBias, p.request.bias);
  for (int32_t r = 0; r < in.rows; ++r, out += p.request.outputs) {
    for (int32_t o = 0; o < p.request.outputs; ++o) {
      out[o] = out[o] * in.scale[r] + (bias == nullptr ? 0 : bias[o]);
    }
    activate(static_cast<Activation>(p.request.activation), out,
             static_cast<size_t>(p.request.outputs));
  }
}

Status run_blockwise(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const Request& q = p.request;
  in_blocks(q.rows, p.tile.rows, [&](int32_t row, int32_t rows) {
    const HybridRows in = p.in.rows(s, rows, q.depth);
    quantize_rows(*p.kernels, s.input(kInput).as<float>() + ptrdiff_t{row} * q.depth, q.depth, true,
                  in);
    float* out = s.output(0).as<float>() + ptrdiff_t{row} * q.outputs;
    // The output itself holds the sums over the blocks so far.
    std::fill_n(out, static_cast<size_t>(rows) * static_cast<size_t>(q.outputs), 0.0f);
    in_blocks(q.outputs, p.tile.outputs, [&](int32_t first, int32_t count) {
      for (int32_t b = 0; b < q.depth / p.blocks.block; ++b) {
        add_block(s, p, in, b, first, count, out);
      }
    });
    finish_rows(s, p, in, out);
  });
  return {};
}

}  // namespace

Status prepare_blockwise(Prepare& p, const Request& r) {
  const Tensor& weights = p.input(kWeights);
  const Tensor* bias = p.optional_input(kBias);
  if (weights.type != Type::kInt4) return p.unsupported("blocks of weights ", weights);
  if (bias != nullptr && bias->type != Type::kFloat32) return p.unsupported("bias ", *bias);
  if (r.activation > fb::ActivationFunctionType::SIGN_BIT) {
    return p.unsupported("fused activation ", static_cast<int>(r.activation));
  }
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->request = r;
  params->request.bias = p.detach_as<float>(kBias);
  params->tile = choose_tile(r, 1, true);
  PIPIT_TRY(find_block_scales(p, weights, &params->blocks));
  const Tile& tile = params->tile;
  ScratchLayout layout;
  params->in = HybridScratch::add(&layout, tile.rows, r.depth);
  params->sums_at = layout.add(int64_t{tile.rows} * tile.outputs, sizeof(int32_t));
  params->weight_sums_at = layout.add(tile.outputs, sizeof(int32_t));
  params->expanded_at = layout.add(int64_t{tile.outputs} * params->blocks.block, 1);
  p.scratch(layout.bytes());
  params->kernels = &choose(hybrid_variants(), p.cpu());
  return p.run(run_blockwise, params, params->kernels->name);
}

}  // namespace pipit::fully_connected
