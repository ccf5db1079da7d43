// SPDX-License-Identifier: Apache-2.0
// Functions of real numbers that give the same bits on every machine, where those of C libraries
// differ in their last places: made of additions, products, divisions, roots and integers alone, in
// an order that is fixed, by double precision.
//
// A float32 result is the nearest one, or in a few cases in a thousand the one next to it: within
// 0.51 units in the last place. One below the smallest normal number is 0. A float64 result is
// within 4 units, but for powers. Subnormal operands count as zeros (platform/subnormals.h), for a
// float32 logarithm as 2^-150.
#pragma once

#include <cmath>
#include <cstdint>

namespace pipit::real {

constexpr double kPi = 0x1.921fb54442d18p+1;

float exp(float x);
float log(float x);
float tanh(float x);
float sin(float x);
float cos(float x);
float pow(float x, float y);
float atan2(float y, float x);
float hypot(float x, float y);
float expm1(float x);  // exp(x) - 1
float erfc(float x);   // the complement of the error function

double exp(double x);
double log(double x);
double sin(double x);  // |x| <= 2^20
double cos(double x);  // |x| <= 2^20
double pow(double x, double y);
double atan2(double y, double x);
double hypot(double x, double y);
double log1p(double x);  // log(1 + x)
double log2(double x);

// 1 / (1 + exp(-x)), each step rounded.
static inline float logistic(float x) { return 1.0f / (1.0f + exp(-x)); }

// Of numbers this large each is an integer.
constexpr float kAllIntegers = 8388608;

// The next integer below or above, by a conversion, which like all arithmetic takes a subnormal
// number for zero: the C library looks at its bits, and not on every machine.
static inline float floor(float x) {
  if (!(std::abs(x) < kAllIntegers)) return x;
  const auto whole = static_cast<float>(static_cast<int32_t>(x));
  return std::copysign(whole > x ? whole - 1 : whole, x);
}

static inline float ceil(float x) {
  if (!(std::abs(x) < kAllIntegers)) return x;
  const auto whole = static_cast<float>(static_cast<int32_t>(x));
  return std::copysign(whole < x ? whole + 1 : whole, x);
}

// A float32 result, rounded once.
static inline float narrow(double x) {
  return std::abs(x) < 0x1p-126 ? static_cast<float>(std::copysign(0.0, x)) : static_cast<float>(x);
}

}  // namespace pipit::real
