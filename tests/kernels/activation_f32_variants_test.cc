// SPDX-License-Identifier: Apache-2.0
// Every variant of the activation functions of floats against the portable one, within some units
// in the last place: ragged runs, results in the operand's place, special values, unmapped pages
// around every array; and variants broken on purpose, which the check must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/activation_f32.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/near.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

// Of any size, often a special one or one where a function changes its kind.
float any_number(Random* random) {
  const float specials[] = {NAN,   INFINITY, -INFINITY, 0.0f,    -0.0f, 3e38f,  -3e38f,
                            1e30f, 1e-40f,   -1e-38f,   -87.33f, -88,   88.73f, -104,
                            3,     -3,       6,         10,      -10,   9.01f,  0x1p-30f};
  const int32_t kind = random->between(0, 9);
  if (kind == 0) return specials[random->between(0, std::size(specials) - 1)];
  const double unit = random->unit() * 2 - 1;
  return static_cast<float>(kind == 1 ? std::ldexp(unit, random->between(-30, 30))
                                      : unit * (kind < 5 ? 100 : 8));
}

bool agrees(UnaryFn portable, UnaryFn variant, const void* constants, int32_t n, bool in_place,
            Against side, uint64_t seed, float units) {
  Random random(seed);
  const auto count = static_cast<size_t>(n);
  const GuardedBuffer<float> in(count, side), want(count, side), got(count, other(side));
  for (float& x : in.span()) x = any_number(&random);
  in.make_read_only();
  portable({.in = in.data(), .out = want.data(), .n = n, .constants = constants});
  std::copy(in.span().begin(), in.span().end(), got.span().begin());
  variant(
      {.in = in_place ? got.data() : in.data(), .out = got.data(), .n = n, .constants = constants});
  return near(want.span(), got.span(), units);
}

template <class Visit>
void for_each_case(const Visit& visit) {
  for (const int32_t n : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 20, 31, 32, 33, 70, 1000, 10000}) {
    for (const bool in_place : {false, true}) visit(n, in_place);
  }
}

bool all_agree(UnaryFn portable, UnaryFn variant, const void* constants, float units) {
  bool all = true;
  uint64_t seed = 1;
  for_each_case([&](int32_t n, bool in_place) {
    for (const Against side : {Against::kLowerGuard, Against::kUpperGuard}) {
      all = all && agrees(portable, variant, constants, n, in_place, side, ++seed, units);
    }
  });
  return all;
}

class ActivationF32Test : public testing::TestWithParam<size_t> {
 protected:
  void check(Span<const UnaryVariant> variants, const void* constants, float units) {
    const UnaryVariant& variant = variants[GetParam()];
    if ((variant.needs & ~detect_cpu()) != 0) GTEST_SKIP() << "the CPU lacks " << variant.name;
    EXPECT_TRUE(all_agree(variants[0].run, variant.run, constants, units));
  }
};

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
