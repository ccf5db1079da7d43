// SPDX-License-Identifier: Apache-2.0
// SLICE: a box of the input; DYNAMIC_UPDATE_SLICE: the input with a box overwritten. Where the box
// lies may be known only while running; its size is known earlier.
//
//   SLICE:                 out[i, j, ...] = in[begin_0 + i, begin_1 + j, ...]
//   DYNAMIC_UPDATE_SLICE:  out = in, but out[start_0 + i, start_1 + j, ...] = update[i, j, ...]
//
// Both are one box of copies whose offset is found while running.
#include <algorithm>
#include <cstring>

#include "kernels/contracts/variant.h"
#include "kernels/math/int4.h"
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr TypeSet kIndexTypes = types(Type::kInt32, Type::kInt64);

// A box of `size` inside of a larger tensor.
struct Params {
  CopyBoxFn copy;
  const CopyDim* dims;
  int32_t rank, element;
  int32_t positions;               // the input that says where the box begins
  int32_t room[Shape::kMaxRank];   // the last place where it can begin
  int32_t steps[Shape::kMaxRank];  // of the larger tensor, in bytes
};

// `slice`: copies from the larger tensor to the box, otherwise back.
Status make_params(Prepare& p, int32_t positions, const Tensor& whole, const Shape& box, bool slice,
                   Params** kept) {
  Params* params = *kept = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  CopyDims dims;
  dims.element = element_bytes(whole.type);
  const Steps outer = dense_steps(whole.shape, dims.element);
  const Steps inner = dense_steps(box, dims.element);
  for (int32_t d = 0; d < box.rank; ++d) {
    dims.add(box[d], slice ? outer.of[d] : inner.of[d], slice ? inner.of[d] : outer.of[d]);
    params->room[d] = whole.shape[d] - box[d];
    params->steps[d] = outer.of[d];
  }
  dims.simplify();
  CopyDim* list = p.allocate<CopyDim>(static_cast<size_t>(dims.rank));
  if (list == nullptr) return Code::kArenaTooSmall;
  std::copy(dims.dims, dims.dims + dims.rank, list);
  params->copy = choose(copy_box_variants(), p.cpu()).run;
  params->dims = list;
  params->rank = dims.rank;
  params->element = dims.element;
  params->positions = positions;
  return {};
}

void copy(const Params& p, const uint8_t* in, uint8_t* out) {
  p.copy({in, out, p.dims, p.rank, p.element});
}

// ---- SLICE

constexpr int kBegin = 1, kSize = 2;
constexpr TypeSet kSliceTypes = kByteTypes | types(Type::kInt4, Type::kString);

Status run_slice(const Step& s, Run& run) {
  const auto& p = *s.params<Params>();
  const Tensor& in = s.input(0);
  const Tensor& out = s.output(0);
  int32_t offset = 0;
  for (int32_t d = 0; d < in.shape.rank; ++d) {
    const int64_t begin = integer(s.input(p.positions), d);
    if (begin < 0 || begin > p.room[d]) {
      return run.fail(s, out.shape, " cannot be cut out of ", in, " from ", begin,
                      " on in dimension ", d);
    }
    offset += static_cast<int32_t>(begin) * p.steps[d];
  }
  if (out.elements() == 0 || out.data == in.data) return {};
  if (in.type != Type::kInt4) {
    copy(p, in.as<uint8_t>() + offset, out.as<uint8_t>());
    return {};
  }
  // Scratch memory: the input's elements, then those of the box, a byte each.
  uint8_t* cut = s.scratch + in.elements();
  unpack_int4(in.as<uint8_t>(), in.elements(), s.scratch);
  copy(p, s.scratch + offset, cut);
  pack_int4(cut, out.elements(), out.as<uint8_t>());
  return {};
}

// Sizes of -1 reach to the end, so they need `begin`, too.
Status slice_shape(const Prepare& p, Shape* shape, bool* known) {
  const Shape& in = p.input(0).shape;
  shape->rank = in.rank;
  for (int32_t d = 0; d < in.rank; ++d) {
    int64_t size = integer(p.input(kSize), d);
    if (size == -1 && !p.values_known(kBegin)) {
      *known = false;
      return {};
    }
    if (size == -1) size = in[d] - std::clamp<int64_t>(integer(p.input(kBegin), d), 0, in[d]);
    if (size < 0 || size > in[d]) return p.bad("size ", size, " in dimension ", d, " of ", in);
    (*shape)[d] = static_cast<int32_t>(size);
  }
  return {};
}

// Says it at once where it can be known; run_slice() asks again all the same.
Status check_begin(const Prepare& p, const Shape& shape) {
  if (!p.values_known(kBegin)) return {};
  const Shape& in = p.input(0).shape;
  for (int32_t d = 0; d < in.rank; ++d) {
    const int64_t begin = integer(p.input(kBegin), d);
    if (begin >= 0 && begin <= in[d] - shape[d]) continue;
    return p.bad(shape, " cannot be cut out of ", in, " from ", begin, " on in dimension ", d);
  }
  return {};
}

// While late, so `begin` is known, and checked.
Status finish_slice_of_strings(Prepare& p) {
  if (!p.late()) return p.defer();
  const Shape& out = p.output(0).shape;
  CopyDims dims;
  dims.element = element_bytes(Type::kString);
  const Steps in_steps = dense_steps(p.input(0).shape, dims.element);
  const Steps out_steps = dense_steps(out, dims.element);
  int32_t offset = 0;
  for (int32_t d = 0; d < out.rank; ++d) {
    dims.add(out[d], in_steps.of[d], out_steps.of[d]);
    offset += static_cast<int32_t>(integer(p.input(kBegin), d)) * in_steps.of[d];
  }
  return move(p, offset, 0, dims);
}

Status prepare_slice(Prepare& p) {
  PIPIT_TRY(p.arity(3, 3, 1));
  const Tensor& input = p.input(0);
  PIPIT_TRY(need_type(p, input, kSliceTypes));
  PIPIT_TRY(same_type(p, input, p.output(0)));
  for (const int i : {kBegin, kSize}) {
    PIPIT_TRY(need_type(p, p.input(i), kIndexTypes));
    if (p.input(i).shape != Shape::of(input.shape.rank)) {
      return p.bad(p.input(i), " is not one number for each dimension of ", input);
    }
  }
  if (!p.values_known(kSize)) return p.defer();
  Shape shape;
  bool known = true;
  PIPIT_TRY(slice_shape(p, &shape, &known));
  if (!known) return p.defer();
  PIPIT_TRY(check_begin(p, shape));
  PIPIT_TRY(p.set_output(0, shape));
  if (input.type == Type::kString) return finish_slice_of_strings(p);
  // A box of all there is begins at 0, as check_begin() has found.
  if (shape == input.shape && p.values_known(kBegin)) p.alias(0, 0);
  if (input.type == Type::kInt4) {
    p.scratch(ByteCount(input.elements()) + shape.elements());
  }
  Params* params = nullptr;
  PIPIT_TRY(make_params(p, kBegin, input, shape, true, &params));
  return p.run(run_slice, params, choose(copy_box_variants(), p.cpu()).name);
}

// ---- DYNAMIC_UPDATE_SLICE

constexpr int kUpdate = 1, kStart = 2;

// A start that leaves too little room moves back.
int32_t start_offset(const Params& p, const Tensor& start) {
  int32_t offset = 0;
  for (int32_t d = 0; d < start.elements(); ++d) {
    const auto at = std::clamp<int64_t>(integer(start, d), 0, p.room[d]);
    offset += static_cast<int32_t>(at) * p.steps[d];
  }
  return offset;
}

Status run_update(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const Tensor& update = s.input(kUpdate);
  const Tensor& out = s.output(0);
  if (out.data != s.input(0).data && out.bytes != 0) {
    std::memcpy(out.data, s.input(0).data, out.bytes);
  }
  // An update that is the operand under another shape changes nothing.
  if (update.elements() == 0 || update.data == out.data) return {};
  const int32_t offset = start_offset(p, s.input(p.positions));
  if (out.type != Type::kInt4) {
    copy(p, update.as<uint8_t>(), out.as<uint8_t>() + offset);
    return {};
  }
  // Scratch memory: the update's elements, then those of the operand, a byte each.
  uint8_t* whole = s.scratch + update.elements();
  unpack_int4(update.as<uint8_t>(), update.elements(), s.scratch);
  unpack_int4(out.as<uint8_t>(), out.elements(), whole);
  copy(p, s.scratch, whole + offset);
  pack_int4(whole, out.elements(), out.as<uint8_t>());
  return {};
}

Status prepare_update(Prepare& p) {
  PIPIT_TRY(p.arity(3, 3, 1));
  const Tensor& operand = p.input(0);
  const Tensor& update = p.input(kUpdate);
  const Tensor& start = p.input(kStart);
  PIPIT_TRY(need_type(p, operand, kByteTypes | types(Type::kInt4)));
  PIPIT_TRY(same_type(p, operand, update));
  PIPIT_TRY(need_type(p, start, kIndexTypes));
  if (start.shape != Shape::of(operand.shape.rank)) {
    return p.bad(start, " is not one number for each dimension of ", operand);
  }
  bool fits = update.shape.rank == operand.shape.rank;
  for (int32_t d = 0; fits && d < operand.shape.rank; ++d) {
    fits = update.shape[d] <= operand.shape[d];
  }
  if (!fits) return p.bad("update ", update, " does not fit into ", operand);
  p.set_output_type(0, operand.type);
  PIPIT_TRY(p.set_output(0, operand.shape));
  p.in_place(0, 0);
  if (operand.type == Type::kInt4) {
    p.scratch(ByteCount(operand.elements()) + update.elements());
  }
  Params* params = nullptr;
  PIPIT_TRY(make_params(p, kStart, operand, update.shape, false, &params));
  return p.run(run_update, params, choose(copy_box_variants(), p.cpu()).name);
}

}  // namespace

const Op kSlice = {builtin(fb::BuiltinOperator::SLICE), "SLICE", prepare_slice};
const Op kDynamicUpdateSlice = {builtin(fb::BuiltinOperator::DYNAMIC_UPDATE_SLICE),
                                "DYNAMIC_UPDATE_SLICE", prepare_update};

}  // namespace pipit
