// SPDX-License-Identifier: Apache-2.0
// STRIDED_SLICE: input[begin:end:stride, ...] with the masks of Python's notation.
//
//   a = 0 1 ... 9                 a[1:7:2] = 1 3 5     a[7:1:-2] = 7 5 3     a[-3:] = 7 8 9
//   x of shape [2, 3, 4]          x[..., 0, newaxis] has [2, 3, 1]: ellipsis, shrink, new_axis
//
// A bound that is left out, as in a[-3:], is a bit of the end's mask.
#include <algorithm>

#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int kInput = 0, kBegin = 1, kEnd = 2, kStrides = 3;
constexpr int32_t kMaxEntries = 31;  // one bit each in the masks

// What is taken of one dimension.
struct Cut {
  int32_t start = 0;
  int32_t stride = 1;
  int32_t size = 0;
};

// A bit for each entry of begin, end and strides:
//
//   begin, end   the entry's number is not read: from the first, to the last
//   ellipsis     as many whole dimensions as the other entries leave
//   new_axis     a dimension of 1 that the input does not have
//   shrink       one index, and no dimension in the output
//   offset       (of all entries) ends count from begin
struct Masks {
  uint32_t begin = 0, end = 0, ellipsis = 0, new_axis = 0, shrink = 0;
  bool offset = false;
};

Masks read_masks(const Prepare& p, int32_t entries) {
  Masks m;
  const auto* o = options<fb::StridedSliceOptions>(p);
  if (o == nullptr) return m;
  const uint32_t valid = (uint32_t{1} << entries) - 1;
  const auto mask = [&](int32_t bits) { return static_cast<uint32_t>(bits) & valid; };
  m.begin = mask(o->begin_mask());
  m.end = mask(o->end_mask());
  m.ellipsis = mask(o->ellipsis_mask());
  m.new_axis = mask(o->new_axis_mask()) & ~m.ellipsis;
  m.shrink = mask(o->shrink_axis_mask());
  m.offset = o->offset();
  return m;
}

bool bit(uint32_t mask, int32_t i) { return (mask >> i & 1) != 0; }

// Positions count from the end when negative; those outside of the dimension move to its edge,
// which for a negative stride lies one further down.
int64_t clamp_position(int64_t at, int32_t size, int32_t stride) {
  if (at < 0) at += size;
  return stride > 0 ? std::clamp<int64_t>(at, 0, size) : std::clamp<int64_t>(at, -1, size - 1);
}

Status cut(const Prepare& p, const Masks& m, int32_t entry, int32_t size, Cut* c) {
  const int64_t begin = integer(p.input(kBegin), entry);
  int64_t end = integer(p.input(kEnd), entry);
  c->stride = p.input(kStrides).as<int32_t>()[entry];
  if (c->stride == 0 || c->stride == INT32_MIN) return p.bad("stride ", c->stride);
  int64_t from = clamp_position(begin, size, c->stride);
  if (bit(m.begin, entry)) from = c->stride > 0 ? 0 : size - 1;
  c->start = static_cast<int32_t>(from);
  if (bit(m.shrink, entry)) {
    // Loops ask for what lies past the end in their last turn, and do not read what they get.
    if (size == 0) return p.bad("there is no index ", begin, " among none");
    *c = {std::clamp(c->start, 0, size - 1), 1, 1};
    return {};
  }
  if (m.offset) end += from;
  int64_t to = clamp_position(end, size, c->stride);
  if (bit(m.end, entry)) to = c->stride > 0 ? size : -1;
  // The distance over the stride, rounded up.
  const int64_t steps = c->stride > 0 ? (to - from + c->stride - 1) / c->stride
                                      : (to - from + c->stride + 1) / c->stride;
  c->size = static_cast<int32_t>(std::max<int64_t>(steps, 0));
  if (c->size <= 1) c->stride = 1;  // one element has no step, which might not fit in bytes
  return {};
}

// The cuts of the input's dimensions in order, and the output's shape.
struct Slice {
  Cut cuts[Shape::kMaxRank];
  int32_t dims = 0;
  Shape shape;

  Status keep(const Prepare& p, int32_t size) {
    if (shape.rank == Shape::kMaxRank) {
      return p.unsupported("the output would have more than ", Shape::kMaxRank, " dimensions");
    }
    shape[shape.rank++] = size;
    return {};
  }
  Status take_whole(const Prepare& p, int32_t count) {
    for (const int32_t last = dims + count; dims < last; ++dims) {
      const int32_t size = p.input(kInput).shape[dims];
      cuts[dims] = {0, 1, size};
      PIPIT_TRY(keep(p, size));
    }
    return {};
  }
};

// Dimensions that the ellipsis stands for: those that no other entry names, but at least one while
// there is one.
int32_t ellipsis_dims(const Masks& m, int32_t entries, int32_t left, int32_t entry) {
  int32_t named = 0;
  for (int32_t i = entry + 1; i < entries; ++i) named += bit(m.new_axis, i) ? 0 : 1;
  return std::min(left, std::max(left - named, 1));
}

Status read_slice(const Prepare& p, const Masks& m, Slice* s) {
  const Shape& in = p.input(kInput).shape;
  const int32_t entries = p.input(kBegin).elements();
  for (int32_t i = 0; i < entries; ++i) {
    if (bit(m.ellipsis, i)) {
      PIPIT_TRY(s->take_whole(p, ellipsis_dims(m, entries, in.rank - s->dims, i)));
    } else if (bit(m.new_axis, i)) {
      PIPIT_TRY(s->keep(p, 1));
    } else if (s->dims < in.rank) {
      Cut& c = s->cuts[s->dims];
      PIPIT_TRY(cut(p, m, i, in[s->dims++], &c));
      if (!bit(m.shrink, i)) PIPIT_TRY(s->keep(p, c.size));
    }
  }
  return s->take_whole(p, in.rank - s->dims);
}

Status check(const Prepare& p) {
  PIPIT_TRY(p.arity(4, 4, 1));
  PIPIT_TRY(need_type(p, p.input(kInput), kByteTypes | types(Type::kString)));
  PIPIT_TRY(same_type(p, p.input(kInput), p.output(0)));
  for (const int i : {kBegin, kEnd, kStrides}) {
    const Tensor& t = p.input(i);
    PIPIT_TRY(need_type(p, t, types(Type::kInt32)));
    if (t.shape.rank != 1 || t.elements() != p.input(kBegin).elements()) {
      return p.bad(t, " and ", p.input(kBegin), " are not vectors of one length");
    }
    if (t.elements() > kMaxEntries) return p.unsupported(t, " has more than ", kMaxEntries);
  }
  return {};
}

Status prepare(Prepare& p) {
  PIPIT_TRY(check(p));
  if (!p.values_known(kBegin) || !p.values_known(kEnd) || !p.values_known(kStrides)) {
    return p.defer();
  }
  Slice slice;
  PIPIT_TRY(read_slice(p, read_masks(p, p.input(kBegin).elements()), &slice));
  PIPIT_TRY(p.set_output(0, slice.shape));
  CopyDims dims;
  dims.element = element_bytes(p.input(kInput).type);
  // Offsets of an empty slice might lie outside of the input.
  if (slice.shape.elements() == 0) return move(p, 0, 0, CopyDims{0, 0, {}});
  // What a cut visits lies inside of its dimension: its ends were clamped before its size was
  // found.
  const Steps in = dense_steps(p.input(kInput).shape, dims.element);
  int32_t offset = 0;
  // The cuts' sizes, with the 1 of dimensions that shrink, are what the output's bytes are made of;
  // dimensions that it gains have no bytes of their own.
  int32_t out_steps[Shape::kMaxRank];
  for (int32_t d = slice.dims, step = dims.element; d-- > 0; step *= slice.cuts[d].size) {
    out_steps[d] = step;
  }
  for (int32_t d = 0; d < slice.dims; ++d) {
    const Cut& c = slice.cuts[d];
    offset += c.start * in.of[d];
    dims.add(c.size, c.stride * in.of[d], out_steps[d]);
  }
  return move(p, offset, 0, dims);
}

}  // namespace

const Op kStridedSlice = {builtin(fb::BuiltinOperator::STRIDED_SLICE), "STRIDED_SLICE", prepare};

}  // namespace pipit
