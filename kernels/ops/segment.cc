// SPDX-License-Identifier: Apache-2.0
// SEGMENT_SUM and UNSORTED_SEGMENT_SUM, _PROD, _MAX, _MIN: slices of the data are folded into the
// output's slices that their ids name.
//
//   out[ids[i], j] = f over all i with that id of data[i, j], i over the dimensions that ids has
//
// A segment without slices holds what folding starts from: 0, 1, or the type's limit.
//
//   UNSORTED_SEGMENT_SUM of rows a b c, ids 0 2 0, 3 segments:   a + c, 0, b
#include <algorithm>

#include "kernels/math/fold.h"
#include "kernels/ops.h"
#include "kernels/ops/moves.h"

namespace pipit {
namespace {

constexpr int kData = 0, kIds = 1, kSegments = 2;

struct Params {
  int32_t slices, inner;
};

// Slices with negative ids are left out.
template <class T, class Fold>
Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  const int32_t* ids = s.input(kIds).as<int32_t>();
  const T* in = s.input(kData).as<T>();
  T* out = s.output(0).as<T>();
  const Fold fold;
  std::fill_n(out, s.output(0).elements(), Fold::start());
  for (int32_t i = 0; i < p.slices; ++i, in += p.inner) {
    if (ids[i] < 0) continue;
    T* to = out + ptrdiff_t{ids[i]} * p.inner;
    for (int32_t j = 0; j < p.inner; ++j) to[j] = fold(to[j], in[j]);
  }
  return {};
}

Status check_types(const Prepare& p) {
  const Tensor& data = p.input(kData);
  PIPIT_TRY(need_type(p, data, types(Type::kFloat32, Type::kInt32)));
  PIPIT_TRY(need_type(p, p.input(kIds), types(Type::kInt32)));
  return same_type(p, data, p.output(0));
}

// The output is [segments, dimensions of the data behind those of the ids]. All ids are checked to
// be less than `segments`.
template <template <class> class Fold>
Status plan(Prepare& p, int32_t segments) {
  const Shape& data = p.input(kData).shape;
  const int32_t prefix = p.input(kIds).shape.rank;
  if (data.rank - prefix >= Shape::kMaxRank) {
    return p.unsupported("the output would have ", data.rank - prefix + 1, " dimensions");
  }
  Shape out = Shape::of(segments);
  for (int32_t i = prefix; i < data.rank; ++i) out[out.rank++] = data[i];
  PIPIT_TRY(p.set_output(0, out));
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  *params = {p.input(kIds).elements(), data.product(prefix, data.rank)};
  const bool real = p.input(kData).type == Type::kFloat32;
  return p.run(real ? run<float, Fold<float>> : run<int32_t, Fold<int32_t>>, params, "portable");
}

// ---- SEGMENT_SUM: ids 0, 0, ..., 1, ..., 2, ...

Status prepare_sorted(Prepare& p) {
  PIPIT_TRY(p.arity(2, 2, 1));
  PIPIT_TRY(check_types(p));
  const Tensor& data = p.input(kData);
  const Tensor& ids = p.input(kIds);
  if (data.shape.rank < 1 || ids.shape != Shape::of(data.shape[0])) {
    return p.bad("ids ", ids, " are not one for each slice of ", data);
  }
  if (!p.values_known(kIds)) return p.defer();
  const int32_t* id = p.values<int32_t>(kIds);
  int32_t segments = 0;
  for (int32_t i = 0; i < ids.elements(); ++i) {
    // The next segment, or one more slice of the last: ids rise by one, without gaps.
    if (id[i] == segments) {
      ++segments;
    } else if (segments == 0 || id[i] != segments - 1) {
      return p.bad("id ", i, " is ", id[i], " behind ", segments, " segments");
    }
  }
  return plan<FoldSum>(p, segments);
}

// ---- UNSORTED_SEGMENT_*

Status check_ids(const Prepare& p, int32_t segments) {
  const int32_t* id = p.values<int32_t>(kIds);
  for (int32_t i = 0; i < p.input(kIds).elements(); ++i) {
    if (id[i] >= segments) {
      return p.bad("id ", i, " is ", id[i], ", but there are ", segments, " segments");
    }
  }
  return {};
}

template <template <class> class Fold>
Status prepare_unsorted(Prepare& p) {
  PIPIT_TRY(p.arity(3, 3, 1));
  PIPIT_TRY(check_types(p));
  const Tensor& ids = p.input(kIds);
  const Tensor& segments = p.input(kSegments);
  const Shape& data = p.input(kData).shape;
  const bool is_prefix = ids.shape.rank <= data.rank &&
                         std::equal(ids.shape.dims, ids.shape.dims + ids.shape.rank, data.dims);
  if (!is_prefix) {
    return p.bad("the shape of ids ", ids, " does not begin that of ", p.input(kData));
  }
  if (segments.type != Type::kInt32 || segments.shape.rank > 1 || segments.elements() != 1) {
    return p.bad("number of segments ", segments, " is not one int32");
  }
  if (!p.values_known(kIds) || !p.values_known(kSegments)) return p.defer();
  const int32_t count = *p.values<int32_t>(kSegments);
  if (count < 0) return p.bad("number of segments ", count, " is negative");
  PIPIT_TRY(check_ids(p, count));
  return plan<Fold>(p, count);
}

}  // namespace

const Op kSegmentSum = {builtin(fb::BuiltinOperator::SEGMENT_SUM), "SEGMENT_SUM", prepare_sorted};
const Op kUnsortedSegmentProd = {builtin(fb::BuiltinOperator::UNSORTED_SEGMENT_PROD),
                                 "UNSORTED_SEGMENT_PROD", prepare_unsorted<FoldProduct>};
const Op kUnsortedSegmentMax = {builtin(fb::BuiltinOperator::UNSORTED_SEGMENT_MAX),
                                "UNSORTED_SEGMENT_MAX", prepare_unsorted<FoldMax>};
const Op kUnsortedSegmentSum = {builtin(fb::BuiltinOperator::UNSORTED_SEGMENT_SUM),
                                "UNSORTED_SEGMENT_SUM", prepare_unsorted<FoldSum>};
const Op kUnsortedSegmentMin = {builtin(fb::BuiltinOperator::UNSORTED_SEGMENT_MIN),
                                "UNSORTED_SEGMENT_MIN", prepare_unsorted<FoldMin>};

}  // namespace pipit
