// SPDX-License-Identifier: Apache-2.0
// exp, logistic and tanh of fixed-point numbers, bit for bit as gemmlowp has them.
//
// A number with I integer bits in a type of B bits has the value raw * 2^(I + 1 - B). Results have
// no integer bits: 1 is the largest raw value.
#pragma once

#include <cstdint>
#include <limits>

#include "kernels/math/fixed_point.h"

namespace pipit::fixed {

template <class Raw>
constexpr int kBits = static_cast<int>(sizeof(Raw)) * 8;
template <class Raw>
constexpr Raw kOne = std::numeric_limits<Raw>::max();

// A constant that is given for 32 bits.
template <class Raw>
static inline Raw constant(int32_t raw32) {
  return static_cast<Raw>(rounding_shift_right(raw32, 32 - kBits<Raw>));
}

static inline int16_t multiply(int16_t a, int16_t b) {
  if (a == INT16_MIN && b == INT16_MIN) return INT16_MAX;
  const int32_t product = a * b;
  return static_cast<int16_t>((product + (product >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15));
}
static inline int32_t multiply(int32_t a, int32_t b) { return rounding_doubling_high_mul(a, b); }

// Wraps.
template <class Raw>
static inline Raw add(Raw a, Raw b) {
  return static_cast<Raw>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}
template <class Raw>
static inline Raw negate(Raw a) {
  return static_cast<Raw>(0 - static_cast<uint32_t>(a));
}

template <class Raw>
static inline Raw saturate(int64_t x) {
  constexpr int64_t kMin = std::numeric_limits<Raw>::min(), kMax = std::numeric_limits<Raw>::max();
  return static_cast<Raw>(x < kMin ? kMin : (x > kMax ? kMax : x));
}
// 16-bit sums saturate where 32-bit ones are known to fit.
template <class Raw>
static inline Raw saturating_add(Raw a, Raw b) {
  return saturate<Raw>(static_cast<int64_t>(a) + b);
}
template <class Raw>
static inline Raw shift_left(Raw a, int by) {
  constexpr Raw kMost = std::numeric_limits<Raw>::max();
  const auto limit = static_cast<Raw>(kMost >> by);
  if (a > limit) return kMost;
  if (a < -limit - 1) return std::numeric_limits<Raw>::min();
  return static_cast<Raw>(static_cast<uint32_t>(a) << by);
}
template <class Raw>
static inline Raw shift_right(Raw a, int by) {
  return static_cast<Raw>(rounding_shift_right(a, by));
}

// exp(a), -1/4 <= a < 0, no integer bits: a Taylor series around -1/8. With x = a + 1/8, exp(a) =
// exp(-1/8) * (1 + x + (x^2 + (x^3 + x^4 / 4) / 3) / 2).
template <class Raw>
static inline Raw exp_on_last_quarter(Raw a) {
  const Raw middle = constant<Raw>(1895147668);  // exp(-1/8)
  const Raw third = constant<Raw>(715827883);
  const Raw x = add(a, static_cast<Raw>(Raw{1} << (kBits<Raw> - 4)));
  const Raw x2 = multiply(x, x);
  const Raw x3 = multiply(x2, x);
  const Raw x4 = multiply(x2, x2);
  const Raw tail =
      shift_right(add(multiply(add(shift_right(x4, 2), x3), third), x2), 1);  // x^2/2 + x^3/6 + ...
  return saturating_add(middle, multiply(middle, add(x, tail)));
}

// exp(a), a <= 0. The last quarter of `a` by the series, and for each bit 2^i of the whole quarters
// left a factor exp(-2^i). The factors reach to -32, below which there is nothing left.
template <class Raw>
static inline Raw exp_of_negative(Raw a, int integer_bits) {
  // exp(-2^i) for i = -2, -1, ...
  constexpr int32_t kFactors[] = {1672461947, 1302514674, 790015084, 290630308,
                                  39332535,   720401,     242};
  if (a == 0) return kOne<Raw>;
  const int fraction_bits = kBits<Raw> - 1 - integer_bits;
  if (integer_bits > 5 && a < -(int64_t{32} << fraction_bits)) return 0;
  const auto quarter = static_cast<Raw>(Raw{1} << (fraction_bits - 2));
  const auto rest = static_cast<Raw>((a & (quarter - 1)) - quarter);
  Raw result = exp_on_last_quarter(shift_left(rest, integer_bits));
  const auto whole = add(rest, negate(a));
  for (int i = -2; i < integer_bits && i <= 4; ++i) {
    if ((whole & (int64_t{1} << (fraction_bits + i))) == 0) continue;
    result = multiply(result, constant<Raw>(kFactors[i + 2]));
  }
  return result;
}

// 2 / (1 + a) with two integer bits, 0 <= a <= 1 without: three steps of Newton's division. They
// start from 48/17 - 32/17 * (1 + a) / 2, the line that errs least where divisors are in [1/2, 1].
template <class Raw>
static inline Raw two_over_one_plus(Raw a) {
  const int64_t sum = static_cast<int64_t>(a) + kOne<Raw>;
  const auto half = static_cast<Raw>((sum + (sum >= 0 ? 1 : -1)) / 2);
  const Raw one = static_cast<Raw>(Raw{1} << (kBits<Raw> - 3));
  Raw x = add(constant<Raw>(1515870810), multiply(half, constant<Raw>(-1010580540)));
  for (int i = 0; i < 3; ++i) {
    const Raw error = add(one, negate(multiply(half, x)));
    x = add(x, shift_left(multiply(x, error), 2));
  }
  return x;
}

// 1 / (1 + exp(-a)). One half of the curve is computed; the other is 1 less that.
template <class Raw>
static inline Raw logistic(Raw a, int integer_bits) {
  if (a == 0) return static_cast<Raw>(Raw{1} << (kBits<Raw> - 2));
  const Raw below = a > 0 ? negate(a) : a;
  const Raw positive = shift_left(two_over_one_plus(exp_of_negative(below, integer_bits)), 1);
  return a > 0 ? positive : add(kOne<Raw>, negate(positive));
}

// tanh(a) = (1 - exp(-2a)) / (1 + exp(-2a))
template <class Raw>
static inline Raw tanh(Raw a, int integer_bits) {
  if (a == 0) return 0;
  const Raw below = a < 0 ? a : negate(a);
  const Raw one = static_cast<Raw>(Raw{1} << (kBits<Raw> - 3));
  const Raw x = two_over_one_plus(exp_of_negative(below, integer_bits + 1));
  const Raw magnitude = shift_left(add(x, negate(one)), 2);
  return a < 0 ? negate(magnitude) : magnitude;
}

}  // namespace pipit::fixed
