// SPDX-License-Identifier: Apache-2.0
// PAD, PADV2: a border of one value.
//
//   out[before_0 + i, before_1 + j, ...] = in[i, j, ...], and everything else is the value
//
// The interior is copied, then the borders of one dimension after the other are filled: see Slab.
// No byte is written twice.
#include "kernels/ops.h"
#include "kernels/ops/padding.h"

namespace pipit {
namespace {

constexpr int kInput = 0, kPaddings = 1, kValue = 2;
// More than that TensorFlow Lite refuses.
constexpr int32_t kMaxPadRank = 5;
constexpr TypeSet kPadTypes =
    kFloat8Types | types(Type::kFloat32, Type::kFloat16, Type::kBFloat16, Type::kUInt8, Type::kInt8,
                         Type::kInt16, Type::kInt32, Type::kInt64, Type::kBool);
constexpr TypeSet kPaddingTypes =
    types(Type::kInt64, Type::kInt32, Type::kInt16, Type::kInt8, Type::kBool);

// Whether the border is a quantized zero, or a value in the output's quantization.
bool quantized(const Tensor& t) {
  if (t.type == Type::kUInt8) return true;
  return (t.type == Type::kInt8 || t.type == Type::kInt16) && !quantization(t).scales.empty();
}

Status check_value(const Prepare& p) {
  const Tensor* value = p.optional_input(kValue);
  const Tensor& output = p.output(0);
  if (value != nullptr) {
    PIPIT_TRY(same_type(p, p.input(kInput), *value));
    if (value->elements() != 1) return p.bad("value ", *value, " is not one number");
    return quantized(p.input(kInput)) ? same_quantization(p, *value, output) : Status();
  }
  if (!quantized(p.input(kInput))) return {};
  const Range range = type_range(output.type);
  if (output.zero_point < range.min || output.zero_point > range.max) {
    return p.bad("output ", output, " has zero point ", output.zero_point);
  }
  return {};
}

// Fills the output before and behind the interior of one dimension.
Status fill_borders(const Prepare& p, const Padding& padding, int32_t dim, int32_t from,
                    Moves* moves) {
  Slab slab = border_slab(p, padding, dim);
  for (int32_t d = 0; d < slab.dims.rank; ++d) slab.dims.dims[d].in_step = 0;
  slab.dims.dims[dim].size = padding.before[dim];
  PIPIT_TRY(moves->add(from, 0, 0, slab.offset, slab.dims));
  slab.dims.dims[dim].size = padding.after[dim];
  const int32_t behind = padding.before[dim] + p.input(kInput).shape[dim];
  return moves->add(from, 0, 0, slab.offset + behind * slab.step, slab.dims);
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(2, 3, 1));
  const Tensor& input = p.input(kInput);
  PIPIT_TRY(need_type(p, input, kPadTypes));
  PIPIT_TRY(same_type(p, input, p.output(0)));
  PIPIT_TRY(need_type(p, p.input(kPaddings), kPaddingTypes));
  if (input.shape.rank > kMaxPadRank) {
    return p.unsupported(input, ": at most ", kMaxPadRank, " dimensions");
  }
  PIPIT_TRY(check_value(p));
  PIPIT_TRY(check_paddings(p, kPaddings));
  if (!p.values_known(kPaddings)) return p.defer();
  Padding padding;
  Shape shape;
  PIPIT_TRY(read_paddings(p, kPaddings, &padding, &shape));
  PIPIT_TRY(p.set_output(0, shape));
  Moves moves(p);
  PIPIT_TRY(moves.begin(1 + 2 * input.shape.rank));
  PIPIT_TRY(copy_interior(p, padding, &moves));
  const bool has_value = p.has_input(kValue);
  if (!has_value && quantized(input)) {
    // The low bytes of the value are what a little-endian element is.
    moves.set_value(static_cast<uint64_t>(int64_t{p.output(0).zero_point}));
  }
  for (int32_t d = 0; d < shape.rank; ++d) {
    PIPIT_TRY(fill_borders(p, padding, d, has_value ? kValue : Moves::kValue, &moves));
  }
  return moves.finish();
}

}  // namespace

const Op kPad = {builtin(fb::BuiltinOperator::PAD), "PAD", prepare};
const Op kPadV2 = {builtin(fb::BuiltinOperator::PADV2), "PADV2", prepare};

}  // namespace pipit
