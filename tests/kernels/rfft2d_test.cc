// SPDX-License-Identifier: Apache-2.0
// RFFT2D against its definition.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <vector>

#include "tests/support/net.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

struct Matrix {
  int rows, columns;
  std::vector<float> numbers;
  double at(int r, int c) const {
    return r < rows && c < columns
               ? static_cast<double>(numbers[static_cast<size_t>(r * columns + c)])
               : 0.0;
  }
};

// One matrix through the operator; pairs of real and imaginary parts.
std::vector<float> transform(const Matrix& m, int height, int width) {
  ModelBuilder b;
  const int in = b.tensor({.type = Type::kFloat32, .shape = Shape::of(m.rows, m.columns)});
  const int length =
      b.tensor({.shape = Shape::of(2), .bytes = bytes_of(std::vector<int32_t>{height, width})});
  const int out = b.tensor({.type = Type::kComplex64, .shape = Shape::of(height, width / 2 + 1)});
  b.builtin_node(fb::BuiltinOperator::RFFT2D, {in, length}, {out});
  b.inputs({in});
  b.outputs({out});
  Net net(b);
  net.set(0, m.numbers);
  return net.run<float>();
}

using Number = std::complex<double>;
constexpr Number kI = {0, 1};

// Row k, column l of the transform of height x width numbers.
Number by_definition(const Matrix& m, int height, int width, int k, int l) {
  Number sum = 0;
  for (int r = 0; r < height; ++r) {
    for (int c = 0; c < width; ++c) {
      const double turns = static_cast<double>(r * k) / height + static_cast<double>(c * l) / width;
      sum += m.at(r, c) * std::exp(-2 * M_PI * turns * kI);
    }
  }
  return sum;
}

void expect_transform(const Matrix& m, int height, int width) {
  const auto got = transform(m, height, width);
  ASSERT_EQ(got.size(), static_cast<size_t>(height * (width / 2 + 1) * 2));
  for (int k = 0; k < height; ++k) {
    for (int l = 0; l <= width / 2; ++l) {
      const Number want = by_definition(m, height, width, k, l);
      const auto at = static_cast<size_t>(k * (width / 2 + 1) + l) * 2;
      EXPECT_NEAR(got[at], want.real(), 1e-4) << height << 'x' << width << ' ' << k << ' ' << l;
      EXPECT_NEAR(got[at + 1], want.imag(), 1e-4) << height << 'x' << width << ' ' << k << ' ' << l;
    }
  }
}

TEST(Rfft2d, FollowsItsDefinition) {
  Random random(1);
  const int shapes[][4] = {{4, 4, 4, 4},  {8, 4, 8, 4}, {3, 5, 4, 8},  {8, 16, 4, 8},
                           {5, 3, 16, 2}, {2, 2, 1, 1}, {4, 9, 2, 16}, {4, 4, 4, 1}};
  for (const auto& s : shapes) {
    Matrix m = {s[0], s[1], std::vector<float>(static_cast<size_t>(s[0] * s[1]))};
    for (float& x : m.numbers) x = static_cast<float>(random.between(-1000, 1000)) / 500;
    expect_transform(m, s[2], s[3]);
  }
}

}  // namespace
}  // namespace pipit::test
