// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/contracts/reduce.h"
#include "kernels/math/fold.h"

namespace pipit {
namespace {

// Folds n values in lanes, which the compiler keeps in vectors. The order of a sum differs from
// that of the elements; every other function gives the same in any order.
template <class In, class Total, class Fold>
Total fold(Total start, const In* in, int32_t n, Fold f) {
  constexpr int32_t kLanes = 8;
  Total lanes[kLanes];
  std::fill(lanes, lanes + kLanes, start);
  int32_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int32_t l = 0; l < kLanes; ++l) lanes[l] = f(lanes[l], static_cast<Total>(in[i + l]));
  }
  for (; i < n; ++i) lanes[0] = f(lanes[0], static_cast<Total>(in[i]));
  for (int32_t l = 1; l < kLanes; ++l) lanes[0] = f(lanes[0], lanes[l]);
  return lanes[0];
}

// Totals begin with a value that changes none: 0, 1, or what the fold says.
template <class In, class Total, class Fold>
void reduce(const Reduce& a, Total start, Fold f) {
  Total* totals = static_cast<Total*>(a.totals);
  std::fill(totals, totals + a.outputs, start);
  for_each_total<In, Total>(
      a, [&](Total& total, In x) { total = f(total, static_cast<Total>(x)); },
      [&](Total& total, const In* in, int32_t n) { total = f(total, fold(start, in, n, f)); });
}

template <class T, class Fold>
void extreme(const Reduce& a, Fold f) {
  // Of no elements there is no first.
  const bool first = a.from_first && a.walk.runs > 0;
  reduce<T>(a, first ? *static_cast<const T*>(a.in) : Fold::start(), f);
}

}  // namespace

template <class In, class Total>
void reduce_sum(const Reduce& a) {
  reduce<In>(a, Total{0}, FoldSum<Total>());
}

template <class T>
void reduce_product(const Reduce& a) {
  reduce<T>(a, T{1}, FoldProduct<T>());
}

template <class T>
void reduce_max(const Reduce& a) {
  extreme<T>(a, FoldMax<T>());
}

template <class T>
void reduce_min(const Reduce& a) {
  extreme<T>(a, FoldMin<T>());
}

void reduce_any(const Reduce& a) { reduce<uint8_t>(a, FoldAny::start(), FoldAny()); }
void reduce_all(const Reduce& a) { reduce<uint8_t>(a, FoldAll::start(), FoldAll()); }

template void reduce_sum<float, float>(const Reduce&);
template void reduce_sum<int8_t, uint32_t>(const Reduce&);
template void reduce_sum<uint8_t, uint32_t>(const Reduce&);
template void reduce_sum<int16_t, uint32_t>(const Reduce&);
template void reduce_sum<int32_t, uint32_t>(const Reduce&);
template void reduce_sum<int32_t, uint64_t>(const Reduce&);
template void reduce_sum<int64_t, uint64_t>(const Reduce&);
template void reduce_product<float>(const Reduce&);
template void reduce_product<int8_t>(const Reduce&);
template void reduce_product<uint8_t>(const Reduce&);
template void reduce_product<int16_t>(const Reduce&);
template void reduce_product<int32_t>(const Reduce&);
template void reduce_product<int64_t>(const Reduce&);
template void reduce_max<float>(const Reduce&);
template void reduce_max<int8_t>(const Reduce&);
template void reduce_max<uint8_t>(const Reduce&);
template void reduce_max<int16_t>(const Reduce&);
template void reduce_max<int32_t>(const Reduce&);
template void reduce_max<int64_t>(const Reduce&);
template void reduce_min<float>(const Reduce&);
template void reduce_min<int8_t>(const Reduce&);
template void reduce_min<uint8_t>(const Reduce&);
template void reduce_min<int16_t>(const Reduce&);
template void reduce_min<int32_t>(const Reduce&);
template void reduce_min<int64_t>(const Reduce&);

}  // namespace pipit
