// SPDX-License-Identifier: Apache-2.0
// REVERSE_V2: dimensions back to front; REVERSE_SEQUENCE: the first few entries of a dimension, how
// many of them given for each batch. The outputs' shapes are the inputs'; what to reverse may be
// known only while running, so boxes are made there.
//
//   REVERSE_V2:        out[..., i, ...] = in[..., n - 1 - i, ...] for each of the axes
//   REVERSE_SEQUENCE:  out[b, i] = in[b, length[b] - 1 - i] where i < length[b], else in[b, i]
//
//   REVERSE_SEQUENCE of a b c d with length 3:   c b a d
#include "kernels/contracts/variant.h"
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

struct Params {
  CopyBoxFn copy;
  int32_t sequence, batch;  // dimensions (REVERSE_SEQUENCE)
};

// All of `t` with the dimensions in the bit set `reversed` back to front.
// Reading backwards is a negative step from the last element.
struct Reversal {
  CopyDims dims;
  int32_t in_offset = 0;

  Reversal(const Shape& shape, int32_t element, uint32_t reversed) {
    dims.element = element;
    const Steps steps = dense_steps(shape, element);
    for (int32_t d = 0; d < shape.rank; ++d) {
      const bool back = (reversed >> d & 1) != 0;
      if (back) in_offset += (shape[d] - 1) * steps.of[d];
      dims.add(shape[d], back ? -steps.of[d] : steps.of[d], steps.of[d]);
    }
  }
};

Status prepare(Prepare& p, RunFn run, const Params& params) {
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  Params* kept = p.allocate<Params>();
  if (kept == nullptr) return Code::kArenaTooSmall;
  *kept = params;
  const auto& variant = choose(copy_box_variants(), p.cpu());
  kept->copy = variant.run;
  return p.run(run, kept, variant.name);
}

// ---- REVERSE_V2

constexpr TypeSet kReverseTypes =
    kFloat8Types | types(Type::kInt32, Type::kFloat32, Type::kUInt8, Type::kInt8, Type::kInt16,
                         Type::kInt64, Type::kBool, Type::kFloat16, Type::kBFloat16);

// The axes as a bit set. They must be neighbours. Returns the first that is not accepted, or -1.
int32_t read_axes(const Tensor& axes, int32_t rank, uint32_t* set) {
  *set = 0;
  for (int32_t i = 0; i < axes.elements(); ++i) {
    int64_t axis = integer(axes, i);
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank || (*set >> axis & 1) != 0) return i;
    *set |= uint32_t{1} << axis;
  }
  // Neighbours are one run of bits: adding the lowest carries through all of them and leaves none.
  const uint32_t lowest = *set & -*set;
  return (*set & (*set + lowest)) == 0 ? -1 : axes.elements() - 1;
}

Status run_reverse(const Step& s, Run& run) {
  const Tensor& in = s.input(0);
  const Tensor& axes = s.input(1);
  uint32_t set = 0;
  const int32_t bad = read_axes(axes, in.shape.rank, &set);
  if (bad >= 0) {
    return run.fail(s, "cannot reverse axis ", integer(axes, bad), " of ", in,
                    ": axes must exist, differ and be neighbours");
  }
  Reversal r(in.shape, element_bytes(in.type), set);
  r.dims.simplify();
  if (in.elements() == 0) return {};
  s.params<Params>()->copy(r.dims.box(in.as<uint8_t>() + r.in_offset, s.output(0).as<uint8_t>()));
  return {};
}

Status prepare_reverse(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& input = p.input(0);
  const Tensor& axes = p.input(1);
  PIPIT_TRY(need_type(p, input, kReverseTypes));
  PIPIT_TRY(same_type(p, input, p.output(0)));
  PIPIT_TRY(need_type(p, axes, types(Type::kInt32)));
  if (axes.shape.rank != 1 || axes.elements() > input.shape.rank) {
    return p.bad("axes ", axes, " do not fit ", input);
  }
  return prepare(p, run_reverse, {});
}

// ---- REVERSE_SEQUENCE

constexpr TypeSet kSequenceTypes =
    types(Type::kInt32, Type::kFloat32, Type::kUInt8, Type::kInt16, Type::kInt64);

// Copies entries [from, to) of the sequences in batch entry `index`, in order or back to front.
void copy_entries(const Step& s, int32_t index, int32_t from, int32_t to, bool back) {
  const auto& p = *s.params<Params>();
  const Tensor& in = s.input(0);
  const int32_t element = element_bytes(in.type);
  const Steps steps = dense_steps(in.shape, element);
  Reversal r(in.shape, element, 0);
  CopyDim& sequence = r.dims.dims[p.sequence];
  sequence.size = to - from;
  if (back) sequence.in_step = -sequence.in_step;
  r.dims.dims[p.batch].size = 1;
  r.dims.simplify();
  const ptrdiff_t start = ptrdiff_t{index} * steps.of[p.batch];
  const ptrdiff_t step = steps.of[p.sequence];
  p.copy(r.dims.box(in.as<uint8_t>() + start + (back ? to - 1 : from) * step,
                    s.output(0).as<uint8_t>() + start + from * step));
}

Status run_reverse_sequence(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const Shape& shape = s.input(0).shape;
  const Tensor& lengths = s.input(1);
  const int32_t entries = shape[p.sequence];
  for (int32_t i = 0; i < shape[p.batch]; ++i) {
    if (integer(lengths, i) <= entries) continue;
    return run.fail(s, "length ", integer(lengths, i), " is more than ", entries);
  }
  if (shape.elements() == 0) return {};
  for (int32_t i = 0; i < shape[p.batch]; ++i) {
    const int64_t length = integer(lengths, i);
    const int32_t reversed = length > 0 ? static_cast<int32_t>(length) : 0;
    if (reversed > 0) copy_entries(s, i, 0, reversed, true);
    if (reversed < entries) copy_entries(s, i, reversed, entries, false);
  }
  return {};
}

Status prepare_reverse_sequence(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  const Tensor& input = p.input(0);
  const Tensor& lengths = p.input(1);
  PIPIT_TRY(need_type(p, input, kSequenceTypes));
  PIPIT_TRY(same_type(p, input, p.output(0)));
  PIPIT_TRY(need_type(p, lengths, types(Type::kInt32, Type::kInt64)));
  const auto* o = options<fb::ReverseSequenceOptions>(p);
  const int32_t sequence = o == nullptr ? 0 : o->seq_dim(),
                batch = o == nullptr ? 0 : o->batch_dim();
  const auto exists = [&](int32_t d) { return d >= 0 && d < input.shape.rank; };
  if (!exists(sequence) || !exists(batch) || sequence == batch) {
    return p.bad("sequence dimension ", sequence, " and batch dimension ", batch, " of ", input);
  }
  if (lengths.shape != Shape::of(input.shape[batch])) {
    return p.bad("lengths ", lengths, " are not one for each index of dimension ", batch, " of ",
                 input);
  }
  return prepare(p, run_reverse_sequence, {nullptr, sequence, batch});
}

}  // namespace

const Op kReverseV2 = {builtin(fb::BuiltinOperator::REVERSE_V2), "REVERSE_V2", prepare_reverse};
const Op kReverseSequence = {builtin(fb::BuiltinOperator::REVERSE_SEQUENCE), "REVERSE_SEQUENCE",
                             prepare_reverse_sequence};

}  // namespace pipit
