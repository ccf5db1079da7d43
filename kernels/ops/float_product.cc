// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/float_product.h"

#include "kernels/contracts/variant.h"
#include "kernels/ops/common.h"
#include "kernels/ops/compute.h"
#include "kernels/ops/weight_rows.h"

namespace pipit {

Status choose_product(const Prepare& p, const Tensor& weights, bool asymmetric, FloatProduct* f) {
  f->hybrid = weights.type != Type::kFloat32;
  if (f->hybrid && weights.type != Type::kInt8 && weights.type != Type::kUInt8) {
    return p.unsupported("float32 input with weights ", weights);
  }
  f->asymmetric = f->hybrid && asymmetric;
  const auto& f32 = choose(matmul_f32_variants(), p.cpu());
  const auto& s8 = choose(hybrid_variants(), p.cpu());
  f->f32 = f32.run;
  f->s8 = &s8;
  f->variant = f->hybrid ? s8.name : f32.name;
  return {};
}

namespace {

bool is_sparse(const Tensor& t) {
  return t.constant() && static_cast<const fb::Tensor*>(t.file_tensor)->sparsity() != nullptr;
}

// Sparse weights are written out once, as plain rows that stay in the arena.
Status expand(Prepare& p, const FloatProduct& f, const Tensor& t, ProductWeights* w) {
  if (!f.hybrid || f.asymmetric) {
    return p.unsupported("sparse weights ", t, " without inputs that are quantized symmetrically");
  }
  WeightRows rows;
  PIPIT_TRY(find_weight_rows(p, t, false, &rows));
  int8_t* all = p.allocate<int8_t>(static_cast<size_t>(t.elements()));
  if (all == nullptr) return Code::kArenaTooSmall;
  w->expanded = all;
  compute(p, [&] { expand_rows(rows, t.as<int8_t>(), 0, rows.rows, all); });
  return {};
}

}  // namespace

Status find_weights(Prepare& p, const FloatProduct& f, int input, int32_t outputs, int32_t depth,
                    ProductWeights* w, bool* ready) {
  const Tensor& t = p.input(input);
  if (t.shape != Shape::of(outputs, depth)) {
    return p.bad("weights ", t, " are not ", Shape::of(outputs, depth));
  }
  const bool fits =
      f.hybrid ? t.type == Type::kInt8 || t.type == Type::kUInt8 : t.type == Type::kFloat32;
  if (!fits) return p.bad("weights ", t, " are not of the type of the others");
  *w = {input, outputs, depth};
  w->constant = p.detach(input);
  w->scale = t.scale;
  if (f.hybrid) PIPIT_TRY(need_scale(p, t));
  if (f.hybrid) PIPIT_TRY(need_symmetric(p, t));
  if (is_sparse(t)) return expand(p, f, t, w);
  if (!f.asymmetric) return {};
  const int8_t* values = p.values<int8_t>(input);
  if (values == nullptr) {
    // Row sums go with the plan, not with an invocation: weights that are computed wait until they
    // are.
    *ready = false;
    return {};
  }
  int32_t* sums = p.allocate<int32_t>(static_cast<size_t>(outputs));
  if (sums == nullptr) return Code::kArenaTooSmall;
  for (int32_t o = 0; o < outputs; ++o) {
    for (int32_t k = 0; k < depth; ++k) sums[o] += *values++;
  }
  w->sums = sums;
  return {};
}

HybridScratch add_rows(const FloatProduct& f, int32_t rows, int32_t depth, ScratchLayout* layout) {
  return f.hybrid ? HybridScratch::add(layout, rows, depth) : HybridScratch();
}

ProductRows quantize(const Step& s, const FloatProduct& f, const HybridScratch& at,
                     const float* values, ptrdiff_t stride, int32_t rows, int32_t depth) {
  ProductRows r;
  r.values = values;
  r.stride = stride;
  r.quantized.rows = rows;
  r.quantized.depth = depth;
  if (!f.hybrid) return r;
  r.quantized = at.rows(s, rows, depth);
  quantize_rows(*f.s8, values, stride, f.asymmetric, r.quantized);
  return r;
}

void add_product(const Step& s, const FloatProduct& f, const ProductRows& in,
                 const ProductWeights& w, int32_t* sums, float* out, ptrdiff_t out_stride) {
  if (!f.hybrid) {
    // Starting from `out` adds the products to what is there, so several of them make one gate.
    return f.f32({.rows = in.quantized.rows,
                  .outputs = w.outputs,
                  .depth = w.depth,
                  .in = in.values,
                  .weights = s.bytes(w.input, static_cast<const float*>(w.constant)),
                  .start = out,
                  .out = out,
                  .in_stride = in.stride,
                  .start_stride = out_stride,
                  .out_stride = out_stride});
  }
  HybridMatmul a;
  a.in = in.quantized;
  const auto* constant = static_cast<const int8_t*>(w.constant);
  a.weights = w.expanded != nullptr ? w.expanded : s.bytes(w.input, constant);
  a.weight_scale = &w.scale;
  a.weight_sums = w.sums;
  a.outputs = w.outputs;
  a.sums = sums;
  a.start = a.out = out;
  a.start_stride = a.out_stride = out_stride;
  hybrid_matmul(*f.s8, a);
}

}  // namespace pipit
