// SPDX-License-Identifier: Apache-2.0
// Functions of angles and of sides.
#include <bit>
#include <initializer_list>
#include <limits>

#include "kernels/math/real.h"

namespace pipit::real {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kPiLow = 0x1.1a62633145c07p-53;  // what the nearest double lacks
constexpr double kHalfPi = kPi / 2;

// An angle as quarters of a turn, and a rest of at most an eighth.
struct Angle {
  uint32_t quarters = 0;
  double rest = 0;
};

// pi / 2 in three parts, as n * pi / 2 has more bits than a double.
Angle split(double x) {
  constexpr double kRounder = 0x1.8p52;
  const double shifted = x * 0x1.45f306dc9c883p-1 + kRounder;
  const double n = shifted - kRounder;
  const double rest =
      ((x - n * 0x1.921fb54400000p+0) - n * 0x1.0b4611a600000p-34) - n * 0x1.3198a2e037073p-69;
  return {static_cast<uint32_t>(std::bit_cast<uint64_t>(shifted)), rest};
}

// 96 bits of 2 / pi, the first two of which count halves of a turn and quarters when they are
// multiplied by 2^exponent.
struct TwoOverPi {
  uint64_t high;
  uint32_t low;
};

TwoOverPi two_over_pi(int exponent) {
  constexpr uint32_t kBits[] = {0,          0xA2F9836E, 0x4E441529, 0xFC2757D1,
                                0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB};
  const int first = 30 + exponent, shift = first % 32;
  const uint32_t* word = kBits + first / 32;
  const auto at = [&](int i) {
    return static_cast<uint32_t>((uint64_t{word[i]} << 32 | word[i + 1]) >> (32 - shift));
  };
  return {uint64_t{at(0)} << 32 | at(1), at(2)};
}

// A float is an integer times a power of two, so its quarters are a product of integers, exact
// but for what lies behind 62 bits.
Angle split(float x) {
  if (std::abs(x) < 0x1p16f) return split(static_cast<double>(x));
  const auto bits = std::bit_cast<uint32_t>(x);
  const int exponent = static_cast<int>(bits >> 23 & 0xFF) - 150;
  const uint64_t integer = (bits & 0x7FFFFF) | 0x800000;
  const TwoOverPi factor = two_over_pi(exponent);
  const uint64_t product = integer * factor.high + (integer * factor.low >> 32);
  const uint64_t quarters = (product + (uint64_t{1} << 61)) >> 62;
  const auto rest = static_cast<int64_t>(product - (quarters << 62));
  const double angle = static_cast<double>(rest) * (kHalfPi * 0x1p-62);
  return (bits >> 31) != 0 ? Angle{static_cast<uint32_t>(0 - quarters), -angle}
                           : Angle{static_cast<uint32_t>(quarters), angle};
}

// By their power series, for |x| <= pi / 4.
double near_sine(double x) {
  const double z = x * x;
  double p = -1.0 / 1307674368000;
  for (const double c :
       {1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6}) {
    p = p * z + c;
  }
  return x + x * z * p;
}

double near_cosine(double x) {
  const double z = x * x;
  double p = 1.0 / 20922789888000;
  for (const double c :
       {-1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24}) {
    p = p * z + c;
  }
  return 1 - (z / 2 - z * z * p);
}

double sine(Angle a) {
  const double magnitude = a.quarters % 2 == 0 ? near_sine(a.rest) : near_cosine(a.rest);
  return a.quarters / 2 % 2 == 0 ? magnitude : -magnitude;
}

double cosine(Angle a) { return sine({a.quarters + 1, a.rest}); }

bool is_finite(float x) { return std::abs(x) < std::numeric_limits<float>::infinity(); }

// atan(y / x) for 0 <= y <= x, x neither 0 nor infinite: from the next of nine angles whose
// tangents are i / 8 on, by the power series.
double near_angle(double y, double x) {
  constexpr double kAngles[] = {0,
                                0x1.fd5ba9aac2f6ep-4,
                                0x1.f5b75f92c80ddp-3,
                                0x1.6f61941e4def1p-2,
                                0x1.dac670561bb4fp-2,
                                0x1.1e00babdefeb4p-1,
                                0x1.4978fa3269ee1p-1,
                                0x1.700a7c5784634p-1,
                                0x1.921fb54442d18p-1};
  const auto i = static_cast<int32_t>(y / x * 8 + 0.5);
  const double tangent = i / 8.0;
  const double t = (y - tangent * x) / (x + tangent * y), z = t * t;
  double p = -1.0 / 15;
  for (const double c : {1.0 / 13, -1.0 / 11, 1.0 / 9, -1.0 / 7, 1.0 / 5, -1.0 / 3}) {
    p = p * z + c;
  }
  return kAngles[i] + (t + t * z * p);
}

// Both scaled, so that neither their squares nor their products leave the range.
void scale(double* small, double* large) {
  const double factor = *large > 0x1p+500 ? 0x1p-600 : *large < 0x1p-500 ? 0x1p+500 : 1;
  *small *= factor;
  *large *= factor;
}

// atan2(y, x) for numbers that are neither negative nor NaN.
double angle(double y, double x) {
  if (y == 0) return 0;
  if (y == kInfinity || x == kInfinity) {
    return x < kInfinity ? kHalfPi : y < kInfinity ? 0 : kPi / 4;
  }
  double small = y < x ? y : x, large = y < x ? x : y;
  scale(&small, &large);
  const double a = near_angle(small, large);
  return y < x ? a : kHalfPi - (a - kPiLow / 2);
}

}  // namespace

double sin(double x) { return sine(split(x)); }
double cos(double x) { return cosine(split(x)); }
float sin(float x) { return is_finite(x) ? narrow(sine(split(x))) : x - x; }
float cos(float x) { return is_finite(x) ? narrow(cosine(split(x))) : x - x; }

double atan2(double y, double x) {
  if (x != x || y != y) return x + y;
  const double a = angle(std::abs(y), std::abs(x));
  return std::copysign(std::signbit(x) ? kPi - (a - kPiLow) : a, y);
}

float atan2(float y, float x) {
  return narrow(atan2(static_cast<double>(y), static_cast<double>(x)));
}

// Infinite if one side is, whatever the other.
double hypot(double x, double y) {
  const double a = std::abs(x), b = std::abs(y);
  if (a == kInfinity || b == kInfinity) return kInfinity;
  if (a != a || b != b || a + b == 0) return a + b;
  double small = a < b ? a : b, large = a < b ? b : a;
  const double before = large;
  scale(&small, &large);
  return std::sqrt(small * small + large * large) * (before / large);
}

float hypot(float x, float y) {
  return narrow(hypot(static_cast<double>(x), static_cast<double>(y)));
}

}  // namespace pipit::real
