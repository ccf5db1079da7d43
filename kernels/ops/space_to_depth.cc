// SPDX-License-Identifier: Apache-2.0
// SPACE_TO_DEPTH, DEPTH_TO_SPACE: blocks of pixels as channels, and back.
//
//   depth[n, y, x, (by * block + bx) * channels + c] = space[n, y * block + by, x * block + bx, c]
//
//   of one channel, block 2:   a b c d       (a b e f)  (c d g h)
//                              e f g h
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr TypeSet kTypes =
    types(Type::kFloat32, Type::kUInt8, Type::kInt8, Type::kInt32, Type::kInt64);

Status check(const Prepare& p, int32_t block) {
  PIPIT_TRY(p.arity(1, 1, 1));
  const Tensor& input = p.input(0);
  PIPIT_TRY(need_type(p, input, kTypes));
  PIPIT_TRY(same_type(p, input, p.output(0)));
  if (input.shape.rank != 4) return p.bad(input, " is not [batch,height,width,channels]");
  // The square must fit, too: it divides or multiplies the channels.
  if (block < 1 || block > INT32_MAX / block) return p.bad("block size ", block);
  return {};
}

// Copies between `space` [batch, height, width, channels] and the same in blocks: [batch,
// height / block, width / block, block, block, channels].
Status move_blocks(Prepare& p, const Shape& space, int32_t block, bool to_depth) {
  if (space.elements() == 0) return move(p, 0, 0, {0, 0, {}});
  const int32_t pixel = space[3] * element_bytes(p.input(0).type);
  const int32_t row = space[2] * pixel;
  const int32_t height = space[1] / block, width = space[2] / block;
  CopyDims dims;
  dims.element = block * pixel;  // a row of a block is contiguous in both
  const auto add = [&](int32_t size, int32_t space_step, int32_t depth_step) {
    dims.add(size, to_depth ? space_step : depth_step, to_depth ? depth_step : space_step);
  };
  // Batches and rows of blocks are one dimension; so are bx and c, as the element.
  add(space[0] * height, block * row, block * row);
  add(width, dims.element, block * dims.element);
  add(block, row, dims.element);
  return move(p, 0, 0, dims);
}

Status prepare_space_to_depth(Prepare& p) {
  const auto* o = options<fb::SpaceToDepthOptions>(p);
  const int32_t block = o == nullptr ? 0 : o->block_size();
  PIPIT_TRY(check(p, block));
  const Shape& in = p.input(0).shape;
  const int64_t channels = int64_t{in[3]} * (block * block);
  if (in[1] % block != 0 || in[2] % block != 0 || channels > INT32_MAX) {
    return p.bad(p.input(0), " has no blocks of ", block, " by ", block);
  }
  PIPIT_TRY(p.set_output(0, Shape::of(in[0], in[1] / block, in[2] / block, channels)));
  return move_blocks(p, in, block, true);
}

Status prepare_depth_to_space(Prepare& p) {
  const auto* o = options<fb::DepthToSpaceOptions>(p);
  const int32_t block = o == nullptr ? 0 : o->block_size();
  PIPIT_TRY(check(p, block));
  const Shape& in = p.input(0).shape;
  const int64_t height = int64_t{in[1]} * block, width = int64_t{in[2]} * block;
  if (in[3] % (block * block) != 0 || height > INT32_MAX || width > INT32_MAX) {
    return p.bad(p.input(0), " does not hold blocks of ", block, " by ", block);
  }
  const Shape out = Shape::of(in[0], height, width, in[3] / (block * block));
  PIPIT_TRY(p.set_output(0, out));
  return move_blocks(p, out, block, false);
}

}  // namespace

const Op kSpaceToDepth = {builtin(fb::BuiltinOperator::SPACE_TO_DEPTH), "SPACE_TO_DEPTH",
                          prepare_space_to_depth};
const Op kDepthToSpace = {builtin(fb::BuiltinOperator::DEPTH_TO_SPACE), "DEPTH_TO_SPACE",
                          prepare_depth_to_space};

}  // namespace pipit
