// SPDX-License-Identifier: Apache-2.0
// Boxes of detected objects.
#pragma once

#include <algorithm>
#include <cmath>

#include "kernels/math/real.h"
#include "pipit/tensor.h"

namespace pipit {

struct Box {
  float ymin, xmin, ymax, xmax;
};

// A box by its center and size; also the scales of encodings.
struct CenterSize {
  float y, x, h, w;
};

inline float real_value(const Tensor& t, int32_t i) {
  if (t.type == Type::kFloat32) return t.as<float>()[i];
  return (static_cast<float>(t.as<uint8_t>()[i]) - static_cast<float>(t.zero_point)) * t.scale;
}

inline CenterSize center_size(const Tensor& t, int32_t i) {
  return {real_value(t, i), real_value(t, i + 1), real_value(t, i + 2), real_value(t, i + 3)};
}

// In double and rounded once, as in TensorFlow Lite.
//
//   center = anchor's center + encoding / scale * anchor's size
//   size = exp(encoding / scale) * anchor's size
inline float center(float value, float scale, float size, float anchor) {
  return static_cast<float>(double{value} / scale * size + anchor);
}

inline float half_size(float value, float scale, float size) {
  return static_cast<float>(0.5 * real::exp(double{value} / scale) * size);
}

inline Box decode(const CenterSize& e, const CenterSize& anchor, const CenterSize& scale) {
  const float y = center(e.y, scale.y, anchor.h, anchor.y);
  const float x = center(e.x, scale.x, anchor.w, anchor.x);
  const float h = half_size(e.h, scale.h, anchor.h);
  const float w = half_size(e.w, scale.w, anchor.w);
  return {y - h, x - w, y + h, x + w};
}

inline float area(const Box& b) { return (b.ymax - b.ymin) * (b.xmax - b.xmin); }

// Intersection over union.
inline float overlap(const Box& a, const Box& b) {
  if (area(a) <= 0 || area(b) <= 0) return 0;
  const float h = std::min(a.ymax, b.ymax) - std::max(a.ymin, b.ymin);
  const float w = std::min(a.xmax, b.xmax) - std::max(a.xmin, b.xmin);
  const float common = std::max(h, 0.0f) * std::max(w, 0.0f);
  return common / (area(a) + area(b) - common);
}

}  // namespace pipit
