// SPDX-License-Identifier: Apache-2.0
// Sizes of memory. Whatever a model's numbers add up to and are multiplied to, on a machine of 32
// bits as on one of 64: the result is the true size, or more than any memory has. It never wraps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace pipit {

// A number of bytes below 2^64 - 1, or unbounded(): what is larger, or negative. Of what is
// unbounded, every sum, product and difference is unbounded too. Kernels are built for instruction
// sets that not every CPU has, so none of this may exist outside of its caller.
class ByteCount {
 public:
  constexpr ByteCount() = default;
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  [[gnu::always_inline]] constexpr ByteCount(T n)  // NOLINT: implicit on purpose
      : n_(n < T(0) ? kUnbounded : static_cast<uint64_t>(n)) {}

  [[gnu::always_inline]] static constexpr ByteCount unbounded() { return ByteCount(kUnbounded); }
  [[gnu::always_inline]] constexpr bool bounded() const { return n_ != kUnbounded; }

  // The number; unbounded() is the largest there is.
  [[gnu::always_inline]] constexpr uint64_t value() const { return n_; }
  // The same as a size of this machine, and the largest of them for what exceeds it: no object has
  // that size. For what has been compared with the size of some memory, and for offsets in what
  // will be.
  [[gnu::always_inline]] constexpr size_t size() const {
    return n_ < SIZE_MAX ? static_cast<size_t>(n_) : SIZE_MAX;
  }
  // The next multiple of `to`.
  [[gnu::always_inline]] constexpr ByteCount aligned(uint64_t to) const {
    const ByteCount up = *this + (to - 1);
    return up.bounded() ? ByteCount(up.n_ / to * to) : up;
  }

  [[gnu::always_inline]] friend constexpr ByteCount operator+(ByteCount a, ByteCount b) {
    return a.n_ < kUnbounded - b.n_ ? ByteCount(a.n_ + b.n_) : unbounded();
  }
  [[gnu::always_inline]] friend constexpr ByteCount operator*(ByteCount a, ByteCount b) {
    if (!a.bounded() || !b.bounded()) return unbounded();
    return b.n_ == 0 || a.n_ <= (kUnbounded - 1) / b.n_ ? ByteCount(a.n_ * b.n_) : unbounded();
  }
  // At least 0.
  [[gnu::always_inline]] friend constexpr ByteCount operator-(ByteCount a, ByteCount b) {
    if (!a.bounded()) return a;
    return a.n_ < b.n_ ? ByteCount() : ByteCount(a.n_ - b.n_);
  }
  [[gnu::always_inline]] constexpr ByteCount& operator+=(ByteCount b) { return *this = *this + b; }
  [[gnu::always_inline]] constexpr ByteCount& operator-=(ByteCount b) { return *this = *this - b; }

  [[gnu::always_inline]] friend constexpr bool operator==(ByteCount a, ByteCount b) {
    return a.n_ == b.n_;
  }
  [[gnu::always_inline]] friend constexpr bool operator!=(ByteCount a, ByteCount b) {
    return a.n_ != b.n_;
  }
  [[gnu::always_inline]] friend constexpr bool operator<(ByteCount a, ByteCount b) {
    return a.n_ < b.n_;
  }
  [[gnu::always_inline]] friend constexpr bool operator>(ByteCount a, ByteCount b) { return b < a; }
  [[gnu::always_inline]] friend constexpr bool operator<=(ByteCount a, ByteCount b) {
    return !(b < a);
  }
  [[gnu::always_inline]] friend constexpr bool operator>=(ByteCount a, ByteCount b) {
    return !(a < b);
  }

 private:
  static constexpr uint64_t kUnbounded = UINT64_MAX;
  uint64_t n_ = 0;
};

}  // namespace pipit
