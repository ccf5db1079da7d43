// SPDX-License-Identifier: Apache-2.0
// Exponentials, logarithms and what is made of them.
#include <bit>
#include <initializer_list>
#include <limits>

#include "kernels/math/real.h"

namespace pipit::real {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSmallest = std::numeric_limits<double>::min();  // of the normal ones
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kLn2High = 0x1.62e42fe000000p-1, kLn2Low = 0x1.f473de6af278fp-30;
constexpr int kFraction = 52;  // bits of a double

// 2^(i / 32)
constexpr double kPowers[] = {
    0x1.0000000000000p+0, 0x1.059b0d3158574p+0, 0x1.0b5586cf9890fp+0, 0x1.11301d0125b51p+0,
    0x1.172b83c7d517bp+0, 0x1.1d4873168b9aap+0, 0x1.2387a6e756238p+0, 0x1.29e9df51fdee1p+0,
    0x1.306fe0a31b715p+0, 0x1.371a7373aa9cbp+0, 0x1.3dea64c123422p+0, 0x1.44e086061892dp+0,
    0x1.4bfdad5362a27p+0, 0x1.5342b569d4f82p+0, 0x1.5ab07dd485429p+0, 0x1.6247eb03a5585p+0,
    0x1.6a09e667f3bcdp+0, 0x1.71f75e8ec5f74p+0, 0x1.7a11473eb0187p+0, 0x1.82589994cce13p+0,
    0x1.8ace5422aa0dbp+0, 0x1.93737b0cdc5e5p+0, 0x1.9c49182a3f090p+0, 0x1.a5503b23e255dp+0,
    0x1.ae89f995ad3adp+0, 0x1.b7f76f2fb5e47p+0, 0x1.c199bdd85529cp+0, 0x1.cb720dcef9069p+0,
    0x1.d5818dcfba487p+0, 0x1.dfc97337b9b5fp+0, 0x1.ea4afa2a490dap+0, 0x1.f50765b6e4540p+0};

// exp(x) = 2^(n / 32) * exp(r), |r| <= ln(2) / 64, where it is a normal number or the next above;
// exp(r) by its power series.
inline double exp_of_moderate(double x) {
  // Added to this, a number is rounded to an integer in the lowest bits of the sum.
  constexpr double kRounder = 0x1.8p52;
  const double shifted = x * 0x1.71547652b82fep+5 + kRounder;
  const double n = shifted - kRounder;
  const double r = (x - n * (kLn2High / 32)) - n * (kLn2Low / 32);
  const double square = r * r;
  const double p =
      (0.5 + r * (1.0 / 6)) + square * ((1.0 / 24 + r * (1.0 / 120)) + square * (1.0 / 720));
  const auto bits = std::bit_cast<uint64_t>(shifted);
  const double power = kPowers[bits & 31];
  const auto exponent = static_cast<uint64_t>(static_cast<int32_t>(bits) >> 5) + 1023;
  return (power + power * (r + square * p)) * std::bit_cast<double>(exponent << kFraction);
}

// Of a float: beyond these bounds the result is infinite, or 0.
inline double exp_of_float(float x) {
  const float low = x < -104.0f ? -104.0f : x;
  return exp_of_moderate(static_cast<double>(low > 89.0f ? 89.0f : low));
}

// exp(x) - 1, without loss near 0.
inline double expm1_of_float(float x) {
  constexpr float kSmall = 0x1p-8f;
  if (!(std::abs(x) < kSmall)) return exp_of_float(x) - 1;
  const auto r = static_cast<double>(x);
  return r + r * r * (0.5 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120))));
}

// exp(z^2) * erfc(z) = t * P(t) for 0 <= z <= 10.6, t = 1 / (1 + z / 2); P errs by 3e-10.
double scaled_complement(double z) {
  constexpr double kP[] = {-0x1.042f7322d46c8p-5, 0x1.e2fea87bf68d5p-3,  -0x1.7f53eec6bae04p-1,
                           0x1.498f633033968p+0,  -0x1.3d924bce94046p+0, 0x1.4eaafb816ad81p-1,
                           -0x1.2e6bfc6d4dc71p-2, 0x1.54579180e0ba9p-3,  0x1.4886e9a094ce1p-3,
                           0x1.fd956e8396081p-3,  0x1.20b77d4235d8cp-2,  0x1.20dead8207a00p-2};
  const double t = 1 / (1 + z / 2);
  double p = 0;
  for (const double c : kP) p = p * t + c;
  return t * p;
}

bool is_integer(double x) { return x == std::trunc(x); }
bool is_odd(double x) { return is_integer(x) && !is_integer(x / 2); }

}  // namespace

float exp(float x) { return narrow(exp_of_float(x)); }
float expm1(float x) { return narrow(expm1_of_float(x)); }

double exp(double x) {
  if (x > 709.78271289338397) return kInfinity;
  if (x < -708.39641853226408) return 0;
  return exp_of_moderate(x);
}

// With e = exp(2|x|) - 1, e / (e + 2).
float tanh(float x) {
  const float magnitude = std::abs(x);
  const double e = expm1_of_float(magnitude > 10.0f ? 20.0f : 2 * magnitude);
  return narrow(std::copysign(e / (e + 2), static_cast<double>(x)));
}

float erfc(float x) {
  const double z = std::abs(static_cast<double>(x)), most = 10.6;
  const double inside = z > most ? most : z;
  const double y = exp_of_moderate(-(inside * inside)) * scaled_complement(inside);
  return narrow(x < 0 ? 2 - y : y);
}

// x = 2^e * m, m next to 1; log(m) = 2 atanh(s), s = (m - 1) / (m + 1), by its series.
double log(double x) {
  constexpr uint64_t kRootOfHalf = 0x3FE6A09E667F3BCD;
  if (!(x >= kSmallest)) return x > -kSmallest ? -kInfinity : kNan;
  if (x == kInfinity) return x;
  const auto bits = std::bit_cast<uint64_t>(x);
  const auto e = static_cast<int32_t>(static_cast<int64_t>(bits - kRootOfHalf) >> kFraction);
  const double f = std::bit_cast<double>(bits - (static_cast<uint64_t>(e) << kFraction)) - 1;
  const double s = f / (2 + f), z = s * s;
  double p = 2.0 / 19;
  for (const double c :
       {2.0 / 17, 2.0 / 15, 2.0 / 13, 2.0 / 11, 2.0 / 9, 2.0 / 7, 2.0 / 5, 2.0 / 3}) {
    p = p * z + c;
  }
  return e * kLn2High + (2 * s + (s * z * p + e * kLn2Low));
}

// The reference's answer for each subnormal number is the logarithm of 2^-150.
float log(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const bool subnormal = bits != 0 && bits < 0x800000;
  return narrow(log(subnormal ? 0x1p-150 : static_cast<double>(x)));
}

double log2(double x) { return log(x) * 0x1.71547652b82fep+0; }

// The quotient makes good what rounding 1 + x has lost.
double log1p(double x) {
  const double u = 1 + x;
  return u == 1 || u == kInfinity ? x : log(u) * (x / (u - 1));
}

double pow(double x, double y) {
  const double magnitude = std::abs(x);
  if (y == 0 || x == 1 || (magnitude == 1 && std::abs(y) == kInfinity)) return 1;
  const double power = exp(y * log(magnitude));
  if (!std::signbit(x)) return power;
  if (x < 0 && magnitude < kInfinity && !is_integer(y)) return kNan;
  return is_odd(y) ? -power : power;
}

float pow(float x, float y) { return narrow(pow(static_cast<double>(x), static_cast<double>(y))); }

}  // namespace pipit::real
