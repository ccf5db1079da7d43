// SPDX-License-Identifier: Apache-2.0
// What arrays hold in the tests of kernels' variants.
#pragma once

#include <limits>
#include <type_traits>

#include "pipit/span.h"
#include "tests/support/random.h"

namespace pipit::test {

enum class Fill { kRandom, kNeverMin, kSmall, kUpTo51, kAllMin, kAllMax, kAlternating };
constexpr Fill kFills[] = {Fill::kRandom, Fill::kSmall, Fill::kAllMin, Fill::kAllMax,
                           Fill::kAlternating};

// Integers of up to 32 bits.
template <class T>
T filler(Fill how, size_t i, Random* random) {
  constexpr T kMin = std::numeric_limits<T>::min(), kMax = std::numeric_limits<T>::max();
  constexpr int32_t kSmallest = std::is_signed_v<T> ? -3 : 0;
  switch (how) {
    case Fill::kRandom:
      return static_cast<T>(random->bits());
    case Fill::kNeverMin: {
      const T value = static_cast<T>(random->bits());
      return value == kMin ? kMax : value;
    }
    case Fill::kSmall:
      return static_cast<T>(random->between(kSmallest, 3));
    case Fill::kUpTo51:
      return static_cast<T>(random->between(std::is_signed_v<T> ? -51 : 0, 51));
    case Fill::kAllMin:
      return kMin;
    case Fill::kAllMax:
      return kMax;
    case Fill::kAlternating:
      break;
  }
  return i % 2 == 0 ? kMin : kMax;
}

template <class T>
void fill(Span<T> values, Fill how, Random* random) {
  for (size_t i = 0; i < values.size(); ++i) values[i] = filler<T>(how, i, random);
}

}  // namespace pipit::test
