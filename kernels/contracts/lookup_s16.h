// SPDX-License-Identifier: Apache-2.0
// Functions of int16 numbers from a table of 513 values, one for every 128th number, and straight
// lines between them.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/to_integer.h"
#include "kernels/contracts/unary.h"

namespace pipit {

struct LookupS16 {
  static constexpr int kIntervals = 512;
  int16_t table[kIntervals + 1];
};

static inline int16_t lookup_s16(const LookupS16& t, int16_t x) {
  const int i = LookupS16::kIntervals / 2 + (x >> 7);
  const auto slope = static_cast<int16_t>(t.table[i + 1] - t.table[i]);
  return static_cast<int16_t>(t.table[i] + ((slope * (x & 0x7F) + 64) >> 7));
}

// Kernel for Unary with LookupS16 constants.
void lookup_s16_portable(const Unary& r);

template <class Real>
struct RealQuantization {
  Real scale;
  int32_t zero_point;

  Real lowest() const { return scale * static_cast<Real>(INT16_MIN - zero_point); }
  Real highest() const { return scale * static_cast<Real>(INT16_MAX - zero_point); }
};

// Fills the table for f, rounding as TensorFlow Lite does: each value is moved by half of the error
// that interpolation has in the middle of its interval.
template <class Real, class F>
void fill_table_s16(const RealQuantization<Real>& in, const RealQuantization<Real>& out, F f,
                    LookupS16* t) {
  const Real step = (in.highest() - in.lowest()) / LookupS16::kIntervals;
  const Real half_step = step / 2;
  const Real scale = Real{65536} / (out.highest() - out.lowest());
  for (int i = 0; i < LookupS16::kIntervals; ++i) {
    const Real x = in.lowest() + static_cast<Real>(i) * step;
    const Real here = std::round(f(x) * scale);
    const Real next = f(in.lowest() + static_cast<Real>(i + 1) * step) * scale;
    const Real middle = std::round(f(x + half_step) * scale);
    const Real error = std::round((next + here) / 2) - middle;
    // Where f is infinite there is no error.
    t->table[i] = to_integer<int16_t>(here - (error == error ? std::round(error / 2) : 0));
  }
  t->table[LookupS16::kIntervals] = to_integer<int16_t>(std::round(f(in.highest()) * scale));
}

}  // namespace pipit
