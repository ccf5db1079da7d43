// SPDX-License-Identifier: Apache-2.0
// Every variant of the arithmetic of floats against the portable one, bit for bit: ragged runs, one
// value for a whole run, results in an operand's place, special values, unmapped pages around every
// array; and variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ostream>
#include <string>

#include "kernels/contracts/arithmetic_f32.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

void fill(Span<float> values, Random* random) {
  const float specials[] = {NAN, INFINITY, -INFINITY, 0.0f, 1e30f};
  for (float& v : values) {
    v = random->one_in(6) ? specials[random->between(0, 4)]
                          : static_cast<float>(random->unit() * 8 - 4);
  }
}

struct Case {
  int32_t n, step_a, step_b;
  bool in_place;  // the result lies where the first operand does
};

void run(BinaryFn variant, const Case& c, Against side, uint64_t seed,
         const GuardedBuffer<float>& out) {
  Random random(seed);
  const auto count = [&](int32_t step) { return static_cast<size_t>(step == 0 ? 1 : c.n); };
  const GuardedBuffer<float> a(count(c.step_a), side), b(count(c.step_b), side);
  fill(a.span(), &random);
  fill(b.span(), &random);
  if (c.in_place) std::copy(a.span().begin(), a.span().end(), out.span().begin());
  const Clamp<float> clamp = random.one_in(2) ? Clamp<float>{0, 6} : Clamp<float>{-1e20f, 1e20f};
  a.make_read_only();
  b.make_read_only();
  variant({.a = c.in_place ? out.data() : a.data(),
           .b = b.data(),
           .out = out.data(),
           .n = c.n,
           .step_a = c.step_a,
           .step_b = c.step_b,
           .constants = &clamp});
}

bool same(float a, float b) { return std::isnan(a) ? std::isnan(b) : a == b; }

bool agrees(BinaryFn portable, BinaryFn variant) {
  uint64_t seed = 1;
  for (const int32_t n : {1, 2, 3, 4, 5, 15, 16, 17, 20, 31, 32, 33, 70}) {
    for (const Case c :
         {Case{n, 1, 1, false}, Case{n, 1, 1, true}, Case{n, 0, 1, false}, Case{n, 1, 0, true}}) {
      for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
        const auto count = static_cast<size_t>(n);
        const GuardedBuffer<float> want(count, side), got(count, other(side));
        run(portable, c, side, ++seed, want);
        run(variant, c, side, seed, got);
        if (!std::equal(want.span().begin(), want.span().end(), got.span().begin(), same)) {
          return false;
        }
      }
    }
  }
  return true;
}

class ArithmeticF32Test : public testing::TestWithParam<size_t> {
 protected:
  void check(Span<const BinaryVariant> variants) {
    if (GetParam() >= variants.size()) return;  // division in 32-bit code
    const BinaryVariant& variant = variants[GetParam()];
    if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
    EXPECT_TRUE(agrees(variants[0].run, variant.run));
  }
};

TEST_P(ArithmeticF32Test, AddsLikePortable) { check(add_f32_variants()); }
TEST_P(ArithmeticF32Test, SubtractsLikePortable) { check(sub_f32_variants()); }
TEST_P(ArithmeticF32Test, MultipliesLikePortable) { check(mul_f32_variants()); }
TEST_P(ArithmeticF32Test, DividesLikePortable) { check(div_f32_variants()); }
TEST_P(ArithmeticF32Test, SquaresDifferencesLikePortable) {
  check(squared_difference_f32_variants());
}
TEST_P(ArithmeticF32Test, PicksTheLargerLikePortable) { check(max_f32_variants()); }
TEST_P(ArithmeticF32Test, PicksTheSmallerLikePortable) { check(min_f32_variants()); }
TEST_P(ArithmeticF32Test, ScalesNegativesLikePortable) { check(prelu_f32_variants()); }

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return add_f32_variants()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(ArithmeticF32, ArithmeticF32Test,
                         testing::Range(size_t{0}, add_f32_variants().size()), name_of);

// ---- the check itself

// Lets nothing pass that is not a number.
void clamps_nan(const Binary& r) {
  add_f32_portable(r);
  auto* out = static_cast<float*>(r.out);
  for (int32_t i = 0; i < r.n; ++i) out[i] = std::fmax(out[i], -INFINITY);
}

// Gives what is not a number also where it is the left operand.
void keeps_left_nan(const Binary& r) {
  const auto larger = [](float a, float b) { return std::isnan(a) || a > b ? a : b; };
  each_pair<float, float>(r, larger);
}

// Forgets the last of a ragged run.
void one_short(const Binary& r) {
  Binary fewer = r;
  fewer.n -= r.n % 16 == 1;
  add_f32_portable(fewer);
}

// Multiplies by the reciprocal.
void rounds_twice(const Binary& r) {
  const auto clamp = *static_cast<const Clamp<float>*>(r.constants);
  each_pair<float, float>(r, [&](float a, float b) { return clamp(a * (1 / b)); });
}

TEST(ArithmeticF32Check, CatchesBrokenVariants) {
  EXPECT_TRUE(agrees(add_f32_portable, add_f32_portable));
  EXPECT_FALSE(agrees(add_f32_portable, clamps_nan));
  EXPECT_FALSE(agrees(add_f32_portable, one_short));
  EXPECT_FALSE(agrees(div_f32_portable, rounds_twice));
  EXPECT_FALSE(agrees(max_f32_portable, keeps_left_nan));
}

}  // namespace
}  // namespace pipit::test
