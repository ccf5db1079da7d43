// SPDX-License-Identifier: Apache-2.0
// Discrete Fourier transforms of power-of-two lengths, in place:
//   X[k] = sum over j of x[j] * e^(-2 pi i j k / n)
//
// Complex numbers are pairs: real part, imaginary part. All lengths that divide the one that the
// roots were made for can be transformed with them.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace pipit {

constexpr bool is_fft_length(int64_t n) { return n > 0 && (n & (n - 1)) == 0; }

// How many numbers the roots for length n take.
constexpr int32_t fft_roots_size(int32_t n) { return n < 2 ? 2 : n; }

// roots[k] = e^(-2 pi i k / n) for k < n / 2.
template <class T>
static inline void fill_fft_roots(int32_t n, T* roots) {
  constexpr double kTwoPi = 6.283185307179586;
  for (int32_t k = 0; k < fft_roots_size(n) / 2; ++k) {
    const double angle = kTwoPi * k / n;
    roots[2 * k] = static_cast<T>(std::cos(angle));
    roots[2 * k + 1] = static_cast<T>(-std::sin(angle));
  }
}

// Brings element k of n to where its reversed bits say.
template <class T>
static inline void fft_reverse_bits(int32_t n, T* x) {
  int32_t reversed = 0;
  for (int32_t k = 1; k < n; ++k) {
    int32_t bit = n / 2;
    for (; (reversed & bit) != 0; bit /= 2) reversed ^= bit;
    reversed |= bit;
    if (k >= reversed) continue;
    std::swap(x[2 * k], x[2 * reversed]);
    std::swap(x[2 * k + 1], x[2 * reversed + 1]);
  }
}

// Joins transforms of `half` numbers at `even` and behind them into one of twice as many.
template <class T>
static inline void fft_join(int32_t half, const T* roots, int32_t root_step, T* even) {
  T* odd = even + 2 * ptrdiff_t{half};
  for (int32_t k = 0; k < half; ++k, even += 2, odd += 2, roots += 2 * ptrdiff_t{root_step}) {
    const T re = odd[0] * roots[0] - odd[1] * roots[1];
    const T im = odd[0] * roots[1] + odd[1] * roots[0];
    odd[0] = even[0] - re;
    odd[1] = even[1] - im;
    even[0] += re;
    even[1] += im;
  }
}

// Transforms n complex numbers. The roots are for `roots_n`, a multiple of n.
template <class T>
static inline void fft(int32_t n, const T* roots, int32_t roots_n, T* x) {
  fft_reverse_bits(n, x);
  for (int32_t half = 1; half < n; half *= 2) {
    for (int32_t first = 0; first < n; first += 2 * half) {
      fft_join(half, roots, roots_n / (2 * half), x + 2 * ptrdiff_t{first});
    }
  }
}

// Transforms n real numbers into the first n / 2 + 1 complex ones; the others are their conjugates.
// x has room for all of these. The roots are for `roots_n`, a multiple of n.
template <class T>
static inline void real_fft(int32_t n, const T* roots, int32_t roots_n, T* x) {
  if (n == 1) {
    x[1] = 0;
    return;
  }
  // The even numbers as real parts and the odd ones as imaginary parts are transformed at once.
  const int32_t half = n / 2;
  fft(half, roots, roots_n, x);
  T* last = x + n;
  last[0] = x[0] - x[1];
  last[1] = 0;
  x[0] += x[1];
  x[1] = 0;
  const ptrdiff_t step = 2 * (ptrdiff_t{roots_n} / n);
  T* a = x + 2;
  T* b = last - 2;
  for (const T* root = roots + step; a <= b; a += 2, b -= 2, root += step) {
    const T even_re = (a[0] + b[0]) / 2, even_im = (a[1] - b[1]) / 2;
    const T odd_re = (a[1] + b[1]) / 2, odd_im = (b[0] - a[0]) / 2;
    const T re = odd_re * root[0] - odd_im * root[1];
    const T im = odd_re * root[1] + odd_im * root[0];
    a[0] = even_re + re;
    a[1] = even_im + im;
    b[0] = even_re - re;
    b[1] = im - even_im;
  }
}

}  // namespace pipit
