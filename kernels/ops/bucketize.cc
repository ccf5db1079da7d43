// SPDX-License-Identifier: Apache-2.0
// BUCKETIZE: between which of the sorted boundaries a number lies.
//
//   out[...] = how many boundaries are not above in[...]; all of them where that is not a number
#include <algorithm>
#include <type_traits>

#include "kernels/ops.h"
#include "kernels/ops/by_type.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

struct Params {
  const float* boundaries;  // in the model file
  uint32_t count;
};

template <class T>
Status run(const Step& s, Run&) {
  // Integers are compared as floats, as the language converts them.
  using Real = std::conditional_t<std::is_same_v<T, double>, double, float>;
  const auto& p = *s.params<Params>();
  const T* in = s.input(0).as<T>();
  int32_t* out = s.output(0).as<int32_t>();
  for (int32_t i = 0; i < s.input(0).elements(); ++i) {
    const float* above =
        std::upper_bound(p.boundaries, p.boundaries + p.count, static_cast<Real>(in[i]));
    out[i] = static_cast<int32_t>(above - p.boundaries);
  }
  return {};
}

RunFn run_for(Type type) {
  return by_type<float, double, int32_t, int64_t>(type, []<class T> { return run<T>; });
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  const auto* o = options<fb::BucketizeOptions>(p);
  if (o == nullptr || o->boundaries() == nullptr) return p.bad("has no boundaries");
  const float* boundaries = o->boundaries()->data();
  const uint32_t count = o->boundaries()->size();
  if (!std::is_sorted(boundaries, boundaries + count)) return p.bad("boundaries are not sorted");
  const RunFn run = run_for(p.input(0).type);
  if (run == nullptr) return p.unsupported("input ", p.input(0));
  p.set_output_type(0, Type::kInt32);
  PIPIT_TRY(p.set_output(0, p.input(0).shape));
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  *params = {boundaries, count};
  return p.run(run, params, "portable");
}

}  // namespace

const Op kBucketize = {builtin(fb::BuiltinOperator::BUCKETIZE), "BUCKETIZE", prepare};

}  // namespace pipit
