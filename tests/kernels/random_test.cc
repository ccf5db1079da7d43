// SPDX-License-Identifier: Apache-2.0
// Random bits against published ones, and what random operators make of them: the recorded cases
// look at shapes only.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/math/random_bits.h"
#include "tests/support/net.h"

namespace pipit::test {
namespace {

// The known answers of the generators' authors.
TEST(RandomBits, Philox) {
  struct Answer {
    Philox from;
    uint32_t bits[4];
  };
  const Answer answers[] = {
      {{{0, 0}, {0, 0, 0, 0}}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{{~0u, ~0u}, {~0u, ~0u, ~0u, ~0u}}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{{0xa4093822, 0x299f31d0}, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const Answer& a : answers) {
    uint32_t bits[4];
    random_words(a.from, bits);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(bits[i], a.bits[i]) << i;
  }
}

TEST(RandomBits, Threefry) {
  struct Answer {
    Threefry from;
    uint32_t bits[2];
  };
  const Answer answers[] = {
      {{{0, 0}, {0, 0}}, {0x6b200159, 0x99ba4efe}},
      {{{~0u, ~0u}, {~0u, ~0u}}, {0x1cb996fc, 0xbb002be7}},
      {{{0x13198a2e, 0x03707344}, {0x243f6a88, 0x85a308d3}}, {0xc4923a9c, 0x483df7a0}},
  };
  for (const Answer& a : answers) {
    uint32_t bits[2];
    random_words(a.from, bits);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(bits[i], a.bits[i]) << i;
  }
}

struct Seeds {
  int64_t seed, seed2;
};

OptionsSpec options_for(Seeds s) {
  return {fb::BuiltinOptions::RandomOptions, [s](flatbuffers::FlatBufferBuilder& b) {
            return fb::CreateRandomOptions(b, s.seed, s.seed2).Union();
          }};
}

// Numbers in a vector whose size is a constant, or an input.
ModelBuilder numbers_model(fb::BuiltinOperator op, int32_t n, bool constant, Seeds seeds) {
  ModelBuilder b;
  TensorSpec shape = {.shape = Shape::of(1)};
  if (constant) shape.bytes = bytes_of(std::vector<int32_t>{n});
  const int in = b.tensor(shape);
  const int out = b.tensor({.type = Type::kFloat32, .shape = Shape::of(n)});
  b.builtin_node(op, {in}, {out}, options_for(seeds));
  if (!constant) b.inputs({in});
  b.outputs({out});
  return b;
}

template <class Real>
ModelBuilder multinomial_model(const std::vector<Real>& logits, int32_t batch, int32_t samples,
                               Seeds seeds) {
  ModelBuilder b;
  const auto classes = static_cast<int32_t>(logits.size()) / batch;
  const int in = b.tensor({.type = sizeof(Real) == sizeof(float) ? Type::kFloat32 : Type::kFloat64,
                           .shape = Shape::of(batch, classes),
                           .bytes = bytes_of(logits)});
  const int n = b.tensor({.shape = Shape(), .bytes = bytes_of(std::vector<int32_t>{samples})});
  const int out = b.tensor({.shape = Shape::of(batch, samples)});
  b.builtin_node(fb::BuiltinOperator::MULTINOMIAL, {in, n}, {out}, options_for(seeds));
  b.outputs({out});
  return b;
}

TEST(Random, UniformNumbersFillTheirRange) {
  Net net(numbers_model(fb::BuiltinOperator::RANDOM_UNIFORM, 10000, true, {7, 42}));
  const auto x = net.run<float>();
  ASSERT_EQ(x.size(), 10000u);
  int below_half = 0;
  for (const float v : x) {
    ASSERT_GE(v, 0);
    ASSERT_LT(v, 1);
    below_half += v < 0.5f ? 1 : 0;
  }
  EXPECT_NEAR(below_half, 5000, 250);  // five times the standard deviation
}

TEST(Random, NormalNumbersHaveMeanZeroAndVarianceOne) {
  Net net(numbers_model(fb::BuiltinOperator::RANDOM_STANDARD_NORMAL, 10001, true, {7, 42}));
  double sum = 0, squares = 0;
  const auto x = net.run<float>();
  for (const double v : x) {
    sum += v;
    squares += v * v;
  }
  EXPECT_NEAR(sum / 10001, 0, 0.05);
  EXPECT_NEAR(squares / 10001, 1, 0.08);
}

TEST(Random, NumbersGoOnAndStartAgainWhenReset) {
  for (const bool constant : {true, false}) {
    const auto model = numbers_model(fb::BuiltinOperator::RANDOM_UNIFORM, 6, constant, {7, 42});
    Net net(model), same(model);
    if (!constant) net.set<int32_t>(0, {6});
    if (!constant) same.set<int32_t>(0, {6});
    const auto first = net.run<float>(), second = net.run<float>();
    ASSERT_EQ(first.size(), 6u);
    EXPECT_NE(first, second);
    EXPECT_EQ(same.run<float>(), first);
    EXPECT_EQ(same.run<float>(), second);
    net.interpreter().reset_variables();
    EXPECT_EQ(net.run<float>(), first);
  }
}

TEST(Random, WithoutSeedsTheApplicationsDecides) {
  const auto model = numbers_model(fb::BuiltinOperator::RANDOM_UNIFORM, 5, true, {0, 0});
  Options other;
  other.random_seed = 1;
  Net a(model), b(model), c(model, other);
  const auto numbers = a.run<float>();
  EXPECT_EQ(b.run<float>(), numbers);
  EXPECT_NE(c.run<float>(), numbers);
  other.random_seed = 2;
  const auto seeded = numbers_model(fb::BuiltinOperator::RANDOM_UNIFORM, 5, true, {7, 42});
  Net d(seeded), e(seeded, other);
  EXPECT_EQ(d.run<float>(), e.run<float>());
}

// What TensorFlow draws for these seeds.
TEST(Random, MultinomialDrawsWhatTensorFlowDraws) {
  Net two(multinomial_model<float>({-1.2039728f, -0.35667497f}, 1, 10, {1234, 5678}));
  EXPECT_EQ(two.run<int32_t>(), (std::vector<int32_t>{1, 0, 1, 0, 1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(two.run<int32_t>(), (std::vector<int32_t>{1, 1, 1, 0, 1, 1, 0, 0, 0, 1}));
  EXPECT_EQ(two.run<int32_t>(), (std::vector<int32_t>{0, 1, 1, 0, 1, 1, 1, 1, 0, 1}));
  Net three(multinomial_model<float>({-1.609438f, -1.2039728f, -0.6931472f}, 1, 15, {5678, 1234}));
  EXPECT_EQ(three.run<int32_t>(),
            (std::vector<int32_t>{1, 2, 1, 2, 1, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2}));
  EXPECT_EQ(three.run<int32_t>(),
            (std::vector<int32_t>{1, 2, 0, 0, 2, 1, 2, 0, 1, 0, 2, 2, 0, 2, 2}));
}

TEST(Random, MultinomialTakesDoubles) {
  const std::vector<double> logits = {std::log(0.3), std::log(0.7)};
  Net net(multinomial_model(logits, 1, 10, {1234, 5678}));
  EXPECT_EQ(net.run<int32_t>(), (std::vector<int32_t>{1, 0, 1, 0, 1, 1, 1, 1, 1, 1}));
}

TEST(Random, MultinomialLeavesOutWhatIsNotFinite) {
  Net net(multinomial_model<float>({-INFINITY, 0.0f, NAN, INFINITY}, 1, 100, {1, 2}));
  EXPECT_EQ(net.run<int32_t>(), std::vector<int32_t>(100, 1));
}

TEST(Random, MultinomialWithoutClassesIsRefused) {
  ModelBuilder b;
  const int in = b.tensor({.type = Type::kFloat32, .shape = Shape::of(2, 0)});
  const int n = b.tensor({.shape = Shape(), .bytes = bytes_of(std::vector<int32_t>{3})});
  const int out = b.tensor({.shape = Shape::of(2, 3)});
  b.builtin_node(fb::BuiltinOperator::MULTINOMIAL, {in, n}, {out}, options_for({1, 2}));
  b.inputs({in});
  b.outputs({out});
  EXPECT_FALSE(Net(b).ok());
}

}  // namespace
}  // namespace pipit::test
