// SPDX-License-Identifier: Apache-2.0
// CONCATENATION, PACK: tensors side by side along an axis.
//
//   rows: dimensions before the axis              | input 0 | input 1   | input 2 |   row 0
//   columns: the axis and dimensions behind it    | input 0 | input 1   | input 2 |   row 1
#include <cmath>

#include "core/to_integer.h"
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr TypeSet kConcatenationTypes =
    kFloat8Types | types(Type::kFloat32, Type::kFloat16, Type::kBFloat16, Type::kUInt8, Type::kInt8,
                         Type::kInt16, Type::kInt32, Type::kInt64, Type::kBool, Type::kUInt32,
                         Type::kInt4);
constexpr TypeSet kPackTypes =
    kFloat8Types | types(Type::kFloat32, Type::kInt32, Type::kUInt8, Type::kUInt32, Type::kInt8,
                         Type::kInt16, Type::kInt64);

// Bytes that an input has in each of `rows` rows.
int32_t input_bytes_per_row(const Tensor& input, int32_t rows) {
  return rows == 0 ? 0 : input.elements() / rows * element_bytes(input.type);
}

// Copies every input into its columns of the output, whose rows are the dimensions before `axis`.
Status copy_columns(Prepare& p, int32_t axis) {
  const int32_t rows = p.output(0).shape.product(0, axis);
  const int32_t row = p.output(0).elements() == 0 ? 0 : input_bytes_per_row(p.output(0), rows);
  Moves moves(p);
  PIPIT_TRY(moves.begin(p.inputs()));
  int32_t column = 0;
  for (int i = 0; i < p.inputs(); ++i) {
    CopyDims dims;
    dims.element = input_bytes_per_row(p.input(i), rows);
    dims.add(rows, dims.element, row);
    PIPIT_TRY(moves.add(i, 0, 0, column, dims));
    column += dims.element;
  }
  return moves.finish();
}

// ---- uint8 inputs of another scale than the output's

struct RescalePart {
  int32_t columns;
  float scale;  // input / output
  float bias;
};

struct RescaleParams {
  int32_t rows, zero_point;
  const RescalePart* parts;
};

// In float32, and with the zero point behind the rounding, as in TensorFlow Lite's reference
// kernel.
uint8_t rescale(uint8_t x, const RescalePart& part, int32_t zero_point) {
  const float real = std::round(static_cast<float>(x) * part.scale + part.bias);
  const float moved = real + static_cast<float>(zero_point);
  return to_integer<uint8_t>(moved, static_cast<uint8_t>(zero_point));
}

Status run_rescaled(const Step& s, Run&) {
  const auto& p = *s.params<RescaleParams>();
  uint8_t* out = s.output(0).as<uint8_t>();
  for (int32_t row = 0; row < p.rows; ++row) {
    for (int i = 0; i < s.inputs; ++i) {
      const RescalePart& part = p.parts[i];
      const uint8_t* in = s.input(i).as<uint8_t>() + static_cast<ptrdiff_t>(row) * part.columns;
      for (int32_t c = 0; c < part.columns; ++c) *out++ = rescale(in[c], part, p.zero_point);
    }
  }
  return {};
}

Status prepare_rescaled(Prepare& p, int32_t axis) {
  const Tensor& output = p.output(0);
  PIPIT_TRY(need_scale(p, output));
  auto* params = p.allocate<RescaleParams>();
  auto* parts = p.allocate<RescalePart>(static_cast<size_t>(p.inputs()));
  if (params == nullptr || parts == nullptr) return Code::kArenaTooSmall;
  *params = {output.shape.product(0, axis), output.zero_point, parts};
  const float inverse = 1.0f / output.scale;
  for (int i = 0; i < p.inputs(); ++i) {
    const Tensor& in = p.input(i);
    PIPIT_TRY(need_scale(p, in));
    const bool same = in.scale == output.scale && in.zero_point == output.zero_point;
    const float scale = same ? 1.0f : in.scale * inverse;
    const int32_t columns = input_bytes_per_row(in, params->rows);
    parts[i] = {columns, scale, -static_cast<float>(in.zero_point) * scale};
  }
  return p.run(run_rescaled, params, "portable");
}

// ---- CONCATENATION

Status check_quantization(const Prepare& p, bool* rescaled) {
  const Tensor& output = p.output(0);
  for (int i = 0; i < p.inputs(); ++i) {
    const Tensor& in = p.input(i);
    if (in.type == Type::kInt8) PIPIT_TRY(same_quantization(p, in, output));
    if (in.type == Type::kInt16 && (in.zero_point != 0 || output.zero_point != 0)) {
      return p.unsupported(in, ": int16 with a zero point");
    }
    if (in.type != Type::kUInt8) continue;
    *rescaled |= in.scale != output.scale || in.zero_point != output.zero_point;
  }
  return {};
}

// All dimensions but the axis agree; scalars are taken as vectors of one.
Status concatenated_shape(const Prepare& p, int32_t axis, Shape* out) {
  const Shape& first = p.input(0).shape;
  *out = first;
  if (first.rank == 0) *out = Shape::of(1);
  int64_t sum = 0;
  for (int i = 0; i < p.inputs(); ++i) {
    const Tensor& t = p.input(i);
    PIPIT_TRY(same_type(p, t, p.input(0)));
    bool fits = t.shape.rank == first.rank;
    for (int32_t d = 0; fits && d < first.rank; ++d) fits = d == axis || t.shape[d] == first[d];
    if (!fits) return p.bad(t, " does not fit ", p.input(0), " along axis ", axis);
    sum += first.rank == 0 ? 1 : t.shape[axis];
  }
  if (sum > INT32_MAX) return p.bad("the output would have ", sum, " along axis ", axis);
  (*out)[axis] = static_cast<int32_t>(sum);
  return {};
}

Status all_inputs(const Prepare& p) {
  const int n = p.inputs() > 0 ? p.inputs() : 1;
  return p.arity(n, n, 1);
}

Status prepare_concatenation(Prepare& p) {
  PIPIT_TRY(all_inputs(p));
  const auto* o = options<fb::ConcatenationOptions>(p);
  if (o != nullptr && o->fused_activation_function() != fb::ActivationFunctionType::NONE) {
    return p.unsupported("a fused activation");
  }
  const Shape& first = p.input(0).shape;
  PIPIT_TRY(need_type(p, p.input(0), kConcatenationTypes));
  PIPIT_TRY(same_type(p, p.input(0), p.output(0)));
  int32_t axis = 0;
  PIPIT_TRY(resolve_axis(p, o == nullptr ? 0 : o->axis(), first.rank > 0 ? first.rank : 1, &axis));
  Shape shape;
  PIPIT_TRY(concatenated_shape(p, axis, &shape));
  bool rescaled = false;
  PIPIT_TRY(check_quantization(p, &rescaled));
  PIPIT_TRY(p.set_output(0, shape));
  // One input that differs sends all through floats, those that agree with a scale of 1.
  return rescaled ? prepare_rescaled(p, axis) : copy_columns(p, axis);
}

// ---- PACK

Status prepare_pack(Prepare& p) {
  PIPIT_TRY(all_inputs(p));
  const auto* o = options<fb::PackOptions>(p);
  const int32_t count = o == nullptr ? 0 : o->values_count();
  if (count != p.inputs()) return p.bad("has ", p.inputs(), " inputs, but packs ", count);
  const Tensor& first = p.input(0);
  PIPIT_TRY(need_type(p, first, kPackTypes));
  PIPIT_TRY(same_type(p, first, p.output(0)));
  if (first.shape.rank == Shape::kMaxRank) return p.unsupported(first, " has no room for one more");
  int32_t axis = 0;
  // The output's axis, one more than the inputs have.
  PIPIT_TRY(resolve_axis(p, o->axis(), first.shape.rank + 1, &axis));
  for (int i = 0; i < p.inputs(); ++i) {
    PIPIT_TRY(same_type(p, p.input(i), first));
    PIPIT_TRY(same_quantization(p, p.input(i), p.output(0)));
    if (p.input(i).shape != first.shape) return p.bad(p.input(i), " and ", first, " differ");
  }
  Shape out;
  for (int32_t d = 0; d <= first.shape.rank; ++d) {
    out[out.rank++] = d < axis ? first.shape[d] : (d == axis ? count : first.shape[d - 1]);
  }
  PIPIT_TRY(p.set_output(0, out));
  return copy_columns(p, axis);
}

}  // namespace

const Op kConcatenation = {builtin(fb::BuiltinOperator::CONCATENATION), "CONCATENATION",
                           prepare_concatenation};
const Op kPack = {builtin(fb::BuiltinOperator::PACK), "PACK", prepare_pack};

}  // namespace pipit
