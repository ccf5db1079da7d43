// SPDX-License-Identifier: Apache-2.0
// SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND: every n-th pixel of an image as an image of its own, with
// padding, and back, with cropping. Images are [batch, height, channels] or [batch, height, width,
// channels]; space (y, x) lies in batch entry (y % block_h, x % block_w) at (y / block_h, ...).
//
//   batches[(y % block_h * block_w + x % block_w) * batch + n, y / block_h, x / block_w, c] =
//       space[n, y - before_h, x - before_w, c]
//
// Both directions are the same copies with the ends exchanged, one box for each phase (y % block_h,
// x % block_w). A vector counts as an image with a width of 1.
//
//   block 2 x 2:   a b c d      batch entries:   a c   b d   e g   f h
//                  e f g h
#include "kernels/contracts/variant.h"
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int kInput = 0, kBlock = 1, kBorder = 2;

struct Image {
  int32_t batch, height, width;
};

struct Params {
  CopyBoxFn copy;
  Image space, batches;
  int32_t block_h, block_w;
  int32_t before_h, before_w;  // padding or crop at the top and left
  int32_t pixel;               // bytes
  int32_t element;
  int32_t fill;  // the value of padding; its low bytes are the element
  bool to_batch;
  bool padded;
};

Image image(const Shape& s) { return {s[0], s[1], s.rank == 4 ? s[2] : 1}; }

// The pixels of `batches` that are those of space from (y, x) on in steps of a block.
void move_phase(const Params& p, int32_t y, int32_t x, const uint8_t* in, uint8_t* out) {
  const Clip h = clip(p.batches.height, p.block_h, int64_t{y} - p.before_h, p.space.height);
  const Clip w = clip(p.batches.width, p.block_w, int64_t{x} - p.before_w, p.space.width);
  if (h.count == 0 || w.count == 0) return;
  const int32_t space_row = p.space.width * p.pixel, row = p.batches.width * p.pixel;
  const int32_t space_image = p.space.height * space_row, images = p.batches.height * row;
  CopyDims dims;
  dims.element = p.pixel;
  const auto add = [&](int32_t size, int32_t space_step, int32_t batch_step) {
    dims.add(size, p.to_batch ? space_step : batch_step, p.to_batch ? batch_step : space_step);
  };
  add(p.space.batch, space_image, images);
  // One pixel has no step, which might not fit where a block is larger than the image.
  add(h.count, h.count > 1 ? p.block_h * space_row : 0, row);
  add(w.count, w.count > 1 ? p.block_w * p.pixel : 0, p.pixel);
  dims.simplify();
  const int64_t at_y = int64_t{h.first} * p.block_h + y - p.before_h;
  const int64_t at_x = int64_t{w.first} * p.block_w + x - p.before_w;
  const auto space_at = static_cast<ptrdiff_t>(at_y * space_row + at_x * p.pixel);
  const ptrdiff_t phase = static_cast<ptrdiff_t>(y) * p.block_w + x;
  const ptrdiff_t batch_at = phase * p.space.batch * images + h.first * row + w.first * p.pixel;
  p.copy(
      dims.box(in + (p.to_batch ? space_at : batch_at), out + (p.to_batch ? batch_at : space_at)));
}

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const Tensor& out = s.output(0);
  if (out.elements() == 0) return {};
  // Only borders keep this value; every pixel inside is overwritten.
  if (p.padded) {
    const CopyDim all = {out.elements(), 0, p.element};
    const int64_t value = p.fill;
    p.copy({reinterpret_cast<const uint8_t*>(&value), out.as<uint8_t>(), &all, 1, p.element});
  }
  for (int32_t y = 0; y < p.block_h; ++y) {
    for (int32_t x = 0; x < p.block_w; ++x) {
      move_phase(p, y, x, s.input(kInput).as<uint8_t>(), out.as<uint8_t>());
    }
  }
  return {};
}

Status check(const Prepare& p) {
  PIPIT_TRY(p.arity(3, 3, 1));
  const Tensor& input = p.input(kInput);
  PIPIT_TRY(need_type(p, input, kByteTypes));
  PIPIT_TRY(same_type(p, input, p.output(0)));
  const int32_t spatial = input.shape.rank - 2;
  if (spatial != 1 && spatial != 2) return p.bad(input, " has not 3 or 4 dimensions");
  const Type type = input.type;
  if (type == Type::kUInt8 || type == Type::kInt8 || type == Type::kInt16) {
    PIPIT_TRY(same_quantization(p, input, p.output(0)));
  }
  if (type == Type::kInt16 && input.zero_point != 0) {
    return p.unsupported(input, ": int16 with zero point ", input.zero_point);
  }
  PIPIT_TRY(need_type(p, p.input(kBlock), types(Type::kInt32)));
  PIPIT_TRY(need_type(p, p.input(kBorder), types(Type::kInt32)));
  if (p.input(kBlock).shape != Shape::of(spatial)) {
    return p.bad("block ", p.input(kBlock), " has not ", spatial, " sizes");
  }
  if (p.input(kBorder).shape != Shape::of(spatial, 2)) {
    return p.bad(p.input(kBorder), " are not two numbers for each of ", spatial, " dimensions");
  }
  return {};
}

Status finish(Prepare& p, const Shape& shape, bool to_batch) {
  PIPIT_TRY(p.set_output(0, shape));
  const Tensor& input = p.input(kInput);
  Params* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  const bool wide = shape.rank == 4;
  const int32_t* block = p.input(kBlock).as<int32_t>();
  const int32_t* border = p.input(kBorder).as<int32_t>();
  const auto& variant = choose(copy_box_variants(), p.cpu());
  params->copy = variant.run;
  params->space = image(to_batch ? input.shape : shape);
  params->batches = image(to_batch ? shape : input.shape);
  params->block_h = block[0];
  params->block_w = wide ? block[1] : 1;
  params->before_h = border[0];
  params->before_w = wide ? border[2] : 0;
  params->element = element_bytes(input.type);
  params->pixel = shape.last() * params->element;
  // Wider types are not quantized, and their zero is 0 in all bytes.
  params->fill = type_bits(input.type) <= 16 ? p.output(0).zero_point : 0;
  params->to_batch = to_batch;
  for (int32_t i = 0; i < p.input(kBorder).elements(); ++i) {
    params->padded |= to_batch && border[i] != 0;
  }
  return p.run(run, params, variant.name);
}

// ---- SPACE_TO_BATCH_ND

Status prepare_space_to_batch(Prepare& p) {
  PIPIT_TRY(check(p));
  if (!p.values_known(kBlock) || !p.values_known(kBorder)) return p.defer();
  Shape shape = p.input(kInput).shape;
  int64_t batch = shape[0];
  for (int32_t d = 0; d < shape.rank - 2; ++d) {
    const int64_t block = integer(p.input(kBlock), d);
    const int64_t size =
        shape[d + 1] + integer(p.input(kBorder), 2 * d) + integer(p.input(kBorder), 2 * d + 1);
    if (block < 1 || size < 0 || size > INT32_MAX || size % block != 0) {
      return p.bad("padded size ", size, " in dimension ", d + 1, " has no blocks of ", block);
    }
    shape[d + 1] = static_cast<int32_t>(size / block);
    batch *= block;
    if (batch > INT32_MAX) return p.bad("the output would have ", batch, " batches");
  }
  shape[0] = static_cast<int32_t>(batch);
  return finish(p, shape, true);
}

// ---- BATCH_TO_SPACE_ND

Status prepare_batch_to_space(Prepare& p) {
  PIPIT_TRY(check(p));
  if (!p.values_known(kBlock) || !p.values_known(kBorder)) return p.defer();
  Shape shape = p.input(kInput).shape;
  for (int32_t d = 0; d < shape.rank - 2; ++d) {
    const int64_t block = integer(p.input(kBlock), d);
    if (block < 1 || shape[0] % block != 0) {
      return p.bad("batch ", shape[0], " is no multiple of block ", block);
    }
    const int64_t before = integer(p.input(kBorder), 2 * d);
    const int64_t after = integer(p.input(kBorder), 2 * d + 1);
    const int64_t size = shape[d + 1] * block - before - after;
    if (before < 0 || after < 0 || size < 0 || size > INT32_MAX) {
      return p.bad("crops ", before, " and ", after, " of dimension ", d + 1, " leave ", size);
    }
    shape[0] /= static_cast<int32_t>(block);
    shape[d + 1] = static_cast<int32_t>(size);
  }
  return finish(p, shape, false);
}

}  // namespace

const Op kSpaceToBatchNd = {builtin(fb::BuiltinOperator::SPACE_TO_BATCH_ND), "SPACE_TO_BATCH_ND",
                            prepare_space_to_batch};
const Op kBatchToSpaceNd = {builtin(fb::BuiltinOperator::BATCH_TO_SPACE_ND), "BATCH_TO_SPACE_ND",
                            prepare_batch_to_space};

}  // namespace pipit
