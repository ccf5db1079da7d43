// SPDX-License-Identifier: Apache-2.0
// Every variant of the functions of floats against the portable one: ragged runs, results in the
// operand's place, special values, unmapped pages around every array; and variants broken on
// purpose, which the check must catch.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "kernels/contracts/function_f32.h"
#include "tests/kernels/unary_f32.h"

namespace pipit::test {
namespace {

class FunctionF32Test : public UnaryF32Test {};

// Units in the last place that the exponential and the C library's one err together.
constexpr float kUnits = 3;

TEST_P(FunctionF32Test, Abs) { check(abs_f32_variants(), nullptr, 0); }
TEST_P(FunctionF32Test, Neg) { check(neg_f32_variants(), nullptr, 0); }
TEST_P(FunctionF32Test, Square) { check(square_f32_variants(), nullptr, 1); }
TEST_P(FunctionF32Test, Exp) { check(exp_f32_variants(), nullptr, kUnits); }
TEST_P(FunctionF32Test, Sqrt) { check(sqrt_f32_variants(), nullptr, 0); }
TEST_P(FunctionF32Test, Rsqrt) { check(rsqrt_f32_variants(), nullptr, 0); }
TEST_P(FunctionF32Test, Floor) { check(floor_f32_variants(), nullptr, 0); }
TEST_P(FunctionF32Test, Ceil) { check(ceil_f32_variants(), nullptr, 0); }
TEST_P(FunctionF32Test, Round) { check(round_f32_variants(), nullptr, 0); }

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return exp_f32_variants()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(FunctionF32, FunctionF32Test,
                         testing::Range(size_t{0}, exp_f32_variants().size()), name_of);

// ---- the check itself

template <float (*f)(float)>
void apply(const Unary& r) {
  each<float, float>(r, f);
}

// Infinite too early, as a power of two and the rest are.
float exp_in_two(float x) { return x > 88.37f ? INFINITY : std::exp(x); }
// Clamps what is not a number.
float exp_of_clamped(float x) { return std::exp(std::fmin(x, 89.0f)); }
// Takes the wrong one of two integers.
float round_away(float x) { return std::round(x); }
// Rounds once more.
float rsqrt_by_power(float x) { return std::sqrt(1 / x); }

TEST(FunctionF32Check, CatchesBrokenVariants) {
  const auto caught = [](UnaryFn portable, UnaryFn broken, float units) {
    return !all_agree(portable, broken, nullptr, units);
  };
  EXPECT_FALSE(caught(exp_f32_portable, exp_f32_portable, 0));
  EXPECT_TRUE(caught(exp_f32_portable, apply<exp_in_two>, kUnits));
  EXPECT_TRUE(caught(exp_f32_portable, apply<exp_of_clamped>, kUnits));
  EXPECT_TRUE(caught(round_f32_portable, apply<round_away>, 0));
  EXPECT_TRUE(caught(rsqrt_f32_portable, apply<rsqrt_by_power>, 0));
}

}  // namespace
}  // namespace pipit::test
