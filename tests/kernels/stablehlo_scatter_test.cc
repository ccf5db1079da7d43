// SPDX-License-Identifier: Apache-2.0
// STABLEHLO_SCATTER with every function and type, and what it refuses; the recorded cases have
// three types.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "tests/support/net.h"

namespace pipit::test {
namespace {

using fb::BuiltinOperator;
using ::testing::HasSubstr;
using Dimensions = std::vector<int64_t>;

// Rows of a vector or matrix, each found by one index. A test changes what it is about.
struct Scatter {
  Type type = Type::kFloat32;
  BuiltinOperator function = BuiltinOperator::STABLEHLO_ADD;
  bool replaces = false;  // there is no function
  Shape operand = Shape::of(4), indices = Shape::of(3, 1), updates = Shape::of(3);
  Type index_type = Type::kInt32;
  Dimensions windows = {}, inserted = {0}, map = {0};
  int64_t vector_dimension = 1;
  bool options = true;

  ModelBuilder model() const {
    ModelBuilder b;
    const std::vector<int> in = {b.tensor({.type = type, .shape = operand}),
                                 b.tensor({.type = index_type, .shape = indices}),
                                 b.tensor({.type = type, .shape = updates})};
    const int out = b.tensor({.type = type, .shape = operand});
    b.builtin_node(BuiltinOperator::STABLEHLO_SCATTER, in, {out}, written_options());
    b.inputs(in);
    b.outputs({out});
    b.begin_subgraph();
    const int x = b.tensor({.type = type}), y = b.tensor({.type = type});
    const int z = b.tensor({.type = type});
    if (!replaces) b.builtin_node(function, {x, y}, {z});
    b.inputs({x, y});
    b.outputs({replaces ? y : z});
    return b;
  }

  OptionsSpec written_options() const {
    if (!options) return {};
    OptionsSpec spec;
    spec.type2 = fb::BuiltinOptions2::StablehloScatterOptions;
    spec.write = [this](flatbuffers::FlatBufferBuilder& f) {
      return fb::CreateStablehloScatterOptionsDirect(f, false, &windows, &inserted, &map,
                                                     vector_dimension, false, 1)
          .Union();
    };
    return spec;
  }
};

constexpr BuiltinOperator kSum = BuiltinOperator::STABLEHLO_ADD;
constexpr BuiltinOperator kProduct = BuiltinOperator::STABLEHLO_MULTIPLY;
constexpr BuiltinOperator kMax = BuiltinOperator::STABLEHLO_MAXIMUM;
constexpr BuiltinOperator kMin = BuiltinOperator::STABLEHLO_MINIMUM;

// What becomes of {a, b, a, a} when x and then y go to number 1, and y to where there is none.
template <class T>
void expect_folded(const Scatter& s, const std::vector<T>& a_b_x_y, T folded) {
  const T a = a_b_x_y[0], b = a_b_x_y[1], x = a_b_x_y[2], y = a_b_x_y[3];
  Net net(s.model());
  net.set<T>(0, {a, b, a, a});
  net.set<int32_t>(1, {1, 1, 4});
  net.set<T>(2, {x, y, y});
  EXPECT_EQ(net.run<T>(), (std::vector<T>{a, folded, a, a}))
      << type_name(s.type) << ", function " << static_cast<int>(s.function);
  net.set<int32_t>(1, {1, 1, -1});
  net.set<T>(0, {a, b, a, a});
  EXPECT_EQ(net.run<T>(), (std::vector<T>{a, folded, a, a}));
}

// Sums and products wrap.
template <class T>
void expect_integers(Type type) {
  constexpr T kLargest = std::numeric_limits<T>::max(), kLeast = std::numeric_limits<T>::min();
  expect_folded<T>({.type = type, .function = kSum}, {9, kLargest, 3, 4},
                   static_cast<T>(kLeast + 6));
  // 15 times the largest is 15 less than the first number that is too large.
  expect_folded<T>({.type = type, .function = kProduct}, {9, kLargest, 3, 5},
                   static_cast<T>(kLargest - 14));
  expect_folded<T>({.type = type, .function = kMax}, {9, 7, kLargest, kLeast}, kLargest);
  expect_folded<T>({.type = type, .function = kMin}, {9, 7, kLargest, kLeast}, kLeast);
  expect_folded<T>({.type = type, .replaces = true}, {9, 7, 3, 5}, 5);
}

template <class T>
void expect_reals(Type type) {
  expect_folded<T>({.type = type, .function = kSum}, {9, 7, -3.5, 4}, 7.5);
  expect_folded<T>({.type = type, .function = kProduct}, {9, 7, -3.5, 2}, -49);
  expect_folded<T>({.type = type, .function = kMax}, {9, 7, -3.5, 8}, 8);
  expect_folded<T>({.type = type, .function = kMin}, {9, 7, -3.5, 8}, -3.5);
  expect_folded<T>({.type = type, .replaces = true}, {9, 7, -3.5, 8}, 8);
}

TEST(StablehloScatter, FoldsEveryType) {
  expect_integers<int8_t>(Type::kInt8);
  expect_integers<uint8_t>(Type::kUInt8);
  expect_integers<int16_t>(Type::kInt16);
  expect_integers<uint16_t>(Type::kUInt16);
  expect_integers<int32_t>(Type::kInt32);
  expect_integers<uint32_t>(Type::kUInt32);
  expect_integers<int64_t>(Type::kInt64);
  expect_integers<uint64_t>(Type::kUInt64);
  expect_reals<float>(Type::kFloat32);
  expect_reals<double>(Type::kFloat64);
}

TEST(StablehloScatter, FoldsHalves) {
  constexpr uint16_t k2 = 0x4000, k3 = 0x4200, k4 = 0x4400, k9 = 0x4880, k24 = 0x4E00;
  constexpr Type kHalf = Type::kFloat16;
  const std::vector<uint16_t> numbers = {k9, k3, k4, k2};
  expect_folded<uint16_t>({.type = kHalf, .function = kSum}, numbers, k9);
  expect_folded<uint16_t>({.type = kHalf, .function = kProduct}, numbers, k24);
  expect_folded<uint16_t>({.type = kHalf, .function = kMax}, numbers, k4);
  expect_folded<uint16_t>({.type = kHalf, .function = kMin}, numbers, k2);
  expect_folded<uint16_t>({.type = kHalf, .replaces = true}, numbers, k2);
}

TEST(StablehloScatter, FoldsBools) {
  for (uint8_t bits = 0; bits < 8; ++bits) {
    const uint8_t b = bits & 1, x = bits >> 1 & 1, y = bits >> 2;
    const std::vector<uint8_t> values = {1, b, x, y};
    const uint8_t any = bits != 0, all = bits == 7;
    expect_folded<uint8_t>({.type = Type::kBool, .function = kSum}, values, any);
    expect_folded<uint8_t>({.type = Type::kBool, .function = kMax}, values, any);
    expect_folded<uint8_t>({.type = Type::kBool, .function = kProduct}, values, all);
    expect_folded<uint8_t>({.type = Type::kBool, .function = kMin}, values, all);
    expect_folded<uint8_t>({.type = Type::kBool, .replaces = true}, values, y);
  }
}

TEST(StablehloScatter, MovesWindows) {
  // Columns of two rows, each at a row and column of its own; the last leaves the operand.
  Net net(Scatter{.type = Type::kInt32,
                  .operand = Shape::of(3, 3),
                  .indices = Shape::of(2, 3),
                  .updates = Shape::of(2, 3),
                  .windows = {0},
                  .inserted = {1},
                  .map = {0, 1},
                  .vector_dimension = 0}
              .model());
  net.set<int32_t>(0, {0, 0, 0, 0, 0, 0, 0, 0, 0});
  net.set<int32_t>(1, {0, 1, 2, 1, 0, 2});
  net.set<int32_t>(2, {1, 2, 3, 10, 20, 30});
  EXPECT_EQ(net.run<int32_t>(), (std::vector<int32_t>{0, 1, 0, 2, 10, 0, 20, 0, 3}));
}

std::string refusal(const Scatter& s) {
  const Net net(s.model());
  EXPECT_FALSE(net.ok());
  return net.why();
}

TEST(StablehloScatter, RefusesWhatDoesNotFit) {
  EXPECT_THAT(refusal({.options = false}), HasSubstr("has no StablehloScatterOptions"));
  EXPECT_THAT(refusal({.function = BuiltinOperator::STABLEHLO_AND}), HasSubstr("function "));
  EXPECT_THAT(refusal({.type = Type::kComplex64}), HasSubstr("function "));
  EXPECT_THAT(refusal({.index_type = Type::kFloat32}), HasSubstr("float32"));
  EXPECT_THAT(refusal({.vector_dimension = 3}), HasSubstr("lie along dimension 3 of "));
  EXPECT_THAT(refusal({.windows = {1}}), HasSubstr("update_window_dims"));
  EXPECT_THAT(refusal({.inserted = {0, 0}}), HasSubstr("inserted_window_dims"));
  EXPECT_THAT(refusal({.map = {1}}), HasSubstr("index vectors name 1 of 1 dimensions"));
  const char* const not_windows = "are not windows of ";
  EXPECT_THAT(refusal({.inserted = {}}), HasSubstr(not_windows));
  EXPECT_THAT(refusal({.windows = {0}}), HasSubstr(not_windows));
  EXPECT_THAT(refusal({.updates = Shape::of(2)}), HasSubstr(not_windows));
  EXPECT_THAT(refusal({.updates = Shape::of(3, 1)}), HasSubstr(not_windows));
  EXPECT_THAT(refusal({.updates = {}}), HasSubstr(not_windows));
}

}  // namespace
}  // namespace pipit::test
