// SPDX-License-Identifier: Apache-2.0
#include "kernels/ops/channels.h"

namespace pipit {

Status find_channels(const Prepare& p, const Tensor& t, const Shape& shape, Channels* c) {
  const Quantization q = quantization(t);
  const auto count = static_cast<int64_t>(q.scales.size());
  if (count == 0) return p.bad(t, " has no quantization scale");
  for (const float scale : q.scales) {
    if (!(scale > 0)) return p.bad(t, " has scale ", static_cast<double>(scale));
  }
  const Range range = type_range(t.type);
  for (const int64_t z : q.zero_points) {
    if (z < range.min || z > range.max) return p.bad(t, " has zero point ", z);
  }
  *c = {};
  c->scales = q.scales.data();
  c->zero_points = q.zero_points.empty() ? nullptr : q.zero_points.data();
  // One stretch, whatever the shape.
  if (count == 1) {
    c->inner = shape.elements();
    return {};
  }
  const int32_t d = q.dimension;
  if (d < 0 || d >= shape.rank || shape[d] != count) {
    return p.bad(t, " has ", count, " scales along dimension ", d, " of ", shape);
  }
  c->outer = shape.product(0, d);
  c->count = static_cast<int32_t>(count);
  c->inner = shape.product(d + 1, shape.rank);
  // Parsing has seen to it that there are none, one, or as many as scales.
  c->zero_point_step = static_cast<int64_t>(q.zero_points.size()) == count ? 1 : 0;
  return {};
}

}  // namespace pipit
