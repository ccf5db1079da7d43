// SPDX-License-Identifier: Apache-2.0
#include "kernels/contracts/sigmoid_s16.h"

#include <cmath>

#include "core/to_integer.h"
#include "kernels/math/real.h"

namespace pipit {
namespace {

constexpr uint32_t kLast = 255;  // intervals from here on are taken for flat

double logistic(double i) { return 65536 / (1 + real::exp(-i / 24)); }

// The argument in the table's units. |x| <= 2^15 and multiplier < 2^15, or 6 without a shift.
int32_t scaled(const SigmoidS16& s, int32_t x) {
  const int32_t half = s.shift > 0 ? 1 << (s.shift - 1) : 0;
  return (x * s.multiplier + half) >> s.shift;
}

// logistic(x) in units of 2^-(16 + bits), for x in units of 2^-bits / 24; `most` beyond the table.
uint32_t interpolate(const uint16_t* table, uint32_t x, int bits, uint32_t most) {
  const uint32_t i = x >> bits;
  if (i >= kLast) return most;
  const uint32_t rest = x & ((1u << bits) - 1);
  return (uint32_t{table[i]} << bits) + rest * (uint32_t{table[i + 1]} - table[i]);
}

uint32_t magnitude(int32_t x) {
  return x < 0 ? 0u - static_cast<uint32_t>(x) : static_cast<uint32_t>(x);
}

}  // namespace

// Each value is raised by half of what a chord loses in the middle of its interval, so that the
// error of interpolation goes both ways.
void fill_sigmoid_table(uint16_t* table) {
  for (uint32_t i = 0; i < kLast; ++i) {
    const double here = logistic(i), next = logistic(i + 1.0);
    const double loss = logistic(i + 0.5) - (here + next) / 2;
    table[i] = to_integer<uint16_t>(here + loss / 2 + 0.5);
  }
  table[kLast] = UINT16_MAX;
}

void logistic_s16(const Unary& r) {
  const auto& s = *static_cast<const SigmoidS16*>(r.constants);
  each<int16_t, int16_t>(r, [&](int16_t in) {
    const int32_t x = scaled(s, in);
    const auto y = static_cast<int32_t>(interpolate(s.table, magnitude(x), 9, 0x7FFFu << 10));
    // 1 is 2^25 here, and logistic(-x) = 1 - logistic(x). Halves go away from zero in x.
    const int32_t rounded = x >= 0 ? y + (1 << 9) : (1 << 25) - y + (1 << 9) - 1;
    return static_cast<int16_t>(rounded >> 10);
  });
}

void tanh_s16(const Unary& r) {
  const auto& s = *static_cast<const SigmoidS16*>(r.constants);
  each<int16_t, int16_t>(r, [&](int16_t in) {
    const int32_t x = scaled(s, in);
    const auto y = static_cast<int32_t>(interpolate(s.table, magnitude(x), 8, 0xFFFFu << 8));
    // y / 2^24 is logistic(2x), as the same raw number with one bit less behind the point; twice
    // that less 1 is `above` in units of 2^-23.
    const int32_t above = y - (1 << 23);
    const int32_t rounded = x >= 0 ? above + (1 << 7) : (1 << 7) - 1 - above;
    return static_cast<int16_t>(rounded >> 8);
  });
}

}  // namespace pipit
