// SPDX-License-Identifier: Apache-2.0
// What PosenetDecoderOp works with: the skeleton, fields of numbers that are known in each cell of
// an image, and points that follow them between the cells.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/to_integer.h"
#include "kernels/math/real.h"
#include "pipit/tensor.h"

namespace pipit {

inline constexpr int32_t kKeypoints = 17, kEdges = 16;

// The skeleton. Keypoints: nose, then left and right eye, ear, shoulder, elbow, wrist, hip, knee
// and ankle. Edge kEdges + e is edge e backwards.
inline constexpr int8_t kEdge[kEdges][2] = {{0, 1},  {1, 3},  {0, 2},   {2, 4},   {0, 5}, {5, 7},
                                            {7, 9},  {5, 11}, {11, 13}, {13, 15}, {0, 6}, {6, 8},
                                            {8, 10}, {6, 12}, {12, 14}, {14, 16}};
constexpr int32_t edge_from(int32_t e) { return e < kEdges ? kEdge[e][0] : kEdge[e - kEdges][1]; }
constexpr int32_t edge_to(int32_t e) { return e < kEdges ? kEdge[e][1] : kEdge[e - kEdges][0]; }

// The channel of an edge's vertical offset: there are 16 forward ones, as many horizontal ones,
// then the same backwards. The first backward edge is taken for a forward one, as Coral's does.
constexpr int32_t edge_channel(int32_t e) { return e > kEdges ? e + kEdges : e; }

struct PosePoint {
  float y, x;
};

// [1,height,width,channels] as real numbers, divided by the stride of the cells.
struct PoseField {
  PoseField(const Tensor& t, int32_t stride)
      : tensor(t), height(t.shape[1]), width(t.shape[2]), channels(t.shape[3]) {
    factor = static_cast<float>(1.0 / stride);
    if (t.type == Type::kUInt8) factor *= t.scale;
  }
  float at(int32_t y, int32_t x, int32_t c) const {
    const ptrdiff_t i = (ptrdiff_t{y} * width + x) * channels + c;
    if (tensor.type == Type::kFloat32) return tensor.as<float>()[i] * factor;
    return (static_cast<float>(tensor.as<uint8_t>()[i]) - static_cast<float>(tensor.zero_point)) *
           factor;
  }

  const Tensor& tensor;
  int32_t height, width, channels;
  float factor;
};

// Within [0, n - 1], NaN too.
inline float inside(float x, int32_t n) {
  const auto last = static_cast<float>(n - 1);
  return !(x > 0) ? 0 : std::min(x, last);
}

// Between the four cells around a point, which lies inside of the field.
inline float sample(const PoseField& f, PosePoint p, int32_t c) {
  const auto y = to_integer<int32_t>(p.y), x = to_integer<int32_t>(p.x);
  const auto y_next = to_integer<int32_t>(real::ceil(p.y));
  const auto x_next = to_integer<int32_t>(real::ceil(p.x));
  const float dy = p.y - static_cast<float>(y), dx = p.x - static_cast<float>(x);
  return (1 - dy) * ((1 - dx) * f.at(y, x, c) + dx * f.at(y, x_next, c)) +
         dy * ((1 - dx) * f.at(y_next, x, c) + dx * f.at(y_next, x_next, c));
}

// Where the offsets in channels `c` and `c + apart` lead from a point.
inline PosePoint follow(const PoseField& f, PosePoint p, int32_t c, int32_t apart) {
  const float dy = sample(f, p, c), dx = sample(f, p, c + apart);
  return {inside(p.y + dy, f.height), inside(p.x + dx, f.width)};
}

inline float squared_distance(PosePoint a, PosePoint b) {
  const float dy = b.y - a.y, dx = b.x - a.x;
  return dy * dy + dx * dx;
}

}  // namespace pipit
