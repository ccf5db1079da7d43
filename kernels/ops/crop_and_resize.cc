// SPDX-License-Identifier: Apache-2.0
// FlexCropAndResize, TensorFlow's own CropAndResize: boxes of images, each resized to one size.
//
//   out[b, i, j, c] = images[indices[b], y(i), x(j), c], y(i) = y1 * (height - 1) + i * (y2 - y1) *
//                     (height - 1) / (out_height - 1), x likewise, for boxes [y1, x1, y2, x2]
//
// Between pixels it interpolates or takes the nearest one; outside of the image is one value.
#include <algorithm>
#include <cmath>

#include "core/to_integer.h"
#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/by_type.h"
#include "kernels/ops/common.h"
#include "kernels/ops/node_def.h"

namespace pipit {
namespace {

constexpr int kImages = 0, kBoxes = 1, kIndices = 2, kSize = 3;

struct Params {
  int32_t height, width, depth;  // of an image
  int32_t out_height, out_width;
  float outside;  // the value of what lies there
  bool nearest;
};

// Where a row or column of the output lies in the image: between two of its own.
struct Place {
  int32_t low, high;
  float weight;  // of the higher one
  bool inside;
};

// Number i of `out` places from `first` to `last`, 0 and 1 being the ends of the image.
Place find_place(float first, float last, int32_t in, int32_t out, int32_t i, bool nearest) {
  const auto end = static_cast<float>(in - 1);
  const float step = (last - first) * end / static_cast<float>(out - 1);
  // A single place is in the middle of the box.
  const float at = out > 1 ? first * end + static_cast<float>(i) * step
                           : static_cast<float>(0.5 * double{first + last} * double{end});
  if (!(at >= 0 && at <= end)) return {};
  const float low = nearest ? std::round(at) : real::floor(at);
  const float high = nearest ? low : real::ceil(at);
  return {to_integer<int32_t>(low), to_integer<int32_t>(high), nearest ? 0 : at - low, true};
}

float between(float low, float high, float weight) { return low + (high - low) * weight; }

template <class T>
void resize_pixel(const Params& p, const T* image, const Place& y, const Place& x, float* out) {
  const auto pixel = [&](int32_t row, int32_t column) {
    return image + (ptrdiff_t{row} * p.width + column) * p.depth;
  };
  const T *top_left = pixel(y.low, x.low), *top_right = pixel(y.low, x.high);
  const T *bottom_left = pixel(y.high, x.low), *bottom_right = pixel(y.high, x.high);
  for (int32_t d = 0; d < p.depth; ++d) {
    const float top =
        between(static_cast<float>(top_left[d]), static_cast<float>(top_right[d]), x.weight);
    const float bottom =
        between(static_cast<float>(bottom_left[d]), static_cast<float>(bottom_right[d]), x.weight);
    out[d] = between(top, bottom, y.weight);
  }
}

template <class T>
void resize_box(const Params& p, const T* image, const float* box, float* out) {
  for (int32_t i = 0; i < p.out_height; ++i) {
    const Place y = find_place(box[0], box[2], p.height, p.out_height, i, p.nearest);
    for (int32_t j = 0; j < p.out_width; ++j, out += p.depth) {
      const Place x = find_place(box[1], box[3], p.width, p.out_width, j, p.nearest);
      if (y.inside && x.inside) {
        resize_pixel(p, image, y, x, out);
      } else {
        std::fill_n(out, p.depth, p.outside);
      }
    }
  }
}

template <class T>
Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const T* images = s.input(kImages).as<T>();
  const int32_t count = s.input(kImages).shape[0];
  const float* box = s.input(kBoxes).as<float>();
  const int32_t* indices = s.input(kIndices).as<int32_t>();
  float* out = s.output(0).as<float>();
  const ptrdiff_t image_size = ptrdiff_t{p.height} * p.width * p.depth;
  for (int32_t i = 0; i < s.input(kBoxes).shape[0]; ++i, box += 4) {
    // Boxes and the images they are of are values, so they are checked while running.
    if (indices[i] < 0 || indices[i] >= count) {
      return run.fail(s, "box ", i, " is of image ", indices[i], " of ", count);
    }
    if (!std::all_of(box, box + 4, [](float edge) { return std::isfinite(edge); })) {
      return run.fail(s, "box ", i, " is not finite");
    }
    resize_box(p, images + indices[i] * image_size, box, out);
    out += ptrdiff_t{p.out_height} * p.out_width * p.depth;
  }
  return {};
}

RunFn find_run(Type type) {
  return by_type<uint8_t, int8_t, uint16_t, int16_t, int32_t, int64_t, float, double>(
      type, []<class T> { return run<T>; });
}

Status check_inputs(const Prepare& p) {
  const Tensor &images = p.input(kImages), &boxes = p.input(kBoxes), &indices = p.input(kIndices);
  PIPIT_TRY(need_type(p, images,
                      types(Type::kUInt8, Type::kInt8, Type::kUInt16, Type::kInt16, Type::kInt32,
                            Type::kInt64, Type::kFloat32, Type::kFloat64)));
  PIPIT_TRY(need_type(p, boxes, types(Type::kFloat32)));
  PIPIT_TRY(need_type(p, indices, types(Type::kInt32)));
  PIPIT_TRY(need_type(p, p.input(kSize), types(Type::kInt32)));
  if (images.shape.rank != 4 || images.shape[1] < 1 || images.shape[2] < 1) {
    return p.bad(images, " is not [images,height,width,channels]");
  }
  if (boxes.shape.rank != 2 || boxes.shape[1] != 4) return p.bad(boxes, " is not [boxes,4]");
  if (indices.shape != Shape::of(boxes.shape[0])) {
    return p.bad(indices, " has not one image for each of ", boxes.shape[0], " boxes");
  }
  if (p.input(kSize).shape != Shape::of(2)) return p.bad(p.input(kSize), " is not two lengths");
  return {};
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(4, 4, 1));
  PIPIT_TRY(check_inputs(p));
  NodeDef node;
  PIPIT_TRY(NodeDef::read(p, "CropAndResize", &node));
  Params params = {};
  params.nearest = !node.is_text("method", "bilinear");
  if (params.nearest && !node.is_text("method", "nearest")) {
    return p.unsupported("method is neither bilinear nor nearest");
  }
  params.outside = node.real("extrapolation_value", 0);
  const int32_t* size = p.values<int32_t>(kSize);
  if (size == nullptr) return p.defer();
  if (size[0] < 1 || size[1] < 1) return p.bad("resizes to ", size[0], " x ", size[1]);
  const Shape& images = p.input(kImages).shape;
  params.height = images[1];
  params.width = images[2];
  params.depth = images[3];
  params.out_height = size[0];
  params.out_width = size[1];
  p.set_output_type(0, Type::kFloat32);
  PIPIT_TRY(p.set_output(0, Shape::of(p.input(kBoxes).shape[0], size[0], size[1], params.depth)));
  const Params* kept = keep(p, params);
  if (kept == nullptr) return Code::kArenaTooSmall;
  return p.run(find_run(p.input(kImages).type), kept, "portable");
}

}  // namespace

const Op kFlexCropAndResize = {kCustomOp, "FlexCropAndResize", prepare};

}  // namespace pipit
