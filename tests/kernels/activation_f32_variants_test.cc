// SPDX-License-Identifier: Apache-2.0
// Every variant of the activation functions of floats against the portable one, within some units
// in the last place: ragged runs, results in the operand's place, special values, unmapped pages
// around every array; and variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "kernels/contracts/activation_f32.h"
#include "tests/kernels/unary_f32.h"

namespace pipit::test {
namespace {

class ActivationF32Test : public UnaryF32Test {};

// Of 2^-23 of the result: what the vectors err, 2.1, and the C library's functions.
constexpr float kUnits = 4;

TEST_P(ActivationF32Test, Clamp) {
  for (const Clamp<float> c : {Clamp<float>{0, INFINITY}, {0, 6}, {-1, 1}, {0, 1}}) {
    check(clamp_f32_variants(), &c, 1);
  }
}
TEST_P(ActivationF32Test, LeakyRelu) {
  for (const float slope : {0.1f, -2.0f, 0.0f, 1.5f}) check(leaky_relu_f32_variants(), &slope, 2);
}
TEST_P(ActivationF32Test, HardSwish) { check(hard_swish_f32_variants(), nullptr, 2); }
TEST_P(ActivationF32Test, Logistic) { check(logistic_f32_variants(), nullptr, kUnits); }
TEST_P(ActivationF32Test, Tanh) { check(tanh_f32_variants(), nullptr, kUnits); }
TEST_P(ActivationF32Test, Elu) { check(elu_f32_variants(), nullptr, kUnits); }
TEST_P(ActivationF32Test, Gelu) { check(gelu_f32_variants(), nullptr, 8); }
TEST_P(ActivationF32Test, GeluByTanh) {
  check(gelu_by_tanh_f32_variants(), nullptr, {kUnits, true});
}

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  return tanh_f32_variants()[info.param].name;
}

INSTANTIATE_TEST_SUITE_P(ActivationF32, ActivationF32Test,
                         testing::Range(size_t{0}, tanh_f32_variants().size()), name_of);

// ---- the check itself

template <float (*f)(float)>
void apply(const Unary& r) {
  each<float, float>(r, f);
}

// Loses the digits of small numbers.
float tanh_by_logistic(float x) { return 2 / (1 + std::exp(-2 * x)) - 1; }
// Clamps what is not a number.
float tanh_of_clamped(float x) { return std::tanh(std::fmin(x, 10.0f)); }
// A few units too much.
float tanh_roughly(float x) { return std::tanh(x) * (1 + 6 * 0x1p-23f); }

TEST(ActivationF32Check, CatchesBrokenVariants) {
  const auto caught = [](UnaryFn broken) {
    return !all_agree(tanh_f32_portable, broken, nullptr, kUnits);
  };
  EXPECT_FALSE(caught(tanh_f32_portable));
  EXPECT_TRUE(caught(apply<tanh_by_logistic>));
  EXPECT_TRUE(caught(apply<tanh_of_clamped>));
  EXPECT_TRUE(caught(apply<tanh_roughly>));
}

}  // namespace
}  // namespace pipit::test
