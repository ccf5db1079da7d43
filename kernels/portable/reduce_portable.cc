// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <type_traits>

#include "kernels/reduce.h"

namespace pipit {
namespace {

// Folds n values in lanes, which the compiler keeps in vectors. The order of a sum differs from
// that of the elements; every other step gives the same in any order.
template <class In, class Total, class Step>
Total fold(Total start, const In* in, int32_t n, Step step) {
  constexpr int32_t kLanes = 8;
  Total lanes[kLanes];
  std::fill(lanes, lanes + kLanes, start);
  int32_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int32_t l = 0; l < kLanes; ++l) lanes[l] = step(lanes[l], static_cast<Total>(in[i + l]));
  }
  for (; i < n; ++i) lanes[0] = step(lanes[0], static_cast<Total>(in[i]));
  for (int32_t l = 1; l < kLanes; ++l) lanes[0] = step(lanes[0], lanes[l]);
  return lanes[0];
}

// `start` changes nothing: step(start, x) is x.
template <class In, class Total, class Step>
void reduce(const Reduce& a, Total start, Step step) {
  Total* totals = static_cast<Total*>(a.totals);
  std::fill(totals, totals + a.outputs, start);
  for_each_total<In, Total>(
      a, [&](Total& total, In x) { total = step(total, static_cast<Total>(x)); },
      [&](Total& total, const In* in, int32_t n) {
        total = step(total, fold(start, in, n, step));
      });
}

template <class T>
T extreme_start(const Reduce& a, T limit) {
  return a.from_first && a.walk.runs > 0 ? *static_cast<const T*>(a.in) : limit;
}

}  // namespace

template <class In, class Total>
void reduce_sum(const Reduce& a) {
  reduce<In>(a, Total{0}, [](Total total, Total x) { return total + x; });
}

template <class T>
void reduce_product(const Reduce& a) {
  if constexpr (std::is_same_v<T, float>) {
    reduce<T>(a, 1.0f, [](float total, float x) { return total * x; });
  } else {
    using Wide = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
    reduce<T>(a, T{1}, [](T total, T x) {
      return static_cast<T>(static_cast<Wide>(total) * static_cast<Wide>(x));
    });
  }
}

template <class T>
void reduce_max(const Reduce& a) {
  const T start = extreme_start(a, std::numeric_limits<T>::lowest());
  reduce<T>(a, start, [](T best, T x) { return x > best ? x : best; });
}

template <class T>
void reduce_min(const Reduce& a) {
  const T start = extreme_start(a, std::numeric_limits<T>::max());
  reduce<T>(a, start, [](T best, T x) { return x < best ? x : best; });
}

void reduce_any(const Reduce& a) {
  reduce<uint8_t>(a, uint8_t{0},
                  [](uint8_t any, uint8_t x) { return static_cast<uint8_t>((any | x) != 0); });
}

void reduce_all(const Reduce& a) {
  reduce<uint8_t>(a, uint8_t{1},
                  [](uint8_t all, uint8_t x) { return static_cast<uint8_t>(all != 0 && x != 0); });
}

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
