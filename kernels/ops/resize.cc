// SPDX-License-Identifier: Apache-2.0
// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: [batch, height, width, channels] to another height
// and width.
//
// Where an output's pixel i lies in the input, with s = in / out, or (in - 1) / (out - 1) where the
// corners' pixels are to coincide (align_corners):
//
//   bilinear  i * s, with half_pixel_centers (i + 1/2) * s - 1/2; integers in units of 1/1024
//   nearest   floor(i * s), with half_pixel_centers floor((i + 1/2) * s); rounded for align_corners
//
// prepare makes a table of that for rows and one for columns. Positions are computed in float32, or
// in integers, as the reference kernels do: in double some would fall on the other side of a pixel.
#include <algorithm>
#include <cmath>

#include "core/to_integer.h"
#include "kernels/contracts/resize_bilinear.h"
#include "kernels/contracts/resize_nearest.h"
#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/common.h"
#include "kernels/ops/scratch.h"

namespace pipit {
namespace {

// One dimension of the image.
struct Axis {
  int32_t in, out;
  bool align_corners, half_pixel_centers;

  // The distance in the input between neighbours of the output is span() / steps().
  int32_t span() const { return corners() ? in - 1 : in; }
  int32_t steps() const { return corners() ? out - 1 : out; }
  float scale() const { return static_cast<float>(span()) / static_cast<float>(steps()); }

 private:
  bool corners() const { return align_corners && out > 1; }
};

template <class T>
T inside(T position, int32_t size) {
  return std::clamp<T>(position, 0, size - 1);
}

// Rounding can put the last positions of a large output behind the input's last one.
template <class Weight>
ResizeTap<Weight> make_tap(const Axis& axis, int64_t lower, int64_t upper, Weight weight) {
  return {static_cast<int32_t>(inside(lower, axis.in)),
          static_cast<int32_t>(inside(upper, axis.in)), lower < axis.in ? weight : 0};
}

void find_tap(const Axis& axis, int32_t i, ResizeTap<float>* tap) {
  const float scale = axis.scale();
  const auto at = static_cast<float>(i);
  const float position = axis.half_pixel_centers ? (at + 0.5f) * scale - 0.5f : at * scale;
  const auto lower = std::max<int64_t>(to_integer<int64_t>(real::floor(position)), 0);
  const auto upper = to_integer<int64_t>(real::ceil(position));
  *tap = make_tap(axis, lower, upper, position - static_cast<float>(lower));
}

void find_tap(const Axis& axis, int32_t i, ResizeTap<int32_t>* tap) {
  const int64_t scale = (int64_t{kResizeOne} * axis.span() + axis.steps() / 2) / axis.steps();
  const int64_t position = i * scale + (axis.half_pixel_centers ? scale / 2 - kResizeOne / 2 : 0);
  const int64_t lower = std::max<int64_t>(position / kResizeOne, 0);
  const int64_t upper = (position + kResizeOne - 1) / kResizeOne;
  *tap = make_tap(axis, lower, upper, static_cast<int32_t>(position - kResizeOne * lower));
}

void find_tap(const Axis& axis, int32_t i, int32_t* tap) {
  const float position =
      (static_cast<float>(i) + (axis.half_pixel_centers ? 0.5f : 0.0f)) * axis.scale();
  const float whole = axis.align_corners ? std::round(position) : real::floor(position);
  *tap = static_cast<int32_t>(inside(to_integer<int64_t>(whole), axis.in));
}

template <class Tap>
const Tap* make_taps(Prepare& p, const Axis& axis) {
  Tap* taps = p.allocate<Tap>(static_cast<size_t>(axis.out));
  if (taps == nullptr) return nullptr;
  for (int32_t i = 0; i < axis.out; ++i) find_tap(axis, i, &taps[i]);
  return taps;
}

// Fills in the kernel's sizes and taps.
template <class Tap, class Options, class Args>
Status plan_sizes(Prepare& p, const Options* o, Args* a) {
  const Shape& in = p.input(0).shape;
  const Shape& out = p.output(0).shape;
  a->batch = in[0];
  a->in_h = in[1];
  a->in_w = in[2];
  a->out_h = out[1];
  a->out_w = out[2];
  const bool align_corners = o != nullptr && o->align_corners();
  const bool half_pixel_centers = o != nullptr && o->half_pixel_centers();
  a->rows = make_taps<Tap>(p, {a->in_h, a->out_h, align_corners, half_pixel_centers});
  a->columns = make_taps<Tap>(p, {a->in_w, a->out_w, align_corners, half_pixel_centers});
  return a->rows != nullptr && a->columns != nullptr ? Status() : Code::kArenaTooSmall;
}

Status check(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& input = p.input(0);
  const Tensor& size = p.input(1);
  if (input.shape.rank != 4) return p.bad("input ", input, " is not [batch,height,width,channels]");
  if (size.type != Type::kInt32 || size.shape != Shape::of(2)) {
    return p.bad("size ", size, " is not int32 [height,width]");
  }
  p.set_output_type(0, input.type);
  return {};
}

// The values of the size are known.
Status set_shape(Prepare& p, int32_t smallest) {
  const Shape& in = p.input(0).shape;
  const int32_t* size = p.values<int32_t>(1);
  if (size[0] < smallest || size[1] < smallest) {
    return p.bad("size ", size[0], "x", size[1], " is less than ", smallest);
  }
  PIPIT_TRY(p.set_output(0, Shape::of(in[0], size[0], size[1], in[3])));
  if (p.output(0).elements() > 0 && p.input(0).elements() == 0) {
    return p.bad("input ", p.input(0), " has no pixels");
  }
  return {};
}

constexpr int64_t kCycles = 4;  // of an element

template <class T>
int32_t elements_of(const ResizeBilinear<T>& a) {
  return a.channels;
}
int32_t elements_of(const ResizeNearest& a) { return a.pixel; }  // in bytes

template <class Args>
struct Params {
  Args args;
  int32_t shares;
  size_t share_scratch;
  void (*kernel)(const Args&);
};

// Some rows of all images.
template <class Args>
void run_rows(const Params<Args>& p, const Args& whole, Part rows) {
  const ptrdiff_t row = ptrdiff_t{whole.out_w} * elements_of(whole);
  const ptrdiff_t in_image = ptrdiff_t{whole.in_h} * whole.in_w * elements_of(whole);
  while (rows.count > 0) {
    const int32_t image = rows.first / whole.out_h;
    const int32_t first = rows.first - image * whole.out_h;
    Args a = whole;
    a.batch = 1;
    a.out_h = std::min(whole.out_h - first, rows.count);
    a.rows += first;
    a.in += image * in_image;
    a.out += rows.first * row;
    p.kernel(a);
    rows = {rows.first + a.out_h, rows.count - a.out_h};
  }
}

template <class Args, class T>
Status run(const Step& s, Run& run) {
  const auto& p = *s.params<Params<Args>>();
  run.for_each_share(p.shares, [&](int32_t share) {
    Args args = p.args;
    args.in = s.input(0).as<T>();
    args.out = s.output(0).as<T>();
    if constexpr (requires { args.scratch; }) {
      args.scratch = s.scratch + p.share_scratch * static_cast<size_t>(share);
    }
    run_rows(p, args, part_of(args.batch * args.out_h, 1, p.shares, share));
  });
  return {};
}

// ---- some rows at a time

template <class Args, class T>
void run_band(const Step& s, const RowsCall& call) {
  const auto& p = *s.params<Params<Args>>();
  Args a = p.args;
  using Element = std::remove_pointer_t<decltype(a.out)>;
  const ptrdiff_t pixel = elements_of(a) * static_cast<ptrdiff_t>(sizeof(Element));
  // The taps count rows from the top of the image: row 0 is where it would lie, band or not.
  a.in = call.in[0].row<const Element>(0, a.in_w * pixel);
  a.out = call.out.row<Element>(call.rows.first, a.out_w * pixel);
  a.rows += call.rows.first;
  a.out_h = call.rows.count;
  if constexpr (requires { a.scratch; }) a.scratch = call.scratch;
  p.kernel(a);
}

template <class Weight>
int32_t lower(const ResizeTap<Weight>& tap) {
  return tap.lower;
}
template <class Weight>
int32_t upper(const ResizeTap<Weight>& tap) {
  return tap.upper;
}
int32_t lower(int32_t tap) { return tap; }
int32_t upper(int32_t tap) { return tap; }

// Positions never go back, so the first row's lower neighbour and the last row's upper one are the
// ends.
template <class Args>
Part rows_read(const Step& s, const Part& rows) {
  const Args& a = s.params<Params<Args>>()->args;
  const int32_t first = lower(a.rows[rows.first]);
  return {first, upper(a.rows[rows.first + rows.count - 1]) - first + 1};
}

template <class Args>
ByteCount band_scratch(const Step& s, const Part&) {
  return s.params<Params<Args>>()->share_scratch;
}

// Each call blends the input's rows along x anew, of which many outputs share two.
constexpr int32_t kLeastRows = 8;

template <class Args, class T>
RowsPlan by_rows(const Step&) {
  RowsPlan plan;
  plan.run = run_band<Args, T>;
  plan.reads = rows_read<Args>;
  plan.least = kLeastRows;
  plan.scratch = band_scratch<Args>;
  return plan;
}

// ---- prepare

// Each share takes so much scratch memory.
template <class Args>
void choose_shares(Prepare& p, ByteCount scratch, Params<Args>* params) {
  const Args& a = params->args;
  const int32_t rows = a.batch * a.out_h;
  params->shares = p.sharing().shares(rows, kCycles * rows * (int64_t{a.out_w} * elements_of(a)));
  ScratchLayout layout;
  layout.add(scratch);
  params->share_scratch = layout.repeat(params->shares);
  p.scratch(layout.bytes());
}

template <class T>
Status plan_bilinear(Prepare& p, const fb::ResizeBilinearOptions* o) {
  using Args = ResizeBilinear<T>;
  auto* params = p.allocate<Params<Args>>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->args = {};
  PIPIT_TRY(plan_sizes<ResizeTap<typename Args::Weight>>(p, o, &params->args));
  params->args.channels = p.input(0).shape[3];
  ByteCount scratch;
  const auto& variant = choose(
      p, resize_bilinear_variants<T>(),
      [&](const auto& one) { return scratch_of(one, params->args); }, &scratch);
  params->kernel = variant.run;
  choose_shares(p, scratch, params);
  if (params->args.batch == 1) p.by_rows(by_rows<Args, T>);
  return p.run(run<Args, T>, params, variant.name);
}

Status prepare_bilinear(Prepare& p) {
  PIPIT_TRY(check(p));
  const auto* o = options<fb::ResizeBilinearOptions>(p);
  if (o != nullptr && o->align_corners() && o->half_pixel_centers()) {
    return p.unsupported("align_corners and half_pixel_centers exclude each other");
  }
  if (!p.values_known(1)) return p.defer();
  PIPIT_TRY(set_shape(p, 1));
  switch (p.input(0).type) {
    case Type::kFloat32:
      return plan_bilinear<float>(p, o);
    case Type::kUInt8:
      return plan_bilinear<uint8_t>(p, o);
    case Type::kInt8:
      return plan_bilinear<int8_t>(p, o);
    case Type::kInt16:
      return plan_bilinear<int16_t>(p, o);
    default:
      return p.unsupported("input ", p.input(0));
  }
}

Status prepare_nearest(Prepare& p) {
  PIPIT_TRY(check(p));
  const int bits = type_bits(p.input(0).type);
  if (bits != 8 && bits != 16 && bits != 32) return p.unsupported("input ", p.input(0));
  if (!p.values_known(1)) return p.defer();
  PIPIT_TRY(set_shape(p, 0));
  auto* params = p.allocate<Params<ResizeNearest>>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->args = {};
  PIPIT_TRY(plan_sizes<int32_t>(p, options<fb::ResizeNearestNeighborOptions>(p), &params->args));
  params->args.pixel = p.input(0).shape[3] * (bits / 8);
  const auto& variant = choose(resize_nearest_variants(), p.cpu());
  params->kernel = variant.run;
  choose_shares(p, 0, params);
  if (params->args.batch == 1) p.by_rows(by_rows<ResizeNearest, uint8_t>);
  return p.run(run<ResizeNearest, uint8_t>, params, variant.name);
}

}  // namespace

const Op kResizeBilinear = {builtin(fb::BuiltinOperator::RESIZE_BILINEAR), "RESIZE_BILINEAR",
                            prepare_bilinear};
const Op kResizeNearestNeighbor = {builtin(fb::BuiltinOperator::RESIZE_NEAREST_NEIGHBOR),
                                   "RESIZE_NEAREST_NEIGHBOR", prepare_nearest};

}  // namespace pipit
