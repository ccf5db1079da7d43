// SPDX-License-Identifier: Apache-2.0
// WHERE: the indices of all elements that are not zero, a row for each.
//
// How many rows there are is known only with the values: unless they are constant, the step is
// planned when its turn comes, and looks at them twice.
//
//   0 5 0
//   7 0 0   has the indices [0, 1] and [1, 0]
#include <algorithm>

#include "kernels/ops.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

template <class T>
int32_t count_set(const Tensor& in) {
  const T* x = in.as<T>();
  int32_t set = 0;
  for (int32_t i = 0; i < in.elements(); ++i) set += x[i] != T{0} ? 1 : 0;
  return set;
}

template <class T>
Status run(const Step& s, Run&) {
  const Tensor& in = s.input(0);
  const T* x = in.as<T>();
  int64_t* row = s.output(0).as<int64_t>();
  int32_t index[Shape::kMaxRank] = {};
  for (int32_t i = 0; i < in.elements(); ++i) {
    if (x[i] != T{0}) row = std::copy_n(index, in.shape.rank, row);
    for (int32_t d = in.shape.rank - 1; d >= 0 && ++index[d] == in.shape[d]; --d) index[d] = 0;
  }
  return {};
}

struct Functions {
  int32_t (*count)(const Tensor&);
  RunFn run;
};

template <class T>
constexpr Functions kFunctions = {count_set<T>, run<T>};

// Zero or not is the same for signed and unsigned numbers. Of floats -0 is zero, too.
Functions functions_for(Type type) {
  switch (type) {
    case Type::kBool:
    case Type::kInt8:
    case Type::kUInt8:
      return kFunctions<uint8_t>;
    case Type::kInt32:
    case Type::kUInt32:
      return kFunctions<uint32_t>;
    case Type::kInt64:
      return kFunctions<int64_t>;
    case Type::kFloat32:
      return kFunctions<float>;
    default:
      return {};
  }
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  const Tensor& in = p.input(0);
  const Functions f = functions_for(in.type);
  if (f.run == nullptr) return p.unsupported("condition ", in);
  if (in.shape.rank < 1) return p.bad("condition ", in, " has no dimensions");
  p.set_output_type(0, Type::kInt64);
  if (!p.values_known(0)) return p.defer();
  PIPIT_TRY(p.set_output(0, Shape::of(f.count(in), in.shape.rank)));
  return p.run(f.run, nullptr, "portable");
}

}  // namespace

const Op kWhere = {builtin(fb::BuiltinOperator::WHERE), "WHERE", prepare};

}  // namespace pipit
