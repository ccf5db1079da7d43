// SPDX-License-Identifier: Apache-2.0
// UNIQUE: the different values of a vector in the order in which they appear, and for each element
// which of them it is. All NaNs are one value, as are 0 and -0.
//
//   values[index[i]] = in[i]
//
//   a b a c b has the values a b c and the indices 0 1 0 2 1
#include <algorithm>

#include "kernels/ops.h"
#include "kernels/ops/by_type.h"
#include "kernels/ops/common.h"

namespace pipit {
namespace {

template <class T>
bool less(T a, T b) {
  return a < b || (a == a && b != b);  // numbers in front of NaNs
}

// Leaves in first[i] where the value of element i appears first; returns how many values there are.
template <class T>
int32_t find_first(const Tensor& in, int32_t* order, int32_t* first) {
  const T* x = in.as<T>();
  const int32_t n = in.elements();
  for (int32_t i = 0; i < n; ++i) order[i] = i;
  std::sort(order, order + n,
            [x](int32_t a, int32_t b) { return less(x[a], x[b]) || (!less(x[b], x[a]) && a < b); });
  int32_t values = 0;
  for (int32_t i = 0; i < n; ++i) {
    // Equal values are neighbours in this order, and the first of them appears first.
    const bool same = i > 0 && !less(x[order[i - 1]], x[order[i]]);
    first[order[i]] = same ? first[order[i - 1]] : order[i];
    values += same ? 0 : 1;
  }
  return values;
}

template <class T, class Index>
Status run(const Step& s, Run&) {
  const auto* first = s.params<int32_t>();
  const T* in = s.input(0).as<T>();
  T* values = s.output(0).as<T>();
  Index* index = s.output(1).as<Index>();
  Index next = 0;
  for (int32_t i = 0; i < s.input(0).elements(); ++i) {
    const bool appears = first[i] == i;
    if (appears) values[next] = in[i];
    index[i] = appears ? next++ : index[first[i]];
  }
  return {};
}

struct Functions {
  int32_t (*find_first)(const Tensor&, int32_t*, int32_t*);
  RunFn run_int32, run_int64;
};

template <class T>
constexpr Functions kFunctions = {find_first<T>, run<T, int32_t>, run<T, int64_t>};

Functions functions_for(Type type) {
  return by_type<float, int8_t, uint8_t, int16_t, int32_t, int64_t>(
      type, []<class T> { return kFunctions<T>; });
}

Status check_index(const Prepare& p) {
  const Type index = p.output(1).type;
  if (index != Type::kInt32 && index != Type::kInt64) {
    return p.unsupported("indices ", p.output(1), ": int32 or int64 only");
  }
  const auto* o = options<fb::UniqueOptions>(p);
  if (o == nullptr) return p.bad("has no UniqueOptions");
  if (static_cast<int>(o->idx_out_type()) == static_cast<int>(index)) return {};
  return p.bad("indices ", p.output(1), " have another type than the options say");
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 2));
  const Tensor& in = p.input(0);
  PIPIT_TRY(same_type(p, in, p.output(0)));
  PIPIT_TRY(check_index(p));
  const Functions f = functions_for(in.type);
  if (f.find_first == nullptr) return p.unsupported("input ", in);
  if (in.shape.rank != 1) return p.bad("input ", in, " is no vector");
  // The number of values is the output's shape.
  if (!p.values_known(0)) return p.defer();
  const auto n = static_cast<size_t>(in.elements());
  int32_t* order = p.allocate<int32_t>(n);
  int32_t* first = p.allocate<int32_t>(n);
  if (order == nullptr || first == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(p.set_output(0, Shape::of(f.find_first(in, order, first))));
  PIPIT_TRY(p.set_output(1, in.shape));
  return p.run(p.output(1).type == Type::kInt32 ? f.run_int32 : f.run_int64, first, "portable");
}

}  // namespace

const Op kUnique = {builtin(fb::BuiltinOperator::UNIQUE), "UNIQUE", prepare};

}  // namespace pipit
