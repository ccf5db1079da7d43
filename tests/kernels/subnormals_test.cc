// SPDX-License-Identifier: Apache-2.0
// Subnormal numbers are zeros of their sign to every operator that computes or compares, but for
// LOG, whatever the machine and the kernel: each answers them as it answers zeros.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pipit/cpu.h"
#include "tests/support/bits.h"
#include "tests/support/net.h"

namespace pipit::test {
namespace {

using B = fb::BuiltinOperator;
using Floats = std::vector<float>;

constexpr float kTiny = 1e-40f;
constexpr int32_t kCount = 23;  // vectors and some more

// Zeros, or what stands for them, among other numbers.
Floats numbers(float zero, int turn) {
  const Floats all = {zero, 1.5f, -zero, -2.5f, zero, -zero, 0.5f};
  Floats x;
  for (int32_t i = 0; i < kCount; ++i) x.push_back(all[static_cast<size_t>(i * turn) % all.size()]);
  return x;
}

struct Operator {
  B code;
  int inputs = 1;
  Type out = Type::kFloat32;
};

constexpr Operator kOperators[] = {
    {B::ABS},
    {B::NEG},
    {B::EXP},
    {B::SQRT},
    {B::RSQRT},
    {B::SQUARE},
    {B::SIN},
    {B::COS},
    {B::CEIL},
    {B::FLOOR},
    {B::ROUND},
    {B::SIGN},
    {B::ELU},
    {B::GELU},
    {B::TANH},
    {B::LOGISTIC},
    {B::RELU},
    {B::RELU6},
    {B::HARD_SWISH},
    {B::SOFTMAX},
    {B::CAST, 1, Type::kBool},
    {B::CAST, 1, Type::kInt32},
    {B::ADD, 2},
    {B::SUB, 2},
    {B::MUL, 2},
    {B::DIV, 2},
    {B::POW, 2},
    {B::ATAN2, 2},
    {B::MAXIMUM, 2},
    {B::MINIMUM, 2},
    {B::SQUARED_DIFFERENCE, 2},
    {B::EQUAL, 2, Type::kBool},
    {B::NOT_EQUAL, 2, Type::kBool},
    {B::LESS, 2, Type::kBool},
    {B::LESS_EQUAL, 2, Type::kBool},
    {B::GREATER, 2, Type::kBool},
    {B::GREATER_EQUAL, 2, Type::kBool},
};

ModelBuilder model(const Operator& op) {
  ModelBuilder b;
  std::vector<int> in;
  for (int i = 0; i < op.inputs; ++i) {
    in.push_back(b.tensor({.type = Type::kFloat32, .shape = Shape::of(1, kCount)}));
  }
  const int out = b.tensor({.type = op.out, .shape = Shape::of(1, kCount)});
  OptionsSpec options;
  if (op.code == B::SOFTMAX) {
    options = {fb::BuiltinOptions::SoftmaxOptions,
               [](auto& fbb) { return fb::CreateSoftmaxOptions(fbb, 1.0f).Union(); }};
  }
  b.builtin_node(op.code, in, {out}, options);
  b.inputs(in);
  b.outputs({out});
  return b;
}

// The outputs as numbers that can be compared.
std::vector<uint32_t> answer(const Operator& op, float zero, const Options& options) {
  Net net(model(op), options);
  for (int i = 0; i < op.inputs; ++i) net.set(i, numbers(zero, i + 1));
  EXPECT_TRUE(net.invoke()) << fb::EnumNameBuiltinOperator(op.code) << ": " << net.why();
  std::vector<uint32_t> bits;
  if (op.out == Type::kBool) {
    for (const uint8_t x : net.get<uint8_t>(0)) bits.push_back(x);
  } else {
    for (const float x : net.get<float>(0)) bits.push_back(significant_bits(x));
  }
  return bits;
}

void check(const Options& options) {
  for (const Operator& op : kOperators) {
    EXPECT_EQ(answer(op, 0.0f, options), answer(op, kTiny, options))
        << fb::EnumNameBuiltinOperator(op.code);
  }
}

TEST(Subnormals, AreZerosToPortableKernels) {
  Options options;
  options.cpu = kCpuPortable;
  check(options);
}
TEST(Subnormals, AreZerosToTheFastestKernels) { check({}); }

// As the reference answers.
TEST(Subnormals, HaveLogarithms) {
  EXPECT_EQ(answer({B::LOG}, kTiny, {})[0], std::bit_cast<uint32_t>(-103.972077f));
}

TEST(Subnormals, KeepTheirSign) {
  for (const B code : {B::FLOOR, B::CEIL, B::ROUND}) {
    const auto bits = answer({code}, kTiny, {});
    EXPECT_EQ(bits[0], 0u) << fb::EnumNameBuiltinOperator(code);
    EXPECT_EQ(bits[2], 0x80000000u) << fb::EnumNameBuiltinOperator(code);
  }
}

}  // namespace
}  // namespace pipit::test
