// SPDX-License-Identifier: Apache-2.0
// Functions of one float whose arrays lie between unmapped pages: what the tests of their variants
// share. Runs are ragged, results may lie in the operand's place, and numbers are often special.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/contracts/unary.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/near.h"
#include "tests/support/random.h"

namespace pipit::test {

// Units of 2^-23 of the result, or of the operand, that a variant may err.
struct Tolerance {
  float units = 0;
  bool of_operand = false;

  Tolerance(float n, bool operand = false) : units(n), of_operand(operand) {}  // NOLINT: implicit
};

inline bool near_by_operand(Span<const float> in, Span<const float> want, Span<const float> got,
                            float units) {
  for (size_t i = 0; i < in.size(); ++i) {
    const bool close = std::abs(want[i] - got[i]) <= units * 0x1p-23f * std::abs(in[i]);
    if (!close && !near(want[i], got[i], units)) return false;
  }
  return true;
}

// Of any size, often a special one or one where a function changes its kind.
inline float any_number(Random* random) {
  const float specials[] = {NAN,    INFINITY, -INFINITY, 0.0f,  -0.0f,    3e38f, -3e38f, 1e30f,
                            1e-40f, -1e-38f,  -87.33f,   -88,   88.73f,   -104,  3,      -3,
                            6,      10,       -10,       9.01f, 0x1p-30f, 2.5f,  -3.5f,  0.5f};
  const int32_t kind = random->between(0, 9);
  if (kind == 0) return specials[random->between(0, std::size(specials) - 1)];
  const double unit = random->unit() * 2 - 1;
  return static_cast<float>(kind == 1 ? std::ldexp(unit, random->between(-30, 30))
                                      : unit * (kind < 5 ? 100 : 8));
}

inline bool agrees(UnaryFn portable, UnaryFn variant, const void* constants, int32_t n,
                   bool in_place, Against side, uint64_t seed, const Tolerance& t) {
  Random random(seed);
  const auto count = static_cast<size_t>(n);
  const GuardedBuffer<float> in(count, side), want(count, side), got(count, other(side));
  for (float& x : in.span()) x = any_number(&random);
  in.make_read_only();
  portable({.in = in.data(), .out = want.data(), .n = n, .constants = constants});
  std::copy(in.span().begin(), in.span().end(), got.span().begin());
  variant(
      {.in = in_place ? got.data() : in.data(), .out = got.data(), .n = n, .constants = constants});
  if (!t.of_operand) return near(want.span(), got.span(), t.units);
  return near_by_operand(in.span(), want.span(), got.span(), t.units);
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t n : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 20, 31, 32, 33, 70, 1000, 10000}) {
    for (const bool in_place : {false, true}) visit(n, in_place);
  }
}

inline bool all_agree(UnaryFn portable, UnaryFn variant, const void* constants,
                      const Tolerance& t) {
  bool all = true;
  uint64_t seed = 1;
  for_each_case([&](int32_t n, bool in_place) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      all = all && agrees(portable, variant, constants, n, in_place, side, ++seed, t);
    }
  });
  return all;
}

// The parameter is the variant's place in each list.
class UnaryF32Test : public testing::TestWithParam<size_t> {
 protected:
  void check(Span<const UnaryVariant> variants, const void* constants, const Tolerance& t) {
    if (GetParam() >= variants.size()) return;  // such as roots in 32-bit code
    const UnaryVariant& variant = variants[GetParam()];
    if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
    EXPECT_TRUE(all_agree(variants[0].run, variant.run, constants, t));
  }
};

}  // namespace pipit::test
