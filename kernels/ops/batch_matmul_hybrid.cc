// SPDX-License-Identifier: Apache-2.0
// BATCH_MATMUL of float32 by int8 matrices: the left operand's rows are quantized on the fly.
//
//   out[i, j] = left_scale[i] * right_scale[j] *
//               sum over k of (q[i, k] - zero_point[i]) * right[k, j]
//
// with rows q of the left operand quantized as kernels/contracts/hybrid.h says. A share's scratch
// memory: the turned left operand, a tile of turned right columns, their sums, the sums of products
// [m][tile], and the quantized rows; the turned ones only where they do not lie along k.
#include <algorithm>

#include "kernels/contracts/variant.h"
#include "kernels/ops/batch_matmul.h"
#include "kernels/ops/hybrid_scratch.h"

namespace pipit::batch_matmul {
namespace {

struct Params {
  Size size;
  int32_t tile_n;
  int32_t shares;
  size_t share_scratch;
  bool asymmetric;
  const float* scale;
  int32_t scale_step;
  size_t left_at, right_at, weight_sums_at, sums_at;  // in scratch
  HybridScratch rows;
  const HybridVariant* kernels;
};

// Each share quantizes the left rows of a batch for itself: they are few beside the products.
HybridRows quantize_left(const Step& s, const Params& p, const float* left) {
  const Size& z = p.size;
  const HybridRows rows = p.rows.rows(s, z.m, z.k);
  quantize_rows(
      *p.kernels,
      rows_along_k(left, !z.left_adjoint, z.m, z.k, 0, z.m, scratch_at<float>(s, p.left_at)), z.k,
      p.asymmetric, rows);
  return rows;
}

void run_columns(const Step& s, const Params& p, const HybridRows& rows, const int8_t* right,
                 int32_t first, int32_t count, float* out) {
  const Size& z = p.size;
  HybridMatmul a;
  a.in = rows;
  a.weights = rows_along_k(right, z.right_adjoint, z.n, z.k, first, count,
                           scratch_at<int8_t>(s, p.right_at));
  a.weight_scale = p.scale + int64_t{first} * p.scale_step;
  a.weight_scale_step = p.scale_step;
  a.outputs = count;
  a.sums = scratch_at<int32_t>(s, p.sums_at);
  a.out = out + first;
  a.out_stride = z.n;
  if (p.asymmetric) {
    auto* sums = scratch_at<int32_t>(s, p.weight_sums_at);
    for (int32_t o = 0; o < count; ++o) {
      const int8_t* w = a.weights + int64_t{o} * z.k;
      sums[o] = 0;
      for (int32_t k = 0; k < z.k; ++k) sums[o] += w[k];
    }
    a.weight_sums = sums;
  }
  hybrid_matmul(*p.kernels, a);
}

Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  for_each_columns(
      s, run, p.size, p.shares, p.share_scratch,
      [&](const Step& own, const Offsets& at, const Part& columns) {
        const HybridRows rows = quantize_left(own, p, s.input(kLeft).as<float>() + at.left);
        const int8_t* right = s.input(kRight).as<int8_t>() + at.right;
        float* out = s.output(0).as<float>() + at.out;
        const int32_t end = columns.first + columns.count;
        for (int32_t first = columns.first; first < end; first += p.tile_n) {
          run_columns(own, p, rows, right, first, std::min(p.tile_n, end - first), out);
        }
      });
  return {};
}

}  // namespace

Status prepare_hybrid(Prepare& p, const Size& z, bool asymmetric) {
  const Tensor& right = p.input(kRight);
  PIPIT_TRY(check_right(p, z));
  PIPIT_TRY(need_symmetric(p, right));
  const Quantization q = quantization(right);
  const size_t n = q.scales.size();
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->size = z;
  params->asymmetric = asymmetric;
  params->scale = q.scales.data();
  params->scale_step = n > 1 ? 1 : 0;
  // More columns would only make the sums larger, of which there are m for each.
  params->tile_n = std::min(tile_rows(z.n, z.k, 1), 256);
  ScratchLayout layout;
  params->left_at = layout.add(z.left_adjoint ? int64_t{z.m} * z.k : 0, sizeof(float));
  params->right_at = layout.add(z.right_adjoint ? 0 : int64_t{params->tile_n} * z.k, 1);
  params->weight_sums_at = layout.add(params->tile_n, sizeof(int32_t));
  params->sums_at = layout.add(int64_t{params->tile_n} * z.m, sizeof(int32_t));
  params->rows = HybridScratch::add(&layout, z.m, z.k);
  params->shares = choose_shares(p, z, 1);
  params->share_scratch = layout.repeat(params->shares);
  p.scratch(layout.bytes());
  params->kernels = &choose(hybrid_variants(), p.cpu());
  return p.run(run, params, params->kernels->name);
}

}  // namespace pipit::batch_matmul
