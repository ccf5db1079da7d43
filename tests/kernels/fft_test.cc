// SPDX-License-Identifier: Apache-2.0
#include "kernels/fft.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/support/random.h"

namespace pipit::test {
namespace {

template <class T>
std::vector<T> roots_for(int32_t n) {
  std::vector<T> roots(static_cast<size_t>(fft_roots_size(n)));
  fill_fft_roots(n, roots.data());
  return roots;
}

template <class T>
std::vector<T> noise(size_t n, Random& random) {
  std::vector<T> x(n);
  for (T& v : x) v = static_cast<T>(random.between(-1000, 1000)) / 1000;
  return x;
}

// Number k of the transform of complex numbers, by the definition.
template <class T>
void expect_number(const std::vector<T>& x, size_t k, const T* got, double tolerance) {
  const size_t n = x.size() / 2;
  double re = 0, im = 0;
  for (size_t j = 0; j < n; ++j) {
    const double angle = -2 * M_PI * static_cast<double>(j * k % n) / static_cast<double>(n);
    re += x[2 * j] * std::cos(angle) - x[2 * j + 1] * std::sin(angle);
    im += x[2 * j] * std::sin(angle) + x[2 * j + 1] * std::cos(angle);
  }
  EXPECT_NEAR(got[0], re, tolerance) << n << ' ' << k;
  EXPECT_NEAR(got[1], im, tolerance) << n << ' ' << k;
}

template <class T>
void expect_fft(int32_t n, int32_t roots_n, double tolerance) {
  Random random(static_cast<uint64_t>(n));
  const auto roots = roots_for<T>(roots_n);
  const auto x = noise<T>(2 * static_cast<size_t>(n), random);
  auto y = x;
  fft(n, roots.data(), roots_n, y.data());
  for (size_t k = 0; k < x.size() / 2; ++k) expect_number(x, k, &y[2 * k], tolerance);
}

template <class T>
void expect_real_fft(int32_t n, int32_t roots_n, double tolerance) {
  Random random(static_cast<uint64_t>(n));
  const auto roots = roots_for<T>(roots_n);
  const auto real = noise<T>(static_cast<size_t>(n), random);
  std::vector<T> x(2 * real.size());
  for (size_t i = 0; i < real.size(); ++i) x[2 * i] = real[i];
  auto y = real;
  y.resize(2 * (real.size() / 2 + 1));
  real_fft(n, roots.data(), roots_n, y.data());
  for (size_t k = 0; k < y.size() / 2; ++k) expect_number(x, k, &y[2 * k], tolerance);
}

TEST(Fft, FollowsTheDefinition) {
  for (int32_t n = 1; n <= 512; n *= 2) {
    expect_fft<float>(n, n, 1e-4);
    expect_fft<float>(n, 1024, 1e-4);
    expect_fft<double>(n, n, 1e-12);
  }
}

TEST(Fft, OfRealNumbersFollowsTheDefinition) {
  for (int32_t n = 1; n <= 512; n *= 2) {
    expect_real_fft<float>(n, n, 1e-4);
    expect_real_fft<float>(n, 1024, 1e-4);
    expect_real_fft<double>(n, n, 1e-12);
  }
}

TEST(Fft, LengthsArePowersOfTwo) {
  for (const int64_t n : {1, 2, 4, 1 << 20}) EXPECT_TRUE(is_fft_length(n)) << n;
  for (const int64_t n : {-4, -1, 0, 3, 6, 1023}) EXPECT_FALSE(is_fft_length(n)) << n;
}

}  // namespace
}  // namespace pipit::test
