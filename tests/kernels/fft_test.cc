// SPDX-License-Identifier: Apache-2.0
#include "kernels/math/fft.h"

#include <gtest/gtest.h>

#include <complex>
#include <vector>

#include "tests/support/random.h"

namespace pipit::test {
namespace {

template <class T>
using Numbers = std::vector<Complex<T>>;

template <class T>
Numbers<T> noise(int32_t n, Random& random) {
  Numbers<T> x(static_cast<size_t>(n));
  for (auto& c : x) {
    c = {static_cast<T>(random.between(-1000, 1000)) / 1000,
         static_cast<T>(random.between(-1000, 1000)) / 1000};
  }
  return x;
}

// Number k of the transform of every `stride`th number, by the definition.
template <class T>
std::complex<double> number(const Numbers<T>& x, size_t stride, size_t n, size_t k, double sign) {
  std::complex<double> sum = 0;
  for (size_t j = 0; j < n; ++j) {
    const double angle = sign * 2 * M_PI * static_cast<double>(j * k % n) / static_cast<double>(n);
    const Complex<T> c = x[j * stride];
    sum += std::complex<double>(c.r, c.i) * std::polar(1.0, angle);
  }
  return sum;
}

template <class T>
void expect_near(Complex<T> got, std::complex<double> want, double tolerance) {
  EXPECT_NEAR(got.r, want.real(), tolerance);
  EXPECT_NEAR(got.i, want.imag(), tolerance);
}

template <class T>
void expect_complex(int32_t n, int32_t stride, bool inverse, double tolerance) {
  SCOPED_TRACE(n);
  Random random(static_cast<uint64_t>(n));
  const auto x = noise<T>(n * stride, random);
  Numbers<T> table(static_cast<size_t>(n)), y(table.size());
  ComplexFft<T>::fill_table(n, inverse, table.data());
  ComplexFft<T>(n, inverse, table.data()).transform(x.data(), stride, y.data());
  for (size_t k = 0; k < y.size(); ++k) {
    expect_near(y[k], number(x, static_cast<size_t>(stride), y.size(), k, inverse ? 1 : -1),
                tolerance);
  }
}

TEST(ComplexFft, FollowsTheDefinition) {
  for (int32_t n = 1; n <= 512; n *= 2) {
    for (const bool inverse : {false, true}) {
      expect_complex<float>(n, 1, inverse, 1e-4);
      expect_complex<float>(n, 3, inverse, 1e-4);
      expect_complex<double>(n, 5, inverse, 1e-12);
    }
  }
}

template <class T>
void expect_real(int32_t n, double tolerance) {
  SCOPED_TRACE(n);
  Random random(static_cast<uint64_t>(n));
  auto x = noise<T>(n, random);
  std::vector<T> signal, back(x.size());
  for (auto& c : x) {
    c.i = 0;
    signal.push_back(c.r);
  }
  Numbers<T> spectrum(x.size() / 2 + 1), work(x.size() / 2);
  for (const bool inverse : {false, true}) {
    Numbers<T> table(static_cast<size_t>(RealFft<T>::table_size(n)));
    RealFft<T>::fill_table(n, inverse, table.data());
    const RealFft<T> fft(n, inverse, table.data(), work.data());
    inverse ? fft.backward(spectrum.data(), back.data())
            : fft.forward(signal.data(), spectrum.data());
  }
  for (size_t k = 0; k < spectrum.size(); ++k) {
    expect_near(spectrum[k], number(x, 1, x.size(), k, -1), tolerance);
  }
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(back[i] / static_cast<T>(n), signal[i], tolerance);
}

TEST(RealFft, FollowsTheDefinition) {
  for (int32_t n = 2; n <= 512; n *= 2) {
    expect_real<float>(n, 1e-4);
    expect_real<double>(n, 1e-12);
  }
}

TEST(Fft, LengthsArePowersOfTwo) {
  for (const int64_t n : {1, 2, 4, 1 << 20}) EXPECT_TRUE(is_fft_length(n)) << n;
  for (const int64_t n : {-4, -1, 0, 3, 6, 1023}) EXPECT_FALSE(is_fft_length(n)) << n;
}

}  // namespace
}  // namespace pipit::test
