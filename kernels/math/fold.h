// SPDX-License-Identifier: Apache-2.0
// The functions that reductions, segments and windows fold values with.
//
// F::start() changes nothing: f(F::start(), x) is x, except that a maximum or minimum ignores a NaN
// and keeps within the finite values. Integers wrap.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

namespace pipit {

// Arithmetic that wraps is done in unsigned integers of at least 32 bits.
template <class T>
using Wrapping = std::conditional_t<std::is_floating_point_v<T>, T,
                                    std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>>;

template <class T>
struct FoldSum {
  static constexpr T start() { return 0; }
  T operator()(T total, T x) const {
    return static_cast<T>(static_cast<Wrapping<T>>(total) + static_cast<Wrapping<T>>(x));
  }
};

template <class T>
struct FoldProduct {
  static constexpr T start() { return 1; }
  T operator()(T total, T x) const {
    return static_cast<T>(static_cast<Wrapping<T>>(total) * static_cast<Wrapping<T>>(x));
  }
};

template <class T>
struct FoldMax {
  static constexpr T start() { return std::numeric_limits<T>::lowest(); }
  T operator()(T best, T x) const { return x > best ? x : best; }
};

template <class T>
struct FoldMin {
  static constexpr T start() { return std::numeric_limits<T>::max(); }
  T operator()(T best, T x) const { return x < best ? x : best; }
};

// On bytes that are 0 or not.
struct FoldAny {
  static constexpr uint8_t start() { return 0; }
  uint8_t operator()(uint8_t any, uint8_t x) const { return static_cast<uint8_t>((any | x) != 0); }
};

struct FoldAll {
  static constexpr uint8_t start() { return 1; }
  uint8_t operator()(uint8_t all, uint8_t x) const {
    return static_cast<uint8_t>(all != 0 && x != 0);
  }
};

}  // namespace pipit
