// SPDX-License-Identifier: Apache-2.0
// Fourier transforms whose length is a power of two, in fixed point or floating point.
//
//   spectrum[k] = sum over t of signal[t] * e^(-2 pi i k t / n)
//
// Fixed-point transforms halve at each doubling of the length, so nothing overflows: the spectrum
// is 1/n of that. The order of all roundings is that of the signal library of TensorFlow Lite for
// Microcontrollers: n real values are n/2 complex ones, transformed in steps of radix 4 and, where
// that leaves a factor, one of radix 2.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/to_integer.h"
#include "kernels/math/real.h"

namespace pipit {

template <class T>
struct Complex {
  T r, i;
};

// Numbers in [-1, 1) with all bits but the sign behind the point.
template <class T, class Wide>
struct FixedPoint {
  using Scalar = T;
  using C = Complex<T>;
  static constexpr int kBits = std::numeric_limits<T>::digits;

  static T from(double x) {
    return to_integer<T>(std::floor(0.5 + static_cast<double>(std::numeric_limits<T>::max()) * x));
  }
  static T add(T a, T b) { return wrap<T>(bits(a) + bits(b)); }
  static T sub(T a, T b) { return wrap<T>(bits(a) - bits(b)); }
  static C mul(C a, C b) {
    return {round(product(a.r, b.r) - product(a.i, b.i)),
            round(product(a.r, b.i) + product(a.i, b.r))};
  }
  // A product with the inverse, cut off, so results are a little less than they should be. That is
  // part of what is reproduced.
  static C divide(C c, int by) {
    const T part = static_cast<T>(std::numeric_limits<T>::max() / by);
    return {round(product(c.r, part)), round(product(c.i, part))};
  }
  static T half_sum(T a, T b) { return static_cast<T>((Wide{a} + b) >> 1); }
  static T half_difference(T a, T b) { return static_cast<T>((Wide{a} - b) >> 1); }

 private:
  using Bits = std::make_unsigned_t<Wide>;
  template <class To>
  static To wrap(Bits x) {
    return static_cast<To>(static_cast<Wide>(x));
  }
  static Bits bits(T x) { return static_cast<Bits>(Wide{x}); }
  static Bits product(T a, T b) { return static_cast<Bits>(Wide{a} * b); }
  static T round(Bits x) {
    return static_cast<T>(static_cast<Wide>(x + (Bits{1} << (kBits - 1))) >> kBits);
  }
};

template <class T>
struct FloatingPoint {
  using Scalar = T;
  using C = Complex<T>;

  static T from(double x) { return static_cast<T>(x); }
  static T add(T a, T b) { return a + b; }
  static T sub(T a, T b) { return a - b; }
  static C mul(C a, C b) { return {a.r * b.r - a.i * b.i, a.r * b.i + a.i * b.r}; }
  static C divide(C c, int) { return c; }
  static T half_sum(T a, T b) { return (a + b) / 2; }
  static T half_difference(T a, T b) { return (a - b) / 2; }
};

// The arithmetic that belongs to an element type.
template <class T>
struct FftArithmetic;
template <>
struct FftArithmetic<int16_t> : FixedPoint<int16_t, int32_t> {};
template <>
struct FftArithmetic<int32_t> : FixedPoint<int32_t, int64_t> {};
template <>
struct FftArithmetic<float> : FloatingPoint<float> {};
template <>
struct FftArithmetic<double> : FloatingPoint<double> {};

constexpr bool is_fft_length(int64_t n) { return n > 0 && (n & (n - 1)) == 0; }

// e^(i * phase).
template <class T>
Complex<T> on_circle(double phase) {
  using A = FftArithmetic<T>;
  return {A::from(real::cos(phase)), A::from(real::sin(phase))};
}

template <class T>
static inline Complex<T> operator+(Complex<T> a, Complex<T> b) {
  using A = FftArithmetic<T>;
  return {A::add(a.r, b.r), A::add(a.i, b.i)};
}

template <class T>
static inline Complex<T> operator-(Complex<T> a, Complex<T> b) {
  using A = FftArithmetic<T>;
  return {A::sub(a.r, b.r), A::sub(a.i, b.i)};
}

template <class T>
static inline Complex<T> conjugate(Complex<T> c) {
  return {c.r, FftArithmetic<T>::sub(0, c.i)};
}

// Transforms of n complex numbers, n >= 1.
template <class T>
class ComplexFft {
 public:
  using C = Complex<T>;

  // Of n numbers.
  static void fill_table(int32_t n, bool inverse, C* table) {
    const double sign = inverse ? 1 : -1;
    for (int32_t k = 0; k < n; ++k) table[k] = on_circle<T>(sign * 2 * real::kPi * k / n);
  }

  ComplexFft(int32_t n, bool inverse, const C* table) : n_(n), inverse_(inverse), roots_(table) {}

  // The numbers of `in`, which lies elsewhere, are `stride` apart.
  void transform(const C* in, ptrdiff_t stride, C* out) const { transform(in, stride, out, 1, n_); }

 private:
  using A = FftArithmetic<T>;

  // Every `step`th number, n of them. Calls itself once for each factor of n. With n = parts * m,
  // and Y_q the transform of every parts-th number from number q on:
  //
  //   X[k + p * m] = sum over q of e^(-2 pi i q (k + p * m) / n) * Y_q[k]
  //
  // The roots of the whole length serve for all: those of n are `step` apart.
  void transform(const C* in, ptrdiff_t stride, C* out, int32_t step, int32_t n) const {
    if (n == 1) {
      *out = *in;
      return;
    }
    const int32_t parts = n % 4 == 0 ? 4 : 2;
    const int32_t m = n / parts;
    for (int32_t q = 0; q < parts; ++q) {
      transform(in + q * step * stride, stride, out + q * m, step * parts, m);
    }
    for (int32_t k = 0; k < m; ++k) {
      parts == 4 ? combine4(out + k, m, k * step) : combine2(out + k, m, k * step);
    }
  }

  void combine2(C* out, int32_t m, int32_t root) const {
    const C a = A::divide(out[0], 2);
    const C b = A::mul(A::divide(out[m], 2), roots_[root]);
    out[m] = a - b;
    out[0] = a + b;
  }

  // In terms of the turned Y_q, b = Y_1 and so on: X[k] = (a + c) + (b + d), X[k + 2m] = (a + c) -
  // (b + d), and X[k + m], X[k + 3m] = (a - c) -/+ i (b - d), the other way round for inverse ones.
  void combine4(C* out, int32_t m, int32_t root) const {
    const C a = A::divide(out[0], 4);
    const C b = A::mul(A::divide(out[m], 4), roots_[root]);
    const C c = A::mul(A::divide(out[2 * m], 4), roots_[2 * root]);
    const C d = A::mul(A::divide(out[3 * m], 4), roots_[3 * root]);
    const C sum = b + d, difference = b - d;
    const C even = a + c, odd = a - c;
    const C back = {A::add(odd.r, difference.i), A::sub(odd.i, difference.r)};
    const C ahead = {A::sub(odd.r, difference.i), A::add(odd.i, difference.r)};
    out[0] = even + sum;
    out[2 * m] = even - sum;
    out[m] = inverse_ ? ahead : back;
    out[3 * m] = inverse_ ? back : ahead;
  }

  int32_t n_;
  bool inverse_;
  const C* roots_;
};

// Transforms between n real numbers and the first n / 2 + 1 complex ones of their spectrum, of
// which the others are conjugates. n >= 2: n real numbers are n / 2 complex ones.
template <class T>
class RealFft {
 public:
  using C = Complex<T>;

  // Lengths that operators on audio take.
  static constexpr bool accepts(int64_t n) { return n >= 4 && n <= (1 << 20) && is_fft_length(n); }

  // The table holds table_size(n) numbers, the work area n / 2.
  static constexpr int32_t table_size(int32_t n) { return n / 2 + n / 4; }

  static void fill_table(int32_t n, bool inverse, C* table) {
    const int32_t half = n / 2;
    ComplexFft<T>::fill_table(half, inverse, table);
    const double sign = inverse ? 1 : -1;
    for (int32_t k = 0; k < half / 2; ++k) {
      table[half + k] = on_circle<T>(sign * real::kPi * (static_cast<double>(k + 1) / half + 0.5));
    }
  }

  // One transform in either direction.
  RealFft(int32_t n, bool inverse, const C* table, C* work)
      : half_(n / 2), complex_(half_, inverse, table), turns_(table + half_), work_(work) {}

  // n values in, n / 2 + 1 out. The even numbers are the real parts and the odd ones the imaginary
  // parts of z, with transform Z of half the length h:
  //
  //   E = (Z[k] + conj(Z[h - k])) / 2              the transform of the even numbers
  //   O = (Z[k] - conj(Z[h - k])) / 2i             that of the odd ones
  //   X[k] = E + e^(-2 pi i k / n) O               and X[h - k] = conj(E - e^(-2 pi i k / n) O)
  //
  // turns_[k - 1] is that root divided by i.
  void forward(const T* signal, C* spectrum) const {
    complex_.transform(reinterpret_cast<const C*>(signal), 1, work_);
    const C zero = A::divide(work_[0], 2);
    spectrum[0] = {A::add(zero.r, zero.i), 0};
    spectrum[half_] = {A::sub(zero.r, zero.i), 0};
    for (int32_t k = 1; k <= half_ / 2; ++k) {
      const C a = A::divide(work_[k], 2);
      const C b = A::divide(conjugate(work_[half_ - k]), 2);
      const C even = a + b;
      const C odd = A::mul(a - b, turns_[k - 1]);
      spectrum[k] = {A::half_sum(even.r, odd.r), A::half_sum(even.i, odd.i)};
      spectrum[half_ - k] = {A::half_difference(even.r, odd.r), A::half_difference(odd.i, even.i)};
    }
  }

  // The other way round; floating-point results are n times the signal.
  void backward(const C* spectrum, T* signal) const {
    const T first = spectrum[0].r, last = spectrum[half_].r;
    work_[0] = A::divide({A::add(first, last), A::sub(first, last)}, 2);
    for (int32_t k = 1; k <= half_ / 2; ++k) {
      const C a = A::divide(spectrum[k], 2);
      const C b = A::divide(conjugate(spectrum[half_ - k]), 2);
      const C even = a + b;
      const C odd = A::mul(a - b, turns_[k - 1]);
      work_[k] = even + odd;
      work_[half_ - k] = conjugate(even - odd);
    }
    complex_.transform(work_, 1, reinterpret_cast<C*>(signal));
  }

 private:
  using A = FftArithmetic<T>;

  int32_t half_;
  ComplexFft<T> complex_;
  const C* turns_;
  C* work_;
};

}  // namespace pipit
