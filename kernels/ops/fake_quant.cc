// SPDX-License-Identifier: Apache-2.0
// FAKE_QUANT: float32 numbers rounded to those that a quantized type would hold.
//
//   out = min' + step * round((clamp(x, min', max') - min') / step)
//
// min' and max' are the options' numbers, moved so that 0 is on the grid.
#include <cmath>

#include "kernels/ops.h"
#include "kernels/ops/unary.h"

namespace pipit {
namespace {

struct Grid {
  float min, max;
  float step;
};

void snap(const Unary& r) {
  const Grid g = *static_cast<const Grid*>(r.constants);
  const float inverse = 1.0f / g.step;
  each<float, float>(r, [&](float x) {
    const float above = g.min < x ? x : g.min;
    const float inside = above < g.max ? above : g.max;
    return std::round((inside - g.min) * inverse) * g.step + g.min;
  });
}

// The grid of 2^bits numbers from about min to about max that contains 0.
Grid find_grid(float min, float max, int bits) {
  const auto last = static_cast<float>((1 << bits) - 1);
  const float step = (max - min) / last;
  // The number of the point that is 0, as far as it is in the range.
  const float zero = std::round(std::fmin(std::fmax(-min / step, 0.0f), last));
  return {(0.0f - zero) * step, (last - zero) * step, step};
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(need_type(p, p.input(0), types(Type::kFloat32)));
  p.set_output_type(0, Type::kFloat32);
  const auto* o = options<fb::FakeQuantOptions>(p);
  if (o == nullptr) return p.bad("has no FakeQuantOptions");
  if (o->narrow_range()) return p.unsupported("narrow_range");
  if (o->num_bits() < 1 || o->num_bits() > 16) {
    return p.bad("num_bits is ", o->num_bits(), ", not 1 to 16");
  }
  const Grid grid = find_grid(o->min(), o->max(), o->num_bits());
  if (!(grid.step > 0 && std::isfinite(grid.step) && std::isfinite(grid.min))) {
    return p.bad("there is no range from ", static_cast<double>(o->min()), " to ",
                 static_cast<double>(o->max()));
  }
  const auto* kept = keep(p, grid);
  return kept == nullptr ? Status(Code::kArenaTooSmall) : plan_unary(p, snap, kept);
}

}  // namespace

const Op kFakeQuant = {builtin(fb::BuiltinOperator::FAKE_QUANT), "FAKE_QUANT", prepare};

}  // namespace pipit
