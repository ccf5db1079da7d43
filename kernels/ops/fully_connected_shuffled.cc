// SPDX-License-Identifier: Apache-2.0
// FULLY_CONNECTED with shuffled weights: uint8 with zero point 128 on both sides, int16 output. The
// weights are tiles of 4 by 16 with their top bits flipped, which makes them int8; flipping the
// input's as well leaves a plain product. The second output is unused work space.
//
//   sum[r, o] = bias[o] + sum over k of (in[r, k] - 128) * (weights[o, k] - 128)
//   out[r, o] = clamp(round(sum[r, o] * in_scale * weight_scale / out_scale))
//
// As int8, a byte whose top bit is flipped is the byte less 128.
#include "kernels/contracts/matmul.h"
#include "kernels/contracts/variant.h"
#include "kernels/math/fixed_point.h"
#include "kernels/ops/fully_connected.h"

namespace pipit::fully_connected {
namespace {

struct Params {
  Request request;
  Tile tile;
  Multiplier multiplier;
  Range range;
  size_t flipped_at, sums_at, expanded_at;  // in scratch
  void (*kernel)(const MatmulS8&);
};

Status run_shuffled(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const Request& q = p.request;
  const uint8_t* in = s.input(kInput).as<uint8_t>();
  const Tensor* bias = s.optional_input(kBias);
  auto* flipped = scratch_at<int8_t>(s, p.flipped_at);
  auto* sums = scratch_at<int32_t>(s, p.sums_at);
  for (int32_t i = 0; i < q.rows * q.depth; ++i) flipped[i] = static_cast<int8_t>(in[i] ^ 0x80);
  in_blocks(q.outputs, p.tile.outputs, [&](int32_t first, int32_t count) {
    MatmulS8 a;
    a.outputs = count;
    a.depth = q.depth;
    a.in_stride = q.depth;
    a.weights =
        weight_rows(q.weights, s.bytes(kWeights, static_cast<const int8_t*>(q.weight_bytes)), first,
                    count, scratch_at<int8_t>(s, p.expanded_at));
    if (bias != nullptr) a.start = bias->as<int32_t>() + first;
    a.out = sums;
    for (int32_t r = 0; r < q.rows; ++r) {
      a.in = flipped + static_cast<ptrdiff_t>(r) * q.depth;
      // Row by row, so that the sums of one are all that is kept.
      p.kernel(a);
      int16_t* out = s.output(0).as<int16_t>() + static_cast<ptrdiff_t>(r) * q.outputs + first;
      for (int32_t o = 0; o < count; ++o) {
        const int32_t scaled = multiply(sums[o], p.multiplier.multiplier, p.multiplier.shift);
        out[o] = static_cast<int16_t>(clamp(scaled, p.range.min, p.range.max));
      }
    }
  });
  return {};
}

}  // namespace

Status prepare_shuffled(Prepare& p, const Request& r) {
  const Tensor& input = p.input(kInput);
  const Tensor& weights = p.input(kWeights);
  const Tensor* bias = p.optional_input(kBias);
  if (input.type != Type::kUInt8 || weights.type != Type::kUInt8 ||
      p.output(0).type != Type::kInt16 || (bias != nullptr && bias->type != Type::kInt32)) {
    return p.unsupported("shuffled weights with input ", input, ", weights ", weights, ", output ",
                         p.output(0));
  }
  if (r.depth % 16 != 0 || r.outputs % 4 != 0) {
    return p.bad("shuffled weights ", weights, " are not tiles of 4 rows by 16 columns");
  }
  for (const Tensor* t : {&input, &weights, &p.output(0)}) PIPIT_TRY(need_scale(p, *t));
  PIPIT_TRY(p.set_output(1, input.shape));
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->request = r;
  params->tile = choose_tile(r, 1, true);
  // The two scales are multiplied as floats. An int16 output has no zero point.
  params->multiplier =
      quantize_multiplier(static_cast<double>(input.scale * weights.scale) / p.output(0).scale);
  params->range = activation_range(r.activation, p.output(0));
  const int64_t outputs = params->tile.outputs;
  ScratchLayout layout;
  params->flipped_at = layout.add(int64_t{r.rows} * r.depth, 1);
  params->sums_at = layout.add(outputs, sizeof(int32_t));
  params->expanded_at = layout.add(outputs * r.depth, 1);
  p.scratch(layout.bytes());
  const auto& variant = choose(matmul_s8_variants(), p.cpu());
  params->kernel = variant.run;
  return p.run(run_shuffled, params, variant.name);
}

}  // namespace pipit::fully_connected
