// SPDX-License-Identifier: Apache-2.0
// LOCAL_RESPONSE_NORMALIZATION, float32: each channel divided by
// (bias + alpha * the sum of the squares of the channels within the radius)^beta.
#include <algorithm>
#include <cmath>

#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/rows.h"

namespace pipit {
namespace {

struct Params {
  Rows rows;
  int32_t radius;
  float bias, alpha, beta;
};

// 1 and 1/2 are what networks use; they need no power.
float power(float x, float beta) {
  if (beta == 1.0f) return x;
  return beta == 0.5f ? std::sqrt(x) : real::pow(x, beta);
}

void normalize_row(const Params& p, const float* in, float* out) {
  for (int32_t c = 0; c < p.rows.depth; ++c) {
    const int32_t from = std::max(c - p.radius, 0);
    const int32_t to = std::min(c + p.radius + 1, p.rows.depth);
    float squares = 0;
    for (int32_t k = from; k < to; ++k) squares += in[k] * in[k];
    out[c] = in[c] / power(p.bias + p.alpha * squares, p.beta);
  }
}

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const float* in = s.input(0).as<float>();
  float* out = s.output(0).as<float>();
  for (int32_t r = 0; r < p.rows.count; ++r, in += p.rows.depth, out += p.rows.depth) {
    normalize_row(p, in, out);
  }
  return {};
}

Status prepare(Prepare& p) {
  PIPIT_TRY(need_one_to_one(p, types(Type::kFloat32)));
  const Tensor& in = p.input(0);
  if (in.shape.rank != 4) return p.bad("input ", in, " is not [batch,height,width,channels]");
  const auto* o = options<fb::LocalResponseNormalizationOptions>(p);
  if (o == nullptr) return p.bad("has no LocalResponseNormalizationOptions");
  if (o->radius() < 0) return p.bad("radius ", o->radius(), " is negative");
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(find_rows(p, &params->rows));
  // No larger one reaches further, and c + radius stays in range.
  params->radius = std::min(o->radius(), params->rows.depth);
  params->bias = o->bias();
  params->alpha = o->alpha();
  params->beta = o->beta();
  PIPIT_TRY(p.set_output(0, in.shape));
  return p.run(run, params, "portable");
}

}  // namespace

const Op kLocalResponseNormalization = {builtin(fb::BuiltinOperator::LOCAL_RESPONSE_NORMALIZATION),
                                        "LOCAL_RESPONSE_NORMALIZATION", prepare};

}  // namespace pipit
