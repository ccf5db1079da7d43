// SPDX-License-Identifier: Apache-2.0
// FILL: one value everywhere; ZEROS_LIKE: zero everywhere; RANGE: start, start + delta, ...
//
//   RANGE from 1 to 5 by 1.5:   1 2.5 4
#include <cmath>

#include "core/to_integer.h"
#include "kernels/math/real.h"
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

// ---- FILL

Status prepare_fill(Prepare& p) {
  constexpr int kDims = 0, kValue = 1;
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& dims = p.input(kDims);
  const Tensor& value = p.input(kValue);
  PIPIT_TRY(need_type(p, dims, types(Type::kInt32, Type::kInt64)));
  PIPIT_TRY(need_type(p, value, kByteTypes | types(Type::kString)));
  if (dims.shape.rank != 1) return p.bad("dimensions ", dims, " are not a vector");
  if (value.shape.rank != 0) return p.bad("value ", value, " is not a scalar");
  p.set_output_type(0, value.type);
  PIPIT_TRY(same_quantization(p, value, p.output(0)));
  if (value.type == Type::kInt16 && value.zero_point != 0) {
    return p.unsupported(value, ": int16 with zero point ", value.zero_point);
  }
  if (!p.values_known(kDims)) return p.defer();
  Shape shape;
  PIPIT_TRY(shape_from(p, dims, &shape));
  PIPIT_TRY(p.set_output(0, shape));
  Moves moves(p);
  PIPIT_TRY(moves.begin(1));
  PIPIT_TRY(moves.fill(kValue));
  return moves.finish();
}

// ---- ZEROS_LIKE

Status prepare_zeros_like(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  // Of int8, too, all bytes become 0, whatever the zero point.
  PIPIT_TRY(
      need_type(p, p.input(0), types(Type::kInt64, Type::kInt32, Type::kFloat32, Type::kInt8)));
  p.set_output_type(0, p.input(0).type);
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  Moves moves(p);
  PIPIT_TRY(moves.begin(1));
  PIPIT_TRY(moves.fill(Moves::kValue));
  return moves.finish();
}

// ---- RANGE

constexpr int kStart = 0, kLimit = 1, kDelta = 2;

template <class T>
T scalar(const Tensor& t) {
  return *t.as<T>();
}

// Numbers from start on before limit; -1 where delta leads nowhere or there are too many. In 64
// bits without a sign: the distance of two int64 need not be one.
int64_t count_integers(int64_t start, int64_t limit, int64_t delta) {
  const bool up = delta > 0;
  if (delta == 0 || (up ? start > limit : start < limit)) return -1;
  const uint64_t low = static_cast<uint64_t>(up ? start : limit);
  const uint64_t distance = static_cast<uint64_t>(up ? limit : start) - low;
  const uint64_t step = up ? static_cast<uint64_t>(delta) : -static_cast<uint64_t>(delta);
  const uint64_t n = distance / step + (distance % step != 0 ? 1 : 0);
  return n > INT32_MAX ? -1 : static_cast<int64_t>(n);
}

// ceil(|limit - start| / |delta|), in float32 as the reference has it.
int64_t count_floats(float start, float limit, float delta) {
  if (!((delta > 0 && start <= limit) || (delta < 0 && start >= limit))) return -1;
  const float n = real::ceil(std::fabs((limit - start) / delta));
  return n < 2147483648.0f ? to_integer<int64_t>(n) : -1;  // infinite and NaN, too
}

int64_t count(const Prepare& p) {
  const Tensor &start = p.input(kStart), &limit = p.input(kLimit), &delta = p.input(kDelta);
  if (start.type == Type::kFloat32) {
    return count_floats(scalar<float>(start), scalar<float>(limit), scalar<float>(delta));
  }
  return count_integers(integer(start, 0), integer(limit, 0), integer(delta, 0));
}

// Sums, because products would round differently. Integers cannot overflow before the last step.
template <class T>
Status run_range(const Step& s, Run&) {
  const T delta = scalar<T>(s.input(kDelta));
  T* out = s.output(0).as<T>();
  T value = scalar<T>(s.input(kStart));
  const int32_t n = s.output(0).elements();
  for (int32_t i = 0; i < n; ++i) {
    out[i] = value;
    if (i + 1 < n) value = static_cast<T>(value + delta);
  }
  return {};
}

Status prepare_range(Prepare& p) {
  PIPIT_TRY(p.arity(3, 3, 1));
  const Type type = p.input(kStart).type;
  for (int i = kStart; i <= kDelta; ++i) {
    const Tensor& t = p.input(i);
    PIPIT_TRY(need_type(p, t, types(Type::kFloat32, Type::kInt32, Type::kInt64)));
    PIPIT_TRY(same_type(p, p.input(kStart), t));
    if (t.shape.rank != 0) return p.bad(t, " is not a scalar");
  }
  p.set_output_type(0, type);
  for (int i = kStart; i <= kDelta; ++i) {
    if (!p.values_known(i)) return p.defer();
  }
  const int64_t n = count(p);
  if (n < 0 || n > INT32_MAX) return p.bad("start, limit and delta give no range");
  PIPIT_TRY(p.set_output(0, Shape::of(n)));
  return p.run(type == Type::kFloat32 ? run_range<float>
               : type == Type::kInt32 ? run_range<int32_t>
                                      : run_range<int64_t>,
               nullptr, "portable");
}

}  // namespace

const Op kFill = {builtin(fb::BuiltinOperator::FILL), "FILL", prepare_fill};
const Op kZerosLike = {builtin(fb::BuiltinOperator::ZEROS_LIKE), "ZEROS_LIKE", prepare_zeros_like};
const Op kRange = {builtin(fb::BuiltinOperator::RANGE), "RANGE", prepare_range};

}  // namespace pipit
