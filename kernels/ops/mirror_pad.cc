// SPDX-License-Identifier: Apache-2.0
// MIRROR_PAD: a border that mirrors the inside, with the outermost element (symmetric) or without
// it (reflect).
//
//   a b c with 2 before and 2 behind:   reflect    c b [a b c] b a
//                                       symmetric  b a [a b c] c b
#include "kernels/ops.h"
#include "kernels/ops/padding.h"

namespace pipit {
namespace {

constexpr int kInput = 0, kPaddings = 1;

// Mirrors one dimension within the output. Dimensions behind it are complete by now. So going from
// the last dimension to the first, corners are mirrored twice.
Status mirror(const Prepare& p, const Padding& padding, int32_t dim, int32_t skip, Moves* moves) {
  const Slab slab = border_slab(p, padding, dim);
  const int32_t before = padding.before[dim], after = padding.after[dim];
  const int32_t end = before + p.input(kInput).shape[dim];
  const auto copy = [&](int32_t from, int32_t to, int32_t count, int32_t direction) {
    CopyDims dims = slab.dims;
    dims.dims[dim] = {count, direction * slab.step, -direction * slab.step};
    return moves->add(Moves::kOutput, slab.offset + from * slab.step, 0,
                      slab.offset + to * slab.step, dims);
  };
  PIPIT_TRY(copy(before + skip, before - 1, before, 1));
  return copy(end - 1 - skip, end, after, -1);
}

Status check_quantization(const Prepare& p) {
  const Tensor& input = p.input(kInput);
  const Type type = input.type;
  if (type != Type::kUInt8 && type != Type::kInt8 && type != Type::kInt16) return {};
  PIPIT_TRY(same_quantization(p, input, p.output(0)));
  if (type != Type::kInt16 || input.zero_point == 0) return {};
  return p.unsupported(input, ": int16 with zero point ", input.zero_point);
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& input = p.input(kInput);
  PIPIT_TRY(need_type(p, input, kByteTypes));
  PIPIT_TRY(same_type(p, input, p.output(0)));
  PIPIT_TRY(need_type(p, p.input(kPaddings), types(Type::kInt32, Type::kInt64)));
  PIPIT_TRY(check_paddings(p, kPaddings));
  PIPIT_TRY(check_quantization(p));
  const auto* o = options<fb::MirrorPadOptions>(p);
  const int mode = o == nullptr ? 0 : static_cast<int>(o->mode());
  if (mode != 0 && mode != 1) return p.unsupported("mode ", mode);
  const int32_t skip = mode == 0 ? 1 : 0;
  if (!p.values_known(kPaddings)) return p.defer();
  Padding padding;
  Shape shape;
  PIPIT_TRY(read_paddings(p, kPaddings, &padding, &shape));
  for (int32_t d = 0; d < shape.rank; ++d) {
    // What is mirrored must be there, and must not be border itself.
    const int32_t most = input.shape[d] - skip;
    if (padding.before[d] <= most && padding.after[d] <= most) continue;
    return p.bad("dimension ", d, " of ", input, " cannot mirror ", padding.before[d], " and ",
                 padding.after[d]);
  }
  PIPIT_TRY(p.set_output(0, shape));
  Moves moves(p);
  PIPIT_TRY(moves.begin(1 + 2 * shape.rank));
  PIPIT_TRY(copy_interior(p, padding, &moves));
  for (int32_t d = shape.rank; d-- > 0;) PIPIT_TRY(mirror(p, padding, d, skip, &moves));
  return moves.finish();
}

}  // namespace

const Op kMirrorPad = {builtin(fb::BuiltinOperator::MIRROR_PAD), "MIRROR_PAD", prepare};

}  // namespace pipit
