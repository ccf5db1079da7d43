// SPDX-License-Identifier: Apache-2.0
// ONE_HOT: each index becomes a row of `depth` values, one of them `on`, the others `off`.
//
//   out[i, d, k] = indices[i, k] == d ? on : off      i: dimensions before the axis, k: behind it
//
//   indices 2 0 5, depth 3:   off off on
//                             on  off off
//                             off off off
#include <cstring>

#include "kernels/contracts/variant.h"
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int kIndices = 0, kDepth = 1, kOn = 2, kOff = 3;
constexpr TypeSet kTypes =
    types(Type::kFloat32, Type::kInt32, Type::kInt64, Type::kInt8, Type::kUInt8, Type::kBool);

struct Params {
  CopyBoxFn copy;
  int32_t before, depth, behind;  // the output is [before, depth, behind]
};

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const Tensor& out = s.output(0);
  if (out.elements() == 0) return {};
  const int32_t element = element_bytes(out.type);
  // Everything is off first. Indices that are not in [0, depth) leave it at that.
  const CopyDim all = {out.elements(), 0, element};
  p.copy({s.input(kOff).as<uint8_t>(), out.as<uint8_t>(), &all, 1, element});
  for (int32_t i = 0; i < p.before; ++i) {
    for (int32_t k = 0; k < p.behind; ++k) {
      // Indices are taken as int32, whatever their type.
      const auto hot = static_cast<int32_t>(integer(s.input(kIndices), i * p.behind + k));
      if (hot < 0 || hot >= p.depth) continue;
      const ptrdiff_t at = static_cast<ptrdiff_t>(i * p.depth + hot) * p.behind + k;
      std::memcpy(out.as<uint8_t>() + at * element, s.input(kOn).data,
                  static_cast<size_t>(element));
    }
  }
  return {};
}

Status check(const Prepare& p) {
  PIPIT_TRY(p.arity(4, 4, 1));
  PIPIT_TRY(need_type(p, p.input(kOn), kTypes));
  PIPIT_TRY(same_type(p, p.input(kOn), p.input(kOff)));
  PIPIT_TRY(need_type(p, p.input(kIndices), types(Type::kInt32, Type::kInt64)));
  PIPIT_TRY(need_type(p, p.input(kDepth), types(Type::kInt32)));
  for (const int i : {kDepth, kOn, kOff}) {
    if (p.input(i).elements() != 1) return p.bad(p.input(i), " is not one number");
  }
  if (p.input(kIndices).shape.rank < Shape::kMaxRank) return {};
  return p.unsupported(p.input(kIndices), " has no room for one more dimension");
}

Status prepare(Prepare& p) {
  PIPIT_TRY(check(p));
  p.set_output_type(0, p.input(kOn).type);
  const Shape& indices = p.input(kIndices).shape;
  const auto* o = options<fb::OneHotOptions>(p);
  const int32_t asked = o == nullptr ? 0 : o->axis();
  // -1 puts the new dimension last; no other negative axis means anything here.
  const int32_t axis = asked == -1 ? indices.rank : asked;
  if (axis < 0 || axis > indices.rank) return p.bad("axis ", asked, " for indices ", indices);
  if (!p.values_known(kDepth)) return p.defer();
  const int64_t depth = integer(p.input(kDepth), 0);
  if (depth < 0) return p.bad("depth ", depth);
  Shape shape;
  for (int32_t d = 0; d <= indices.rank; ++d) {
    shape[shape.rank++] =
        d < axis ? indices[d] : (d == axis ? static_cast<int32_t>(depth) : indices[d - 1]);
  }
  PIPIT_TRY(p.set_output(0, shape));
  Params* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  const auto& variant = choose(copy_box_variants(), p.cpu());
  *params = {variant.run, indices.product(0, axis), static_cast<int32_t>(depth),
             indices.product(axis, indices.rank)};
  return p.run(run, params, variant.name);
}

}  // namespace

const Op kOneHot = {builtin(fb::BuiltinOperator::ONE_HOT), "ONE_HOT", prepare};

}  // namespace pipit
