// SPDX-License-Identifier: Apache-2.0
// DILATE, STABLEHLO_PAD: elements moved apart, with a value between and around them.
//
//   DILATE by 2:                       a b c  ->  a v b v c
//   STABLEHLO_PAD, interior 1, 2 low:  a b c  ->  v v a v b v c
//   STABLEHLO_PAD, -1 low, 2 high:     a b c  ->  b c v v
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

// Element i of a dimension goes to before + i * step, if that lies in the output. Where `before` is
// negative the first elements are cut off.
struct Spread {
  int64_t before = 0;
  int64_t step = 1;
  int64_t size = 0;  // of the output's dimension
};

Status check(const Prepare& p, int value) {
  const Tensor& input = p.input(0);
  PIPIT_TRY(need_type(p, input, kByteTypes));
  PIPIT_TRY(same_type(p, input, p.output(0)));
  PIPIT_TRY(same_type(p, input, p.input(value)));
  if (input.shape.rank < 1) return p.bad(input, " is a scalar");
  if (p.input(value).elements() != 1) return p.bad(p.input(value), " is not one value");
  return {};
}

// The elements of a dimension that have a place in the output.
Clip kept(const Spread& s, int32_t in, int32_t out) { return clip(in, s.step, s.before, out); }

// Whether the input's elements, each of which has a place of its own, leave none of the output
// free.
bool fills_output(const Spread* spreads, const Shape& in, const Shape& out) {
  for (int32_t d = 0; d < in.rank; ++d) {
    if (kept(spreads[d], in[d], out[d]).count != out[d]) return false;
  }
  return true;
}

Status copy_elements(const Prepare& p, const Spread* spreads, Moves* moves) {
  const Shape& in = p.input(0).shape;
  const Shape& out = p.output(0).shape;
  CopyDims dims;
  dims.element = element_bytes(p.input(0).type);
  const Steps in_steps = dense_steps(in, dims.element);
  const Steps out_steps = dense_steps(out, dims.element);
  int32_t in_offset = 0, out_offset = 0;
  for (int32_t d = 0; d < in.rank; ++d) {
    const Spread& s = spreads[d];
    const Clip c = kept(s, in[d], out[d]);
    if (c.count == 0) return {};
    // One element has no step, which might not fit where it is larger than the output.
    const int64_t step = c.count > 1 ? s.step * out_steps.of[d] : 0;
    dims.add(c.count, in_steps.of[d], static_cast<int32_t>(step));
    in_offset += c.first * in_steps.of[d];
    out_offset += static_cast<int32_t>(s.before + c.first * s.step) * out_steps.of[d];
  }
  return moves->add(0, in_offset, 0, out_offset, dims);
}

Status spread(Prepare& p, const Spread* spreads, int32_t value) {
  const Shape& in = p.input(0).shape;
  Shape shape = in;
  for (int32_t d = 0; d < in.rank; ++d) {
    if (spreads[d].size > INT32_MAX) {
      return p.bad("dimension ", d, " of the output would have ", spreads[d].size);
    }
    shape[d] = static_cast<int32_t>(spreads[d].size);
  }
  PIPIT_TRY(p.set_output(0, shape));
  Moves moves(p);
  PIPIT_TRY(moves.begin(2));
  if (!fills_output(spreads, in, shape)) PIPIT_TRY(moves.fill(value));
  PIPIT_TRY(copy_elements(p, spreads, &moves));
  return moves.finish();
}

// ---- DILATE

Status prepare_dilate(Prepare& p) {
  constexpr int kDilations = 1, kValue = 2;
  PIPIT_TRY(p.arity(3, 3, 1));
  PIPIT_TRY(check(p, kValue));
  const Shape& in = p.input(0).shape;
  const Tensor& dilations = p.input(kDilations);
  PIPIT_TRY(need_type(p, dilations, types(Type::kInt32)));
  if (dilations.shape != Shape::of(in.rank)) {
    return p.bad("dilations ", dilations, " are not one for each dimension of ", p.input(0));
  }
  if (!p.values_known(kDilations)) return p.defer();
  Spread spreads[Shape::kMaxRank];
  for (int32_t d = 0; d < in.rank; ++d) {
    const int64_t step = integer(dilations, d);
    if (step < 1) return p.bad("dilation ", step, " in dimension ", d);
    spreads[d] = {0, step, in[d] == 0 ? 0 : (in[d] - 1) * step + 1};
  }
  return spread(p, spreads, kValue);
}

// ---- STABLEHLO_PAD

Status read_padding(const Prepare& p, int32_t d, const fb::StablehloPadOptions& o, Spread* s) {
  const auto number = [d](const Int64List* v) { return element(*v, d); };
  const int64_t low = number(o.edge_padding_low()), high = number(o.edge_padding_high());
  const int64_t inside = number(o.interior_padding());
  const auto fits = [](int64_t x) { return x >= INT32_MIN && x <= INT32_MAX; };
  if (!fits(low) || !fits(high) || !fits(inside) || inside < 0) {
    return p.bad("paddings ", low, ", ", high, " and ", inside, " of dimension ", d);
  }
  const int64_t size = p.input(0).shape[d];
  const int64_t between = size > 0 ? (size - 1) * inside : 0;
  *s = {low, inside + 1, size + between + low + high};
  return {};
}

Status prepare_pad(Prepare& p) {
  constexpr int kValue = 1;
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(check(p, kValue));
  const auto* o = options2<fb::StablehloPadOptions>(p);
  if (o == nullptr) return p.bad("has no StablehloPadOptions");
  const int32_t rank = p.input(0).shape.rank;
  for (const Int64List* v :
       {o->edge_padding_low(), o->edge_padding_high(), o->interior_padding()}) {
    if (v == nullptr || v->size() != static_cast<unsigned>(rank)) {
      return p.bad("has not one padding for each dimension of ", p.input(0));
    }
  }
  Spread spreads[Shape::kMaxRank];
  bool empty = false;
  for (int32_t d = 0; d < rank; ++d) {
    PIPIT_TRY(read_padding(p, d, *o, &spreads[d]));
    empty |= spreads[d].size <= 0;
  }
  // Where cropping leaves nothing of one dimension, nothing is left of any.
  for (int32_t d = 0; empty && d < rank; ++d) spreads[d].size = 0;
  return spread(p, spreads, kValue);
}

}  // namespace

const Op kDilate = {builtin(fb::BuiltinOperator::DILATE), "DILATE", prepare_dilate};
const Op kStablehloPad = {builtin(fb::BuiltinOperator::STABLEHLO_PAD), "STABLEHLO_PAD",
                          prepare_pad};

}  // namespace pipit
